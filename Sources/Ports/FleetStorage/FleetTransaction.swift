package import FleetModel
package import RolloutPlanning
package import UpdateModel

/// The rows of a store, inside one transaction: what ``CheckInScript`` and ``ChangeScript`` are written in, so that every
/// store follows the same rules. A store only has to find, put and remove.
package protocol FleetTransaction {
    // Applications, releases, payloads.
    mutating func application(_ id: ApplicationID) throws -> Application?
    mutating func application(named name: String) throws -> Application?
    mutating func put(_ application: Application) throws
    /// Its channels and their moves go with it.
    mutating func removeApplication(_ id: ApplicationID) throws
    /// What the application still has, other than channels that point nowhere.
    mutating func firstContent(of application: ApplicationID) throws -> FleetStoreError.Noun?
    mutating func release(_ version: Version, of application: ApplicationID) throws -> Release?
    mutating func put(_ release: Release) throws
    /// The releases that are floors, sorted by version text.
    mutating func floors(of application: ApplicationID) throws -> [Release]
    /// Blocks that stand, also of releases that are not there any more, sorted by version text.
    mutating func blockRecords(of application: ApplicationID) throws -> [BlockRecord]
    mutating func blockRecord(of version: Version, in application: ApplicationID) throws -> BlockRecord?
    mutating func put(_ record: BlockRecord, in application: ApplicationID) throws
    mutating func removeBlockRecord(of version: Version, in application: ApplicationID) throws
    mutating func removeRelease(_ version: Version, of application: ApplicationID) throws
    /// Sorted by architecture, full ones first.
    mutating func payloads(of version: Version, in application: ApplicationID) throws -> [Payload]
    mutating func put(_ payload: Payload) throws
    /// Of a payload that is there.
    mutating func replaceMirrors(of payload: Payload) throws
    mutating func remove(_ payload: Payload) throws

    // Channels and groups.
    mutating func channel(_ name: ChannelName, of application: ApplicationID) throws -> Channel?
    /// Sorted by name.
    mutating func channels(of application: ApplicationID) throws -> [Channel]
    mutating func firstChannel(at version: Version, of application: ApplicationID) throws -> ChannelName?
    mutating func put(_ channel: Channel) throws
    mutating func removeChannel(_ name: ChannelName, of application: ApplicationID) throws
    mutating func append(_ move: ChannelMove) throws
    mutating func group(_ name: GroupName, of application: ApplicationID) throws -> Group?
    mutating func firstGroup(following channel: ChannelName, of application: ApplicationID) throws -> GroupName?
    /// Sorted by name.
    mutating func groups(following channel: ChannelName, of application: ApplicationID) throws -> [Group]
    /// Sorted by name.
    mutating func groups(of application: ApplicationID) throws -> [Group]
    mutating func put(_ group: Group) throws
    /// Its roll-outs and counters go with it.
    mutating func removeGroup(_ name: GroupName, of application: ApplicationID) throws
    mutating func facts(track: String, of application: ApplicationID, for architecture: Architecture?) throws
        -> TrackFacts?
    /// Where the group of this name leads.
    mutating func facts(group: GroupName, of application: ApplicationID, for architecture: Architecture?) throws
        -> TrackFacts?
    /// Whether any group of the application needs a secret.
    mutating func hasPrivateGroup(_ application: ApplicationID) throws -> Bool
    /// Groups that choose their machines by labels, sorted by name.
    mutating func labelGroups(of application: ApplicationID) throws -> [Group]
    /// The first group that waits for `group`.
    mutating func firstGroup(after group: GroupName, of application: ApplicationID) throws -> GroupName?
    mutating func meter(of group: GroupName, in application: ApplicationID) throws -> GrantMeter?
    mutating func put(_ meter: GrantMeter, of group: GroupName, in application: ApplicationID) throws
    mutating func downloads(of group: GroupName, in application: ApplicationID) throws -> DownloadMeter?
    mutating func put(_ meter: DownloadMeter, of group: GroupName, in application: ApplicationID) throws
    mutating func rollout(_ id: RolloutID) throws -> RolloutState?
    mutating func put(_ rollout: RolloutState) throws
    /// One counter of a group's census.
    mutating func count(
        _ dimension: CensusKey.Dimension, _ value: String, of group: GroupName, in application: ApplicationID
    ) throws -> Int

    // Machines.
    mutating func machineCount() throws -> Int
    mutating func machine(_ id: MachineID, of application: ApplicationID) throws -> Machine?
    /// Puts `after` in the place of `before` and keeps the census; `nil` stands for a machine that is not there.
    mutating func replace(_ before: Machine?, with after: Machine?) throws
    /// Machines that hold a place and began this stage at or before the given moment, at most `limit`, oldest first.
    mutating func placeHolders(of group: Group, at stage: MachineStage, since moment: Timestamp, limit: Int) throws
        -> [Machine]
    /// Machines that hold a place, have installed, and were last heard of at or before the given moment.
    mutating func silentMachines(of group: Group, since moment: Timestamp, limit: Int) throws -> [Machine]
    mutating func append(_ event: MachineEvent) throws
    mutating func removeEvents(of machine: MachineID, in application: ApplicationID) throws

    /// Moves the moments from which deadlines, ramps and rates count, after the clock was set.
    mutating func shiftMoments(seconds: Int64) throws

    // Access.
    mutating func token(_ id: AccessTokenID) throws -> AccessToken?
    mutating func put(_ token: AccessToken) throws
    mutating func removeToken(_ id: AccessTokenID) throws
    mutating func append(_ entry: AuditEntry) throws
}

/// Where a track leads.
package struct TrackFacts: Hashable, Sendable {
    package var group: Group
    /// What the group's channel points at.
    package var version: Version?
    /// Set where the release is blocked.
    package var block: ReleaseBlock?
    /// The release's payloads for the architecture that was asked for: the full one, and deltas.
    package var payloads: [Payload]
    /// Whether any group of the application needs a secret.
    package var isPrivate = false
    /// The floors of the group's channel, sorted by version text.
    package var floors: [Floor] = []
    /// Set where the group is on its way back; `version` is then what it goes back to.
    package var undo: GroupUndo?
    /// Whether `version` is an operator's wish for the one machine that asks.
    package var isPinned = false
    package var calendar: OfferCalendar

    /// A floor, with its payloads for the architecture that was asked for.
    package struct Floor: Hashable, Sendable {
        package let release: Release
        package let payloads: [Payload]

        package init(release: Release, payloads: [Payload]) {
            self.release = release
            self.payloads = payloads
        }
    }

    /// The lowest floor above `machine` and below the target. What has no order is no step on a way.
    package func floor(above machine: Version) -> Floor? {
        guard let version else { return nil }
        return floors.filter { floor in
            floor.release.version.isNewer(than: machine) == true && version.isNewer(than: floor.release.version) == true
        }
        .min { $1.release.version.isNewer(than: $0.release.version) == true }
    }

    package init(group: Group, version: Version?, payloads: [Payload] = [], zones: any ZoneDirectory) {
        self.group = group
        self.version = version
        self.payloads = payloads
        self.calendar = OfferCalendar(group.policy.windows) { zones.rules(of: $0) }
        if let undo = group.undo, undo.from == version {
            self.undo = undo
            self.version = undo.to
        }
    }
}

extension FleetTransaction {
    mutating func count(_ dimension: CensusKey.Dimension, of group: GroupName, in application: ApplicationID) throws
        -> Int
    {
        try count(dimension, "", of: group, in: application)
    }

    /// What has become of a release in the groups of `channel`; in all groups where that is `nil`.
    package mutating func record(of version: Version, in application: ApplicationID, channel: ChannelName?) throws
        -> ReleaseRecord
    {
        let origin = try channel.flatMap { try self.channel($0, of: application) }
        let groups = try channel.map { try self.groups(following: $0, of: application) } ?? groups(of: application)
        var parts: [ReleaseRecord.Part] = []
        for group in groups {
            let id = RolloutID(application: application, group: group.name, version: version)
            parts.append(
                ReleaseRecord.Part(
                    group: group.name, running: try count(.version, version.text, of: group.name, in: application),
                    rollout: try rollout(id), isUndone: group.undo?.from == version))
        }
        return ReleaseRecord(since: origin?.changedAt, parts: parts)
    }

    /// When the first of those that hold the group's places loses its own, if nothing is heard of it until then.
    mutating func firstDeadline(of group: Group) throws -> Timestamp? {
        var first: Timestamp?
        for stage in PerStage.stages {
            let far = Timestamp(microseconds: .max)
            guard let since = try placeHolders(of: group, at: stage, since: far, limit: 1).first?.grant?.stageSince
            else {
                continue
            }
            let end = since.adding(seconds: group.policy.deadlineSeconds(of: stage))
            first = first.map { min($0, end) } ?? end
        }
        return first
    }
}
