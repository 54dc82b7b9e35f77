public import FleetModel
public import UpdateModel

/// A channel, as the API shows it.
public struct ChannelResource: Codable, Sendable, Hashable {
    public let application: ApplicationID
    public let name: ChannelName
    /// Left out until the channel was first set.
    public let version: Version?
    public let changedAt: Timestamp
    /// The channel whose releases it takes over; left out where it is moved by hand alone.
    public var follows: ChannelFollow?
    /// Whether it is about to; only where one channel is shown.
    public var following: FollowResource?
    /// Left out unless one person asks for a move and another makes it.
    public var secondPerson: Bool?
    /// What waits for the second person.
    public var request: MoveRequestResource?
    /// What `If-Match` takes: changes with the channel.
    public var etag: String?

    public init(application: ApplicationID, name: ChannelName, version: Version?, changedAt: Timestamp) {
        self.application = application
        self.name = name
        self.version = version
        self.changedAt = changedAt
    }
}

/// Whether a channel that follows another moves now; if not, why.
public struct FollowResource: Codable, Sendable, Hashable {
    /// A stable word, such as `soaking`.
    public let state: String
    public let text: String
    /// When the soak is over.
    public let until: Timestamp?

    public init(state: String, text: String, until: Timestamp?) {
        self.state = state
        self.text = text
        self.until = until
    }
}

/// A move that waits for a second person.
public struct MoveRequestResource: Codable, Sendable, Hashable {
    public let version: Version
    public let promotedFrom: ChannelName?
    public let by: String
    public let at: Timestamp
    public let reason: String?

    public init(_ request: MoveRequest) {
        version = request.version
        promotedFrom = request.promotedFrom
        by = request.by
        at = request.at
        reason = request.reason
    }
}

/// One act of moving a channel: `GET …/channels/{channel}/moves`.
public struct ChannelMoveResource: Codable, Sendable, Hashable {
    public let channel: ChannelName
    public let previous: Version?
    public let version: Version
    public let promotedFrom: ChannelName?
    public let by: String
    public let at: Timestamp
    public let reason: String?
    /// Who asked for it, where another person made it.
    public let request: MoveRequestResource?
    /// The rule by which the server moved it, or asked for it.
    public let follow: ChannelFollow?
    /// The bits that were read again and hashed.
    public let payloads: [VerifiedPayload]
    /// What had become of the release on machines; left out in records of an older program.
    public let record: ReleaseRecord?

    public init(_ move: ChannelMove) {
        channel = move.channel
        previous = move.previous
        version = move.version
        promotedFrom = move.promotedFrom
        by = move.movedBy
        at = move.movedAt
        reason = move.reason
        request = move.request.map(MoveRequestResource.init)
        follow = move.follow
        payloads = move.evidence
        record = move.record
    }
}

/// `PATCH …/channels/{channel}`; what is left out stays as it is.
public struct ChannelEdit: Codable, Sendable, Hashable {
    /// `null` leaves the channel to people.
    public let follows: FieldEdit<ChannelFollow>?
    public let secondPerson: Bool?

    public init(follows: FieldEdit<ChannelFollow>? = nil, secondPerson: Bool? = nil) {
        self.follows = follows
        self.secondPerson = secondPerson
    }

    private enum CodingKeys: String, CodingKey {
        case follows, secondPerson
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            follows: try container.decodeEdit(forKey: .follows),
            secondPerson: try container.decodeIfPresent(Bool.self, forKey: .secondPerson))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(follows, forKey: .follows)
        try container.encodeIfPresent(secondPerson, forKey: .secondPerson)
    }
}

/// `PUT …/channels/{channel}`
public struct ChannelTarget: Codable, Sendable, Hashable {
    public let version: Version
    /// Why, for people.
    public let reason: String?

    public init(version: Version, reason: String? = nil) {
        self.version = version
        self.reason = reason
    }
}

/// `POST …/channels/{channel}/promote`: the release of this channel becomes that of another.
public struct Promotion: Codable, Sendable, Hashable {
    public let to: ChannelName
    /// Why, for people.
    public let reason: String?

    public init(to: ChannelName, reason: String? = nil) {
        self.to = to
        self.reason = reason
    }
}

/// `POST …/channels/{channel}/approve`: names what is approved, so that nothing else is.
public struct MoveApproval: Codable, Sendable, Hashable {
    public let version: Version

    public init(version: Version) { self.version = version }
}
