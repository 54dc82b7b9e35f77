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
    /// The roll-out of the group's target; left out before it began.
    public let rollout: RolloutResource?
    /// Machines whose labels match belong here whatever their track is.
    public let labels: LabelQuery?
    /// Set while the group is on its way back.
    public let undo: GroupUndo?
    public let machines: MachineCounts
    public let createdAt: Timestamp
    /// What machines must show one of; left out for a group that is open.
    public var secrets: [GroupSecretResource]?
    /// The releases that machines pass on their way to the target, lowest first; left out for none.
    public var floors: [FloorResource]?
    /// When the download budget has paid for what was granted; left out where it has, or there is none.
    public var downloadsFreeAt: Timestamp?
    /// What `If-Match` takes: changes with what people edit, not with the counters.
    public var etag: String?
    /// What `If-Match` takes with acts on the roll-out: changes with the target, with what stopped, paused or aborted it, and
    /// with an undo. Left out where the channel points at nothing.
    public var rolloutTag: String?

    public init(
        application: ApplicationID, name: GroupName, track: Track, channel: ChannelName, version: Version?,
        policy: PolicyResource, rollout: RolloutResource?, machines: MachineCounts, createdAt: Timestamp,
        labels: LabelQuery? = nil, undo: GroupUndo? = nil
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
        self.labels = labels
        self.undo = undo
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
    /// Deadlines of single stages, in seconds.
    public var stageDeadlines: PerStage?
    /// At most so many grants within so many seconds.
    public var rate: GrantRate?
    /// Bytes a second that grants may send to the source of payloads; left out for no limit.
    public var downloadRate: UInt64?
    public var ramp: Ramp?
    /// The machines that try a release first.
    public var canary: Canary?
    /// When offers are made; left out for always.
    public var windows: [WindowText]?
    /// The group that goes first.
    public var after: GroupOrder?
    public var brakes: Brakes?
    /// Which of a release's payloads machines get; left out for “prefer”.
    public var deltas: DeltaPolicy?
    /// What becomes of machines that are ahead of the channel; left out for “never”.
    public var downgrade: DowngradePolicy?
    /// Machines on older versions are offered nothing; left out for any.
    public var minimumVersion: Version?

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
    /// Ids that several machines seem to share; left out for none.
    public let clones: Int?

    public init(
        total: Int, byVersion: [String: Int], byStage: [String: Int], byHold: [String: Int], clones: Int? = nil
    ) {
        self.total = total
        self.byVersion = byVersion
        self.byStage = byStage
        self.byHold = byHold
        self.clones = clones
    }
}

/// A release on its way to a group.
public struct RolloutResource: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable, Hashable {
        case running
        /// It stopped itself; ``RolloutResource/stopReason`` says why, and `group resume` lets it go on.
        case stopped
        /// An operator paused it.
        case paused
        /// An operator withdrew the release from the group.
        case aborted
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
    /// What stopped it: `failures`, `failure-share`, `time-outs`, `silence` or `canary`.
    public var brake: Brake?
    /// Who paused or aborted it, when and why.
    public var control: RolloutControl?
    /// The machines that the brakes counted, newest last.
    public var notes: [RolloutNote]?
    /// Machines whose time ran out, by stage.
    public var timedOut: PerStage?
    /// Machines that installed it and were not heard of again.
    public var silent: Int?
    public var startedAt: Timestamp?
    /// When enough of the machines that try it first had come up on it.
    public var canariesDoneAt: Timestamp?
    public var canariesDone: Int?
    public var rampStartedAt: Timestamp?
    /// The percentage of the group that may have it now.
    public var rampPercent: Double?

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

/// One secret of a private group, without its text.
public struct GroupSecretResource: Codable, Sendable, Hashable {
    public let id: GroupSecretID
    public let by: String
    public let at: Timestamp

    public init(_ secret: GroupSecret) {
        id = secret.id
        by = secret.by
        at = secret.at
    }
}

/// `POST …/groups/{group}/secrets`: the text is shown this once.
public struct CreatedGroupSecret: Codable, Sendable, Hashable {
    public let id: GroupSecretID
    public let secret: String

    public init(id: GroupSecretID, secret: String) {
        self.id = id
        self.secret = secret
    }
}

/// A release on the way to a group's target, which machines below it take first.
public struct FloorResource: Codable, Sendable, Hashable {
    public let version: Version
    /// Why it may not be passed over.
    public let reason: String
    /// Left out before a machine of the group needed it.
    public let rollout: RolloutResource?

    public init(version: Version, reason: String, rollout: RolloutResource?) {
        self.version = version
        self.reason = reason
        self.rollout = rollout
    }
}

/// One machine that a brake counted.
public struct RolloutNote: Codable, Sendable, Hashable {
    public let machine: MachineID
    public let at: Timestamp
    public let code: Int64?
    /// What happened, in plain words.
    public let text: String

    public init(machine: MachineID, at: Timestamp, code: Int64?, text: String) {
        self.machine = machine
        self.at = at
        self.code = code
        self.text = text
    }
}
