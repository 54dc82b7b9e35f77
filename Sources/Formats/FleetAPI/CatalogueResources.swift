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
    /// Where machines download it.
    public let url: String
    public let addedAt: Timestamp

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
