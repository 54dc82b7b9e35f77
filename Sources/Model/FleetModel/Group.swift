public import UpdateModel

/// Machines that follow one channel under one policy.
public struct Group: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let name: GroupName
    /// What machines send to belong here; unique within the application.
    public var track: Track
    public var channel: ChannelName
    public var policy: RolloutPolicy
    /// Machines whose labels match belong here whatever their track is; `nil` leaves it to the track.
    public var labels: LabelQuery?
    /// Sends the group back to the release before, while its channel still points at the one that is undone.
    public var undo: GroupUndo?
    public let createdAt: Timestamp

    public init(
        application: ApplicationID, name: GroupName, track: Track, channel: ChannelName, policy: RolloutPolicy,
        labels: LabelQuery? = nil, createdAt: Timestamp
    ) {
        self.application = application
        self.name = name
        self.track = track
        self.channel = channel
        self.policy = policy
        self.labels = labels
        self.createdAt = createdAt
    }
}

/// An operator's act that sends a whole group back, under the limits of its policy.
public struct GroupUndo: Hashable, Sendable, Codable {
    /// The release that is undone. The act is over when the channel points at another one.
    public let from: Version
    /// The release that the machines go back to.
    public let to: Version
    public let orderedBy: String
    public let orderedAt: Timestamp
    public let reason: String?

    public init(from: Version, to: Version, orderedBy: String, orderedAt: Timestamp, reason: String?) {
        self.from = from
        self.to = to
        self.orderedBy = orderedBy
        self.orderedAt = orderedAt
        self.reason = reason
    }
}
