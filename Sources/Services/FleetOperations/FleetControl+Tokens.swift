internal import ContentTrust
package import FleetModel
internal import FleetStorage
internal import UpdateModel

/// A new token, with the secret that is shown this once and kept nowhere.
package struct IssuedToken: Hashable, Sendable {
    package let token: AccessToken
    package let secret: String
}

// A token's text is `mt_<id>_<secret>`: the id finds the record, the secret proves it.
extension FleetControl {
    package func createToken(name: String, role: Role, by caller: Caller) async throws(OperationError) -> IssuedToken {
        try require(.admin, of: caller)
        let name = try TextRule.label.check(name, "The token's name")
        let secret = Self.newSecret()
        return IssuedToken(token: try await insertToken(secret, name, role, by: caller), secret: secret)
    }

    /// The text of a token that no server knows yet, for ``adoptToken(secret:name:role:by:)``.
    package static func newSecret() -> String {
        var random = SystemRandomNumberGenerator()
        return "mt_\(Hexadecimal.encode(randomBytes(6, &random)))_\(Hexadecimal.encode(randomBytes(32, &random)))"
    }

    /// Makes sure that a token with exactly this text exists. Written to a file first and adopted then, a crash between
    /// the two leaves no token that nobody knows.
    /// - Throws: ``OperationError/invalid(_:hint:)`` unless `secret` has the form that ``newSecret()`` makes.
    package func adoptToken(secret: String, name: String, role: Role, by caller: Caller) async throws(OperationError) {
        try require(.admin, of: caller)
        guard let id = Self.tokenID(in: secret) else { throw Self.notAToken }
        let existing = try await reading { () async throws(FleetStoreError) in try await store.token(id) }
        if let existing, existing.secretDigest == StreamDigest.digest(of: Array(secret.utf8)) { return }
        _ = try await insertToken(secret, name, role, by: caller)
    }

    /// Makes the token that the first start writes to a file.
    /// - Returns: its text; `nil` when the server has a token already.
    package func createFirstAdminToken() async throws(OperationError) -> String? {
        let existing = try await tokens(PageRequest(limit: 1), by: .local)
        guard existing.total == 0 else { return nil }
        return try await createToken(name: "admin", role: .admin, by: .local).secret
    }

    /// Finds out who presents `secret`.
    /// - Throws: ``OperationError/unauthenticated``, whatever is wrong with it.
    package func authenticate(secret: String) async throws(OperationError) -> Caller {
        guard let id = Self.tokenID(in: secret) else { throw .unauthenticated }
        let token = try await reading { () async throws(FleetStoreError) in try await store.token(id) }
        let presented = StreamDigest.digest(of: Array(secret.utf8)).bytes
        let expected = token?.secretDigest.bytes ?? [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        guard ConstantTime.areEqual(presented, expected), let token else { throw .unauthenticated }
        return Caller(name: token.name, role: token.role, principal: token.id.rawValue)
    }

    package func tokens(_ page: PageRequest, by caller: Caller) async throws(OperationError) -> Page<AccessToken> {
        try require(.admin, of: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.tokens(page) }
    }

    package func token(_ id: AccessTokenID, by caller: Caller) async throws(OperationError) -> AccessToken {
        try require(.admin, of: caller)
        let value = try await reading { () async throws(FleetStoreError) in try await store.token(id) }
        return try found(value, .token, id.rawValue)
    }

    /// The token stops working at once.
    package func revokeToken(_ id: AccessTokenID, by caller: Caller) async throws(OperationError) {
        try require(.admin, of: caller)
        try await commit(.deleteToken(id), by: caller, "token.revoke", on: id.rawValue)
    }

    /// Newest first.
    package func auditEntries(_ page: PageRequest, by caller: Caller) async throws(OperationError) -> Page<AuditEntry> {
        try require(.admin, of: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.auditEntries(page) }
    }

    private func insertToken(_ secret: String, _ name: String, _ role: Role, by caller: Caller)
        async throws(OperationError) -> AccessToken
    {
        guard let id = Self.tokenID(in: secret) else { throw Self.notAToken }
        let token = AccessToken(
            id: id, name: name, role: role, secretDigest: StreamDigest.digest(of: Array(secret.utf8)),
            createdAt: now)
        let detail = "\(name), role \(role.rawValue)"
        try await commit(.createToken(token), by: caller, "token.create", on: id.rawValue, detail)
        return token
    }

    private static let notAToken = OperationError.invalid(
        "This is not the text of an access token.", hint: "It begins with mt_.")

    private static func tokenID(in secret: String) -> AccessTokenID? {
        let parts = secret.split(separator: "_", omittingEmptySubsequences: false)
        guard secret.utf8.count <= 256, parts.count == 3, parts[0] == "mt", parts[2].utf8.count >= 32 else {
            return nil
        }
        // Text that cannot be an id is no token; why it cannot does not matter to the caller.
        return try? AccessTokenID(String(parts[1]))
    }

    static func randomBytes(_ count: Int, _ random: inout SystemRandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
}
