internal import FleetModel
internal import RolloutPlanning
internal import UpdateModel

/// The rows of a ``MemoryFleetStore``.
struct MemoryFleetState {
    struct Key<Name: Hashable>: Hashable {
        let application: ApplicationID
        let name: Name
    }

    struct PayloadKey: Hashable {
        let version: Version
        let architecture: Architecture
        let source: Version?
    }

    var applications: [ApplicationID: Application] = [:]
    var releases: [Key<Version>: Release] = [:]
    var blockRecords: [Key<Version>: BlockRecord] = [:]
    var payloads: [Key<PayloadKey>: Payload] = [:]
    var channels: [Key<ChannelName>: Channel] = [:]
    var moves: [ChannelMove] = []
    var groups: [Key<GroupName>: Group] = [:]
    var rollouts: [RolloutID: RolloutState] = [:]
    var census: [CensusKey: Int] = [:]
    var machines: [Key<MachineID>: Machine] = [:]
    var events: [MachineEvent] = []
    var tokens: [AccessTokenID: AccessToken] = [:]
    var audit: [AuditEntry] = []
    var lastEventNumber: Int64 = 0
    /// How many of `events` each machine has.
    var eventCounts: [Key<MachineID>: Int] = [:]
    var meters: [Key<GroupName>: GrantMeter] = [:]
    var downloadMeters: [Key<GroupName>: DownloadMeter] = [:]
    var payloadKey: [UInt8]?
    var clockMark: ClockMark?
    var clockAlarm: ClockAlarm?
    let limits: FleetStoreLimits
    let zones: any ZoneDirectory

    init(limits: FleetStoreLimits, zones: any ZoneDirectory) {
        self.limits = limits
        self.zones = zones
    }
}

extension MemoryFleetState: FleetTransaction {
    func application(_ id: ApplicationID) -> Application? { applications[id] }

    func application(named name: String) -> Application? { applications.values.first { $0.name == name } }

    mutating func put(_ application: Application) { applications[application.id] = application }

    mutating func removeApplication(_ id: ApplicationID) {
        applications[id] = nil
        moves.removeAll { $0.application == id }
        blockRecords = blockRecords.filter { $0.key.application != id }
        channels = channels.filter { $0.key.application != id }
    }

    func firstContent(of application: ApplicationID) -> FleetStoreError.Noun? {
        if releases.keys.contains(where: { $0.application == application }) { return .release }
        if channels.values.contains(where: { $0.application == application && $0.version != nil }) { return .channel }
        if groups.keys.contains(where: { $0.application == application }) { return .group }
        return machines.keys.contains { $0.application == application } ? .machine : nil
    }

    func release(_ version: Version, of application: ApplicationID) -> Release? {
        releases[Key(application: application, name: version)]
    }

    mutating func put(_ release: Release) {
        releases[Key(application: release.application, name: release.version)] = release
    }

    func floors(of application: ApplicationID) -> [Release] {
        releases.values.filter { $0.application == application && $0.floor != nil }
            .sorted { $0.version.text < $1.version.text }
    }

    func blockRecords(of application: ApplicationID) -> [BlockRecord] {
        blockRecords.filter { $0.key.application == application }.map(\.value)
            .sorted { $0.version.text < $1.version.text }
    }

    func blockRecord(of version: Version, in application: ApplicationID) -> BlockRecord? {
        blockRecords[Key(application: application, name: version)]
    }

    mutating func put(_ record: BlockRecord, in application: ApplicationID) {
        blockRecords[Key(application: application, name: record.version)] = record
    }

    mutating func removeBlockRecord(of version: Version, in application: ApplicationID) {
        blockRecords[Key(application: application, name: version)] = nil
    }

    mutating func removeRelease(_ version: Version, of application: ApplicationID) {
        releases[Key(application: application, name: version)] = nil
    }

    func payloads(of version: Version, in application: ApplicationID) -> [Payload] {
        payloads.values.filter { $0.application == application && $0.version == version }.sorted(
            by: Payload.standsBefore)
    }

    mutating func put(_ payload: Payload) { payloads[Self.key(payload)] = payload }

    mutating func replaceMirrors(of payload: Payload) { put(payload) }

    mutating func remove(_ payload: Payload) { payloads[Self.key(payload)] = nil }

    private static func key(_ payload: Payload) -> Key<PayloadKey> {
        let name = PayloadKey(version: payload.version, architecture: payload.architecture, source: payload.source)
        return Key(application: payload.application, name: name)
    }

    func channel(_ name: ChannelName, of application: ApplicationID) -> Channel? {
        channels[Key(application: application, name: name)]
    }

    func channels(of application: ApplicationID) -> [Channel] {
        channels.values.filter { $0.application == application }.sorted { $0.name.rawValue < $1.name.rawValue }
    }

    func firstChannel(at version: Version, of application: ApplicationID) -> ChannelName? {
        channels.values.filter { $0.application == application && $0.version == version }.map(\.name.rawValue).min()
            .flatMap { try? ChannelName($0) }
    }

    mutating func put(_ channel: Channel) {
        channels[Key(application: channel.application, name: channel.name)] = channel
    }

    mutating func removeChannel(_ name: ChannelName, of application: ApplicationID) {
        channels[Key(application: application, name: name)] = nil
    }

    mutating func append(_ move: ChannelMove) { moves.append(move) }

    func token(_ id: AccessTokenID) -> AccessToken? { tokens[id] }

    mutating func put(_ token: AccessToken) { tokens[token.id] = token }

    mutating func removeToken(_ id: AccessTokenID) { tokens[id] = nil }

    mutating func append(_ entry: AuditEntry) {
        var entry = entry
        entry.number = Int64(audit.count) + 1
        audit.append(entry)
    }
}

extension Payload {
    /// The order of lists: by architecture, full ones first, deltas by their source.
    static func standsBefore(_ left: Payload, _ right: Payload) -> Bool {
        (left.architecture.name, left.source?.text ?? "") < (right.architecture.name, right.source?.text ?? "")
    }
}
