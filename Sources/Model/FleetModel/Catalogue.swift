public import UpdateModel

/// Something with its own versions: the operating system, or a container.
public struct Application: Hashable, Sendable, Codable {
    public let id: ApplicationID
    /// What people call it; unique, so that it can stand for the id in commands.
    public var name: String
    public let createdAt: Timestamp

    public init(id: ApplicationID, name: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
    }
}

/// One version of one application.
public struct Release: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let version: Version
    public var notes: String
    public let createdAt: Timestamp
    /// Set while it may be offered to nobody.
    public var block: ReleaseBlock?
    /// Set while older machines pass through it on their way up.
    public var floor: ReleaseFloor?

    public init(
        application: ApplicationID, version: Version, notes: String, createdAt: Timestamp, block: ReleaseBlock? = nil,
        floor: ReleaseFloor? = nil
    ) {
        self.application = application
        self.version = version
        self.notes = notes
        self.createdAt = createdAt
        self.block = block
        self.floor = floor
    }
}

/// An operator's word that a release is offered to nobody, in no group.
public struct ReleaseBlock: Hashable, Sendable, Codable {
    public let by: String
    public let at: Timestamp
    public let reason: String

    public init(by: String, at: Timestamp, reason: String) {
        self.by = by
        self.at = at
        self.reason = reason
    }
}

/// A block as it is kept beside its release, so that it outlives that: what comes again under the version, or with the bits,
/// is blocked still.
public struct BlockRecord: Hashable, Sendable, Codable {
    public let version: Version
    public let block: ReleaseBlock
    /// Of every payload that the release had since it was blocked: of the file, and of what it makes of a slot.
    public var digests: Set<SHA256Digest>

    public init(version: Version, block: ReleaseBlock, digests: Set<SHA256Digest>) {
        self.version = version
        self.block = block
        self.digests = digests
    }
}

/// An operator's word that machines on older releases take this one first, and only then what their channel points at.
public struct ReleaseFloor: Hashable, Sendable, Codable {
    public let by: String
    public let at: Timestamp
    /// Why it may not be passed over, for people.
    public let reason: String
    /// The channels whose machines pass through it, sorted by name; empty for every channel.
    public let channels: [ChannelName]

    public init(by: String, at: Timestamp, reason: String, channels: [ChannelName] = []) {
        self.by = by
        self.at = at
        self.reason = reason
        self.channels = channels
    }

    /// An application has no more floors than this: each check-in of a machine below one looks at all of them.
    public static let countMaximum = 32

    public func concerns(_ channel: ChannelName) -> Bool { channels.isEmpty || channels.contains(channel) }
}

/// A file that turns a slot into a release on one architecture.
public struct Payload: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let version: Version
    public let architecture: Architecture
    /// `nil` for a full payload; the exact version it starts from for a delta.
    public let source: Version?
    /// Of the whole file; also its name in the payload store and in its URL.
    public let sha256: SHA256Digest
    /// Of the whole file, in Base64, as Omaha's `hash` attribute wants it.
    public let sha1: String
    public let size: UInt64
    /// What a client may call it.
    public let fileName: String
    /// Major version of the CrAU format: 1 or 2.
    public let format: Int
    /// SHA-256 over what the payload makes of a slot, where the payload says it.
    public let contentDigest: SHA256Digest?
    public let addedAt: Timestamp
    /// Where it lies, when that is elsewhere; empty for a payload that this server keeps. All end in ``fileName``.
    public var mirrors: [PayloadMirror]

    public init(
        application: ApplicationID, version: Version, architecture: Architecture, source: Version? = nil,
        sha256: SHA256Digest, sha1: String, size: UInt64, fileName: String, format: Int,
        contentDigest: SHA256Digest? = nil, addedAt: Timestamp, mirrors: [PayloadMirror] = []
    ) {
        self.application = application
        self.version = version
        self.architecture = architecture
        self.source = source
        self.sha256 = sha256
        self.sha1 = sha1
        self.size = size
        self.fileName = fileName
        self.format = format
        self.contentDigest = contentDigest
        self.addedAt = addedAt
        self.mirrors = mirrors
    }

    public var isDelta: Bool { source != nil }

    /// What names its bits: the file, and what it makes of a slot.
    public var digests: Set<SHA256Digest> { Set([sha256, contentDigest].compactMap { $0 }) }
}
