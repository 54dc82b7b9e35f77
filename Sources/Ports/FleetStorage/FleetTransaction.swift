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
    mutating func removeRelease(_ version: Version, of application: ApplicationID) throws
    /// Sorted by architecture, full ones first.
    mutating func payloads(of version: Version, in application: ApplicationID) throws -> [Payload]
    mutating func put(_ payload: Payload) throws
    mutating func remove(_ payload: Payload) throws

    // Channels and groups.
    mutating func channel(_ name: ChannelName, of application: ApplicationID) throws -> Channel?
    mutating func firstChannel(at version: Version, of application: ApplicationID) throws -> ChannelName?
    mutating func put(_ channel: Channel) throws
    mutating func removeChannel(_ name: ChannelName, of application: ApplicationID) throws
    mutating func append(_ move: ChannelMove) throws
    mutating func group(_ name: GroupName, of application: ApplicationID) throws -> Group?
    mutating func firstGroup(following channel: ChannelName, of application: ApplicationID) throws -> GroupName?
    mutating func put(_ group: Group) throws
    /// Its roll-outs and counters go with it.
    mutating func removeGroup(_ name: GroupName, of application: ApplicationID) throws
    mutating func facts(track: String, of application: ApplicationID, for architecture: Architecture?) throws
        -> TrackFacts?
    mutating func rollout(_ id: RolloutID) throws -> RolloutState?
    mutating func put(_ rollout: RolloutState) throws
    mutating func count(_ dimension: CensusKey.Dimension, of group: GroupName, in application: ApplicationID) throws
        -> Int

    // Machines.
    mutating func machineCount() throws -> Int
    mutating func machine(_ id: MachineID, of application: ApplicationID) throws -> Machine?
    /// Puts `after` in the place of `before` and keeps the census; `nil` stands for a machine that is not there.
    mutating func replace(_ before: Machine?, with after: Machine?) throws
    /// Machines that hold a place and began their stage at or before the given moment, at most `limit`.
    mutating func placeHolders(of group: Group, since moment: Timestamp, limit: Int) throws -> [Machine]
    mutating func append(_ event: MachineEvent) throws
    mutating func removeEvents(of machine: MachineID, in application: ApplicationID) throws

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
    /// The release's full payload for the architecture that was asked for.
    package var payload: Payload?

    package init(group: Group, version: Version?, payload: Payload?) {
        self.group = group
        self.version = version
        self.payload = payload
    }
}
