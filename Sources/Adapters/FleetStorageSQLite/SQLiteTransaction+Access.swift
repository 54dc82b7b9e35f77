internal import FleetModel
internal import GRDB
internal import UpdateModel

// Tokens and the record of acts.
extension SQLiteTransaction {
    func token(_ id: AccessTokenID) throws -> AccessToken? {
        try first("SELECT \(AccessToken.columns) FROM token WHERE id = ?", [id.rawValue]) {
            try AccessToken(reading: &$0)
        }
    }

    func put(_ token: AccessToken) throws {
        try run(
            "INSERT INTO token (\(AccessToken.columns)) VALUES (?, ?, ?, ?, ?)",
            [
                token.id.rawValue, token.name, token.role.rawValue, token.secretDigest.hexadecimal,
                token.createdAt.microseconds,
            ])
    }

    func removeToken(_ id: AccessTokenID) throws { try run("DELETE FROM token WHERE id = ?", [id.rawValue]) }

    func append(_ entry: AuditEntry) throws {
        try run(
            "INSERT INTO audit (at, actor, action, object, detail) VALUES (?, ?, ?, ?, ?)",
            [entry.at.microseconds, entry.actor, entry.action, entry.object, entry.detail])
    }
}

extension AccessToken {
    static let columns = "id, name, role, secret_digest, created_at"

    init(reading row: inout RowReader) throws {
        self.init(
            id: try row.name(), name: try row.text(), role: try row.word(), secretDigest: try row.digest(),
            createdAt: try row.time())
    }
}

extension AuditEntry {
    static let columns = "number, at, actor, action, object, detail"

    init(reading row: inout RowReader) throws {
        self.init(
            number: Int64(try row.integer()), at: try row.time(), actor: try row.text(), action: try row.text(),
            object: try row.text(), detail: try row.text())
    }
}
