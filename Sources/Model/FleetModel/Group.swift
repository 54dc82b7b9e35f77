public import UpdateModel

/// Machines that follow one channel under one policy.
public struct Group: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let name: GroupName
    /// What machines send to belong here; unique within the application.
    public var track: Track
    public var channel: ChannelName
    public var policy: RolloutPolicy
    public let createdAt: Timestamp

    public init(
        application: ApplicationID, name: GroupName, track: Track, channel: ChannelName, policy: RolloutPolicy,
        createdAt: Timestamp
    ) {
        self.application = application
        self.name = name
        self.track = track
        self.channel = channel
        self.policy = policy
        self.createdAt = createdAt
    }
}

/// How a release may spread through a group.
public struct RolloutPolicy: Hashable, Sendable, Codable {
    /// Whether anything is offered at all.
    public var isEnabled: Bool
    /// How many machines of the group may be between offer and done at once; `nil` is no limit.
    public var maximumInProgress: Int?
    /// After this many failed machines the roll-out stops itself; `nil` never stops it.
    public var stopAfterFailures: Int?
    /// How long a machine may stay in one stage before its place goes to another machine.
    public var stageDeadlineSeconds: Int64

    /// Enabled, without limit, stopping at the third failed machine, one day for each stage.
    public static let standard = RolloutPolicy()

    public init(
        isEnabled: Bool = true, maximumInProgress: Int? = nil, stopAfterFailures: Int? = 3,
        stageDeadlineSeconds: Int64 = 86_400
    ) {
        self.isEnabled = isEnabled
        self.maximumInProgress = maximumInProgress
        self.stopAfterFailures = stopAfterFailures
        self.stageDeadlineSeconds = stageDeadlineSeconds
    }
}
