public import UpdateModel

/// A named pointer to a release, for all its architectures at once.
public struct Channel: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let name: ChannelName
    /// `nil` until the channel was first set.
    public let version: Version?
    /// When the channel came to ``version``; when it was made, before that.
    public let changedAt: Timestamp
    /// From when a soak counts: when the channel came to ``version``, moved along when the server's clock is set.
    public var settledAt: Timestamp
    public var rules: ChannelRules
    /// A move that waits for a second person.
    public var request: MoveRequest?

    /// - Parameter settledAt: `nil` is `changedAt`.
    public init(
        application: ApplicationID, name: ChannelName, version: Version?, changedAt: Timestamp,
        settledAt: Timestamp? = nil, rules: ChannelRules = ChannelRules(), request: MoveRequest? = nil
    ) {
        self.application = application
        self.name = name
        self.version = version
        self.changedAt = changedAt
        self.settledAt = settledAt ?? changedAt
        self.rules = rules
        self.request = request
    }

    /// The same channel after `move`: what waited for a second person is over. A move to the release that it has
    /// already is no coming to it.
    public func moved(by move: ChannelMove) -> Channel {
        let isSame = version == move.version
        return Channel(
            application: application, name: name, version: move.version, changedAt: isSame ? changedAt : move.movedAt,
            settledAt: isSame ? settledAt : nil, rules: rules)
    }
}

/// How a channel comes to its releases.
public struct ChannelRules: Hashable, Sendable, Codable {
    /// Whose releases it takes over by itself; `nil` is moved by hand alone.
    public var follows: ChannelFollow?
    /// Whether one person asks for a move and another makes it.
    public var needsSecondPerson: Bool
    /// Tells who said what it follows from everybody else: what the server asks for by that is this person's wish.
    public var followsSetBy: String?
    /// What the channel that it follows pointed at when a person decided otherwise.
    public var passedOver: FollowedRelease?

    public init(follows: ChannelFollow? = nil, needsSecondPerson: Bool = false) {
        self.follows = follows
        self.needsSecondPerson = needsSecondPerson
    }
}

/// One coming of a channel to a release.
public struct FollowedRelease: Hashable, Sendable, Codable {
    public let version: Version
    /// When the channel came to it. A channel that comes to the same release again does so at another moment.
    public let since: Timestamp

    /// - Returns: `nil` where `channel` points at nothing.
    public init?(of channel: Channel) {
        guard let version = channel.version else { return nil }
        self.version = version
        self.since = channel.changedAt
    }
}

/// A channel takes over what another one has had for long enough.
public struct ChannelFollow: Hashable, Sendable, Codable {
    public let channel: ChannelName
    /// For how long the other channel must have pointed at the release.
    public let soakSeconds: Int64
    /// How many machines of its groups must run the release.
    public let machines: Int

    public init(channel: ChannelName, soakSeconds: Int64, machines: Int = 1) {
        self.channel = channel
        self.soakSeconds = soakSeconds
        self.machines = machines
    }

    private enum CodingKeys: String, CodingKey {
        case channel, soakSeconds, machines
    }

    /// What is left out has its default.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            channel: try container.decode(ChannelName.self, forKey: .channel),
            soakSeconds: try container.decodeIfPresent(Int64.self, forKey: .soakSeconds) ?? 0,
            machines: try container.decodeIfPresent(Int.self, forKey: .machines) ?? 1)
    }
}

/// One person's wish that a channel comes to a release, until another person makes it so or turns it down.
public struct MoveRequest: Hashable, Sendable, Codable {
    public let version: Version
    /// What the channel pointed at then.
    public let previous: Version?
    /// The channel that has proven the release, when it is a promotion.
    public let promotedFrom: ChannelName?
    /// The name of who asked, for people.
    public let by: String
    /// Tells who asked from everybody else.
    public let principal: String
    public let at: Timestamp
    public let reason: String?
    /// Set where the server asked, because the channel follows another.
    public let follow: ChannelFollow?

    public init(
        version: Version, previous: Version?, promotedFrom: ChannelName?, by: String, principal: String, at: Timestamp,
        reason: String?, follow: ChannelFollow? = nil
    ) {
        self.version = version
        self.previous = previous
        self.promotedFrom = promotedFrom
        self.by = by
        self.principal = principal
        self.at = at
        self.reason = reason
        self.follow = follow
    }
}
