public import FleetModel
public import UpdateModel

/// A group with its policy, its roll-out and its counters, as the API shows it.
public struct GroupResource: Codable, Sendable, Hashable {
    public let application: ApplicationID
    public let name: GroupName
    /// What machines send to belong here.
    public let track: Track
    public let channel: ChannelName
    /// What the channel points at now.
    public let version: Version?
    public let policy: PolicyResource
    /// The roll-out of ``version`` in this group; left out before its first grant.
    public let rollout: RolloutResource?
    public let machines: MachineCounts
    public let createdAt: Timestamp

    public init(
        application: ApplicationID, name: GroupName, track: Track, channel: ChannelName, version: Version?,
        policy: PolicyResource, rollout: RolloutResource?, machines: MachineCounts, createdAt: Timestamp
    ) {
        self.application = application
        self.name = name
        self.track = track
        self.channel = channel
        self.version = version
        self.policy = policy
        self.rollout = rollout
        self.machines = machines
        self.createdAt = createdAt
    }
}

/// How a release may spread through a group.
public struct PolicyResource: Codable, Sendable, Hashable {
    public let enabled: Bool
    /// Machines between offer and done at once; left out for no limit.
    public let maxInProgress: Int?
    /// Failed machines that stop the roll-out; left out for never.
    public let stopAfterFailures: Int?
    /// How long a machine may stay in one stage before its place goes to another.
    public let stageDeadlineSeconds: Int64

    public init(enabled: Bool, maxInProgress: Int?, stopAfterFailures: Int?, stageDeadlineSeconds: Int64) {
        self.enabled = enabled
        self.maxInProgress = maxInProgress
        self.stopAfterFailures = stopAfterFailures
        self.stageDeadlineSeconds = stageDeadlineSeconds
    }
}

/// How many machines a group has.
public struct MachineCounts: Codable, Sendable, Hashable {
    public let total: Int
    public let byVersion: [String: Int]
    public let byStage: [String: Int]
    public let byHold: [String: Int]

    public init(total: Int, byVersion: [String: Int], byStage: [String: Int], byHold: [String: Int]) {
        self.total = total
        self.byVersion = byVersion
        self.byStage = byStage
        self.byHold = byHold
    }
}

/// A release on its way to a group.
public struct RolloutResource: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable, Hashable {
        case running
        /// It stopped itself; ``RolloutResource/stopReason`` says why, and `group resume` lets it go on.
        case stopped
    }

    public let version: Version
    public let state: State
    /// Leaves ever given to machines.
    public let granted: Int
    public let inProgress: Int
    public let completed: Int
    public let failed: Int
    /// Leaves that ended because a stage took too long.
    public let expired: Int
    public let stoppedAt: Timestamp?
    /// Plain words that name the machines and their errors.
    public let stopReason: String?

    public init(
        version: Version, state: State, granted: Int, inProgress: Int, completed: Int, failed: Int, expired: Int,
        stoppedAt: Timestamp?, stopReason: String?
    ) {
        self.version = version
        self.state = state
        self.granted = granted
        self.inProgress = inProgress
        self.completed = completed
        self.failed = failed
        self.expired = expired
        self.stoppedAt = stoppedAt
        self.stopReason = stopReason
    }
}
