public import FleetModel
public import UpdateModel

/// `POST /api/v1/applications`
public struct NewApplication: Codable, Sendable, Hashable {
    public let id: ApplicationID
    public let name: String

    public init(id: ApplicationID, name: String) {
        self.id = id
        self.name = name
    }
}

/// `PATCH /api/v1/applications/{app}`
public struct ApplicationEdit: Codable, Sendable, Hashable {
    public let name: String

    public init(name: String) { self.name = name }
}

/// `POST /api/v1/applications/{app}/releases`
public struct NewRelease: Codable, Sendable, Hashable {
    public let version: Version
    public let notes: String?

    public init(version: Version, notes: String?) {
        self.version = version
        self.notes = notes
    }
}

/// `PATCH /api/v1/applications/{app}/releases/{version}`
public struct ReleaseEdit: Codable, Sendable, Hashable {
    public let notes: String

    public init(notes: String) { self.notes = notes }
}

/// `POST /api/v1/applications/{app}/releases/{version}/block`
public struct NewReleaseBlock: Codable, Sendable, Hashable {
    /// Why, for people.
    public let reason: String

    public init(reason: String) { self.reason = reason }
}

/// `POST /api/v1/applications/{app}/releases/{version}/floor`
public struct NewReleaseFloor: Codable, Sendable, Hashable {
    /// Why it may not be passed over, for people.
    public let reason: String
    /// The channels whose machines pass through it; left out for every channel.
    public let channels: [ChannelName]?

    public init(reason: String, channels: [ChannelName]? = nil) {
        self.reason = reason
        self.channels = channels
    }
}

/// `POST /api/v1/applications/{app}/groups`; what is left out gets its default.
public struct NewGroup: Codable, Sendable, Hashable {
    public let name: GroupName
    public let track: Track
    public let channel: ChannelName
    public let policy: PolicyEdit?
    /// Machines whose labels match belong here whatever their track is.
    public let labels: LabelQuery?

    public init(
        name: GroupName, track: Track, channel: ChannelName, policy: PolicyEdit?, labels: LabelQuery? = nil
    ) {
        self.name = name
        self.track = track
        self.channel = channel
        self.policy = policy
        self.labels = labels
    }
}

/// `PATCH /api/v1/applications/{app}/groups/{group}`; what is left out stays as it is.
public struct GroupEdit: Codable, Sendable, Hashable {
    public let track: Track?
    public let channel: ChannelName?
    public let policy: PolicyEdit?
    /// `null` leaves the choice of machines to the track.
    public let labels: FieldEdit<LabelQuery>?

    public init(
        track: Track?, channel: ChannelName?, policy: PolicyEdit?, labels: FieldEdit<LabelQuery>? = nil
    ) {
        self.track = track
        self.channel = channel
        self.policy = policy
        self.labels = labels
    }

    private enum CodingKeys: String, CodingKey {
        case track, channel, policy, labels
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            track: try container.decodeIfPresent(Track.self, forKey: .track),
            channel: try container.decodeIfPresent(ChannelName.self, forKey: .channel),
            policy: try container.decodeIfPresent(PolicyEdit.self, forKey: .policy),
            labels: try container.decodeEdit(forKey: .labels))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(track, forKey: .track)
        try container.encodeIfPresent(channel, forKey: .channel)
        try container.encodeIfPresent(policy, forKey: .policy)
        try container.encode(labels, forKey: .labels)
    }
}

/// `POST /api/v1/applications/{app}/machines/{machine}/rollback`
public struct NewRollback: Codable, Sendable, Hashable {
    /// Why, for people.
    public let reason: String?

    public init(reason: String?) { self.reason = reason }
}

/// `POST /api/v1/tokens`
public struct NewToken: Codable, Sendable, Hashable {
    public let name: String
    public let role: Role?

    public init(name: String, role: Role?) {
        self.name = name
        self.role = role
    }
}
