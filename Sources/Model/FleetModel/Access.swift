public import UpdateModel

/// What a caller may do. Each role may do what the ones before it may.
public enum Role: String, CaseIterable, Hashable, Sendable, Codable, Comparable {
    /// Sees everything, changes nothing.
    case viewer
    /// Adds releases and payloads, as a build pipeline does; decides nothing about machines.
    case publisher
    /// Everything.
    case admin

    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .publisher: 1
        case .admin: 2
        }
    }
}

/// A bearer token. Only the digest of its secret is kept.
public struct AccessToken: Hashable, Sendable, Codable {
    public let id: AccessTokenID
    /// What a person calls it, such as the pipeline that holds it.
    public let name: String
    public let role: Role
    public let secretDigest: SHA256Digest
    public let createdAt: Timestamp

    public init(id: AccessTokenID, name: String, role: Role, secretDigest: SHA256Digest, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.role = role
        self.secretDigest = secretDigest
        self.createdAt = createdAt
    }
}

/// A recorded act: who did what, to what, and when.
public struct AuditEntry: Hashable, Sendable, Codable {
    /// Counts up through all entries; 0 until stored.
    public var number: Int64
    public let at: Timestamp
    /// The name of the token, or of the part of the server that acted.
    public let actor: String
    /// A stable name such as `channel.promote`.
    public let action: String
    /// What it was done to, such as `e96281a6-…/stable`.
    public let object: String
    /// Plain words.
    public let detail: String

    public init(number: Int64 = 0, at: Timestamp, actor: String, action: String, object: String, detail: String) {
        self.number = number
        self.at = at
        self.actor = actor
        self.action = action
        self.object = object
        self.detail = detail
    }
}
