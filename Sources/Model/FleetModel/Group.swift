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
    /// What machines must show one of; empty for a group that is open to every machine with its track.
    public var secrets: [GroupSecret] = []
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

/// One secret of a private group. Only its digest is kept.
public struct GroupSecret: Hashable, Sendable, Codable {
    public let id: GroupSecretID
    public let digest: SHA256Digest
    public let by: String
    public let at: Timestamp

    /// Several, so that one takes over from another while machines still show that.
    public static let countMaximum = 8

    public init(id: GroupSecretID, digest: SHA256Digest, by: String, at: Timestamp) {
        self.id = id
        self.digest = digest
        self.by = by
        self.at = at
    }
}

extension Group {
    /// Whether machines must show a secret.
    public var isPrivate: Bool { !secrets.isEmpty }

    /// Whether a machine that showed what has this digest (`nil` for nothing) is one of the group's. Every secret is
    /// compared, byte for byte: the time it takes tells nothing of them.
    public func admits(_ shown: SHA256Digest?) -> Bool {
        guard isPrivate else { return true }
        guard let shown else { return false }
        var isOne = false
        for secret in secrets {
            let difference = zip(secret.digest.bytes, shown.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            isOne = difference == 0 || isOne
        }
        return isOne
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
