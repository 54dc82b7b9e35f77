public import FleetModel
public import UpdateModel

/// An application, as the API shows it.
public struct ApplicationResource: Codable, Sendable, Hashable {
    /// As it was given, with its braces if it had any.
    public let id: ApplicationID
    public let name: String
    public let createdAt: Timestamp

    public init(id: ApplicationID, name: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
    }
}

/// A release with its payloads, as the API shows it.
public struct ReleaseResource: Codable, Sendable, Hashable {
    public let application: ApplicationID
    public let version: Version
    public let notes: String
    public let createdAt: Timestamp
    public let payloads: [PayloadResource]
    /// Left out unless the release is blocked.
    public var block: ReleaseBlock?
    /// Left out unless the release is a floor: machines on older ones take it first.
    public var floor: ReleaseFloor?

    public init(
        application: ApplicationID, version: Version, notes: String, createdAt: Timestamp, payloads: [PayloadResource]
    ) {
        self.application = application
        self.version = version
        self.notes = notes
        self.createdAt = createdAt
        self.payloads = payloads
    }
}

/// `GET …/payloads/{architecture}/upload?sha256=…`
public struct UploadState: Codable, Sendable, Hashable {
    /// Bytes that are kept of an upload that broke off; 0 for none.
    public let received: UInt64

    public init(received: UInt64) { self.received = received }
}

/// A payload, as the API shows it.
public struct PayloadResource: Codable, Sendable, Hashable {
    public let application: ApplicationID
    public let version: Version
    public let architecture: Architecture
    /// Left out for a full payload; the exact version that a delta starts from.
    public let source: Version?
    public let sha256: SHA256Digest
    /// In Base64, as Omaha has it.
    public let sha1: String
    /// Bytes.
    public let size: UInt64
    public let fileName: String
    /// Major version of the CrAU format.
    public let format: Int
    /// Where machines download it; the first choice where it lies elsewhere.
    public let url: String
    public let addedAt: Timestamp
    /// Where it lies, when the server itself keeps no copy; left out for one that was uploaded.
    public var mirrors: [MirrorResource]?

    public init(
        application: ApplicationID, version: Version, architecture: Architecture, source: Version?,
        sha256: SHA256Digest, sha1: String, size: UInt64, fileName: String, format: Int, url: String,
        addedAt: Timestamp
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
        self.url = url
        self.addedAt = addedAt
    }
}

/// One place where a payload lies that the server does not keep.
public struct MirrorResource: Codable, Sendable, Hashable {
    public let url: PayloadURL
    /// Left out while machines are sent there.
    public let trouble: MirrorTrouble.Kind?
    /// Why not, in plain words.
    public let text: String?
    public let since: Timestamp?

    public init(_ mirror: PayloadMirror) {
        url = mirror.url
        trouble = mirror.trouble?.kind
        text = mirror.trouble?.text
        since = mirror.trouble?.since
    }
}

/// `POST …/payloads/{architecture}/elsewhere`: the server fetches the payload once, hashes and checks it.
public struct NewPayloadElsewhere: Codable, Sendable, Hashable {
    /// The first choice first; all give the same bits and end in the same name.
    public let urls: [PayloadURL]
    /// What the bits must hash to; left out to take what is there.
    public let sha256: SHA256Digest?

    public init(urls: [PayloadURL], sha256: SHA256Digest? = nil) {
        self.urls = urls
        self.sha256 = sha256
    }
}

/// `GET …/payloads/{architecture}/elsewhere`: how far the server is with fetching it.
public struct FetchState: Codable, Sendable, Hashable {
    /// Left out while nothing is fetched.
    public let url: PayloadURL?
    /// Bytes.
    public let received: UInt64
    /// Bytes; left out where the other server does not say.
    public let size: UInt64?

    public init(url: PayloadURL?, received: UInt64, size: UInt64?) {
        self.url = url
        self.received = received
        self.size = size
    }
}
