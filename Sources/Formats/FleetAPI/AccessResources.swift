public import FleetModel

/// A token, as the API shows it: without its secret, which is known only at its making.
public struct TokenResource: Codable, Sendable, Hashable {
    public let id: AccessTokenID
    public let name: String
    public let role: Role
    public let createdAt: Timestamp

    public init(id: AccessTokenID, name: String, role: Role, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.role = role
        self.createdAt = createdAt
    }
}

/// The answer to making a token: the only time that its secret is shown.
public struct CreatedToken: Codable, Sendable, Hashable {
    public let token: TokenResource
    /// What goes into `Authorization: Bearer`; begins with `mt_`.
    public let secret: String

    public init(token: TokenResource, secret: String) {
        self.token = token
        self.secret = secret
    }
}

/// What the server says about itself.
public struct StatusResource: Codable, Sendable, Hashable {
    /// Always `martlet-server`.
    public let server: String
    public let version: String
    public let startedAt: Timestamp
    /// The server's URL in what it hands out; left out where that depends on the connection.
    public let publicURL: String?
    public let applications: Int
    public let machines: Int

    public init(
        server: String = "martlet-server", version: String, startedAt: Timestamp, publicURL: String?, applications: Int,
        machines: Int
    ) {
        self.server = server
        self.version = version
        self.startedAt = startedAt
        self.publicURL = publicURL
        self.applications = applications
        self.machines = machines
    }
}
