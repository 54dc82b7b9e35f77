public import UpdateModel

/// A named pointer to a release, for all its architectures at once.
public struct Channel: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let name: ChannelName
    /// `nil` until the channel was first set.
    public let version: Version?
    public let changedAt: Timestamp

    public init(application: ApplicationID, name: ChannelName, version: Version?, changedAt: Timestamp) {
        self.application = application
        self.name = name
        self.version = version
        self.changedAt = changedAt
    }
}

/// The recorded act of pointing a channel at a release.
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
