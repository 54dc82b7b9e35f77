public import UpdateModel

/// The recorded act of pointing a channel at a release: who, when, from where to where, why, and on what evidence.
public struct ChannelMove: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let channel: ChannelName
    public let previous: Version?
    public let version: Version
    /// The channel that had proven the release, when this was a promotion.
    public let promotedFrom: ChannelName?
    public let movedBy: String
    public let movedAt: Timestamp
    /// The bits that were re-read and hashed for this move, sorted by architecture.
    public let evidence: [VerifiedPayload]
    /// Why, in the words of who moved it.
    public var reason: String?
    /// What was asked for before, where the channel needs a second person; ``movedBy`` is that person.
    public var request: MoveRequest?
    /// Set where the server moved it by this rule.
    public var follow: ChannelFollow?
    /// What had become of the release on machines by then; the store fills it in, in the transaction of the move.
    public var record: ReleaseRecord?

    public init(
        application: ApplicationID, channel: ChannelName, previous: Version?, version: Version,
        promotedFrom: ChannelName?, movedBy: String, movedAt: Timestamp, evidence: [VerifiedPayload]
    ) {
        self.application = application
        self.channel = channel
        self.previous = previous
        self.version = version
        self.promotedFrom = promotedFrom
        self.movedBy = movedBy
        self.movedAt = movedAt
        self.evidence = evidence
    }
}

/// One payload whose stored bits had this digest at the time of a move.
public struct VerifiedPayload: Hashable, Sendable, Codable {
    public let architecture: Architecture
    public let sha256: SHA256Digest
    /// `nil` for a full payload.
    public let source: Version?

    public init(architecture: Architecture, sha256: SHA256Digest, source: Version? = nil) {
        self.architecture = architecture
        self.sha256 = sha256
        self.source = source
    }
}

/// What has become of a release on machines, at one moment.
///
/// There are no machine-hours in it: a machine that was switched off cannot be told from one that runs and has nothing to
/// say, so any such figure would claim more than is known.
public struct ReleaseRecord: Hashable, Sendable, Codable {
    /// One group's part.
    public struct Part: Hashable, Sendable, Codable {
        public let group: GroupName
        /// Machines that run it now, by their last word.
        public let running: Int
        /// Machines that came up on it after a grant, ever.
        public let completed: Int
        /// Machines that reported failure, ever.
        public let failed: Int
        /// Machines that took it and were not heard of again.
        public let silent: Int
        /// Stopped, paused, aborted or undone there.
        public let isHalted: Bool

        /// - Parameter isUndone: whether the group is on its way back from the release.
        public init(group: GroupName, running: Int, rollout: RolloutState?, isUndone: Bool = false) {
            self.group = group
            self.running = running
            completed = rollout?.completed ?? 0
            failed = rollout?.failed ?? 0
            silent = rollout?.silent ?? 0
            isHalted = isUndone || rollout?.stop != nil || rollout?.control != nil
        }
    }

    /// Since when the channel that it is promoted from has pointed at it; `nil` where it comes from no channel.
    public let since: Timestamp?
    public let running: Int
    public let completed: Int
    public let failed: Int
    public let silent: Int
    /// The groups where it is halted, or ran, failed or went silent, by name; at most ``partsMaximum``. The sums are of all.
    public let parts: [Part]

    /// A group in which it is halted.
    public let haltedIn: GroupName?

    public static let partsMaximum = 50

    public init(since: Timestamp?, parts: [Part]) {
        self.since = since
        haltedIn = parts.first { $0.isHalted }?.group
        running = parts.reduce(0) { $0 + $1.running }
        completed = parts.reduce(0) { $0 + $1.completed }
        failed = parts.reduce(0) { $0 + $1.failed }
        silent = parts.reduce(0) { $0 + $1.silent }
        let told = parts.filter { $0.isHalted || $0.running + $0.completed + $0.failed + $0.silent > 0 }
        self.parts = Array(told.sorted { $0.group.rawValue < $1.group.rawValue }.prefix(Self.partsMaximum))
    }

}
