public import FleetModel
public import UpdateModel

/// Takes what machines say, decides, and remembers both in one step.
public protocol CheckInStore: Sendable {
    /// Applies the machine's reports, decides what it is told, and records grants and counters, all or nothing.
    ///
    /// Limits hold exactly however many check-ins run in parallel. When nothing but the time of last sight changed,
    /// that time may be left up to ``Machine/lastSeenLagSeconds`` behind.
    func checkIn(_ checkIn: CheckIn) async throws(FleetStoreError) -> CheckInOutcome

    /// Frees the places of machines whose stage exceeded its deadline at `now`, some hundreds at most.
    /// - Returns: how many; call again while it is not zero.
    func expireGrants(at now: Timestamp) async throws(FleetStoreError) -> Int
}

/// Takes the acts of operators.
public protocol FleetChangeStore: Sendable {
    /// Makes `change` and records `entry`, both or neither.
    /// - Throws: ``FleetStoreError/notFound(_:_:)``, ``FleetStoreError/alreadyExists(_:_:)``,
    ///   ``FleetStoreError/inUse(_:_:by:)`` or ``FleetStoreError/conflict(_:)`` when the change does not fit what is
    ///   there.
    func commit(_ change: FleetChange, audit entry: AuditEntry) async throws(FleetStoreError)
}

/// Reads applications, releases, payloads and channels. Lists are sorted by name; versions newest first by creation.
public protocol CatalogueStore: Sendable {
    func applications(_ page: PageRequest) async throws(FleetStoreError) -> Page<Application>
    func application(_ id: ApplicationID) async throws(FleetStoreError) -> Application?
    func application(named name: String) async throws(FleetStoreError) -> Application?
    func releases(of application: ApplicationID, _ page: PageRequest) async throws(FleetStoreError) -> Page<Release>
    func release(_ version: Version, of application: ApplicationID) async throws(FleetStoreError) -> Release?
    /// The releases that are floors, sorted by version text; at most ``FleetModel/ReleaseFloor/countMaximum``.
    func floors(of application: ApplicationID) async throws(FleetStoreError) -> [Release]
    /// Of one release, or of the whole application when `version` is `nil`.
    func payloads(of application: ApplicationID, version: Version?, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Payload>
    /// The applications that have a payload made of exactly these bits, at most 16.
    func applications(withPayload digest: SHA256Digest) async throws(FleetStoreError) -> [ApplicationID]
    /// Payloads that lie elsewhere, of one application or of all: first those that cannot be had, then those of which
    /// the most copies are in trouble.
    func payloadsElsewhere(of application: ApplicationID?, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Payload>
    /// Any payload made of exactly these bits that this server keeps; several releases may share them.
    func payload(withDigest digest: SHA256Digest) async throws(FleetStoreError) -> Payload?
    func channels(of application: ApplicationID, _ page: PageRequest) async throws(FleetStoreError) -> Page<Channel>
    func channel(_ name: ChannelName, of application: ApplicationID) async throws(FleetStoreError) -> Channel?
    /// Newest first; of one channel, or of all when `channel` is `nil`.
    func channelMoves(of application: ApplicationID, channel: ChannelName?, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<ChannelMove>
}

/// Reads groups and their roll-outs.
public protocol GroupStore: Sendable {
    func groups(of application: ApplicationID, _ page: PageRequest) async throws(FleetStoreError) -> Page<Group>
    func group(_ name: GroupName, of application: ApplicationID) async throws(FleetStoreError) -> Group?
    /// What the group's grants have booked of its download budget; `nil` for nothing yet.
    func downloads(of group: GroupName, in application: ApplicationID) async throws(FleetStoreError) -> DownloadMeter?
    /// The groups that need a secret, sorted by name.
    func privateGroups(of application: ApplicationID) async throws(FleetStoreError) -> [Group]
    /// `nil` when the release was never granted in the group.
    func rollout(_ id: RolloutID) async throws(FleetStoreError) -> RolloutState?
    /// All roll-outs the group has seen, sorted by version text.
    func rollouts(of group: GroupName, in application: ApplicationID, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<RolloutState>
    /// What has become of a release in the groups of `channel`, from counters; in all groups where that is `nil`.
    func record(of version: Version, in application: ApplicationID, channel: ChannelName?)
        async throws(FleetStoreError) -> ReleaseRecord
    /// From counters; costs the same whatever the size of the fleet.
    func census(of group: GroupName, in application: ApplicationID) async throws(FleetStoreError) -> GroupCensus
}

/// Reads machines and what happened to them.
public protocol MachineStore: Sendable {
    /// Sorted by application and id.
    func machines(_ filter: MachineFilter, _ page: PageRequest) async throws(FleetStoreError) -> Page<Machine>
    func machine(_ id: MachineID, of application: ApplicationID) async throws(FleetStoreError) -> Machine?
    /// Newest first. `total` stops counting at ``EventFilter/countMaximum``.
    func events(_ filter: EventFilter, _ page: PageRequest) async throws(FleetStoreError) -> Page<MachineEvent>
}

/// Remembers what the clock said, so that a jump is seen across a restart.
public protocol ClockStore: Sendable {
    /// `nil` before the first.
    func clockMark() async throws(FleetStoreError) -> ClockMark?
    func put(_ mark: ClockMark) async throws(FleetStoreError)
    /// The alarm that stands.
    func clockAlarm() async throws(FleetStoreError) -> ClockAlarm?
    func put(_ alarm: ClockAlarm?) async throws(FleetStoreError)
}

/// Reads tokens and the record of acts.
public protocol AccessStore: Sendable {
    func tokens(_ page: PageRequest) async throws(FleetStoreError) -> Page<AccessToken>
    func token(_ id: AccessTokenID) async throws(FleetStoreError) -> AccessToken?
    /// The key of passes to downloads: `fresh` where there is none yet, which is then kept.
    func payloadKey(orKeeping fresh: [UInt8]) async throws(FleetStoreError) -> [UInt8]
    /// Newest first.
    func auditEntries(_ page: PageRequest) async throws(FleetStoreError) -> Page<AuditEntry>
}

/// Which machines; `nil` is any.
public struct MachineFilter: Hashable, Sendable {
    public var application: ApplicationID?
    public var group: GroupName?
    public var stage: MachineStage?
    public var version: Version?
    /// Only machines that wait for this reason.
    public var hold: HoldReason?
    /// Only machines whose id several seem to share.
    public var isClone = false

    public init(
        application: ApplicationID? = nil, group: GroupName? = nil, stage: MachineStage? = nil, version: Version? = nil
    ) {
        self.application = application
        self.group = group
        self.stage = stage
        self.version = version
    }
}

/// Which events; `nil` is any.
public struct EventFilter: Hashable, Sendable {
    public var application: ApplicationID?
    public var machine: MachineID?
    public var group: GroupName?

    /// A longer list than this reports this as its total, so that asking for a page never counts millions.
    public static let countMaximum = 10_000

    public init(application: ApplicationID? = nil, machine: MachineID? = nil, group: GroupName? = nil) {
        self.application = application
        self.machine = machine
        self.group = group
    }
}
