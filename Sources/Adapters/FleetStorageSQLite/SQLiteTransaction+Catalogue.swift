internal import FleetModel
internal import FleetStorage
internal import GRDB
internal import UpdateModel

// Applications, releases, payloads.
extension SQLiteTransaction {
    func application(_ id: ApplicationID) throws -> Application? {
        try first("SELECT \(Application.columns) FROM application WHERE id = ?", [id.canonical]) {
            try Application(reading: &$0)
        }
    }

    func application(named name: String) throws -> Application? {
        try first("SELECT \(Application.columns) FROM application WHERE name = ?", [name]) {
            try Application(reading: &$0)
        }
    }

    func put(_ application: Application) throws {
        let sql = """
            INSERT INTO application (id, text, name, created_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name
            """
        let (id, created) = (application.id, application.createdAt.microseconds)
        try run(sql, [id.canonical, id.text, application.name, created])
    }

    func removeApplication(_ id: ApplicationID) throws {
        try run("DELETE FROM application WHERE id = ?", [id.canonical])
        try run("DELETE FROM channel WHERE application = ?", [id.canonical])
        try run("DELETE FROM channel_move WHERE application = ?", [id.canonical])
        try run("DELETE FROM release_block WHERE application = ?", [id.canonical])
    }

    func firstContent(of application: ApplicationID) throws -> FleetStoreError.Noun? {
        let tables: [(FleetStoreError.Noun, String)] = [
            (.release, "release WHERE"), (.channel, "channel WHERE version IS NOT NULL AND"),
            (.group, "machine_group WHERE"), (.machine, "machine WHERE"),
        ]
        for (noun, rows) in tables {
            let sql = "SELECT EXISTS (SELECT 1 FROM \(rows) application = ?)"
            if try number(sql, [application.canonical]) != 0 { return noun }
        }
        return nil
    }

    func release(_ version: Version, of application: ApplicationID) throws -> Release? {
        let sql = "SELECT \(Release.columns) FROM release WHERE application = ? AND version = ?"
        return try first(sql, [application.canonical, version.text]) { try Release(reading: &$0) }
    }

    func put(_ release: Release) throws {
        let sql = """
            INSERT INTO release (\(Release.columns)) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (application, version)
                DO UPDATE SET notes = excluded.notes, block = excluded.block, floor = excluded.floor
            """
        try run(
            sql,
            [
                release.application.canonical, release.version.text, release.notes, release.createdAt.microseconds,
                try release.block.map(jsonText), try release.floor.map(jsonText),
            ])
    }

    func floors(of application: ApplicationID) throws -> [Release] {
        let sql = """
            SELECT \(Release.columns) FROM release WHERE application = ? AND floor IS NOT NULL ORDER BY version
            """
        return try all(sql, [application.canonical]) { try Release(reading: &$0) }
    }

    func blockRecords(of application: ApplicationID) throws -> [BlockRecord] {
        let sql = "SELECT record FROM release_block WHERE application = ? ORDER BY version"
        return try all(sql, [application.canonical]) { try $0.optionalJSON() }.compactMap { $0 }
    }

    func blockRecord(of version: Version, in application: ApplicationID) throws -> BlockRecord? {
        let sql = "SELECT record FROM release_block WHERE application = ? AND version = ?"
        return try first(sql, [application.canonical, version.text]) { try $0.optionalJSON() } ?? nil
    }

    func put(_ record: BlockRecord, in application: ApplicationID) throws {
        try run(
            "INSERT OR REPLACE INTO release_block (application, version, record) VALUES (?, ?, ?)",
            [application.canonical, record.version.text, try jsonText(record)])
    }

    func removeBlockRecord(of version: Version, in application: ApplicationID) throws {
        try run(
            "DELETE FROM release_block WHERE application = ? AND version = ?", [application.canonical, version.text])
    }

    func removeRelease(_ version: Version, of application: ApplicationID) throws {
        try run(
            "DELETE FROM release WHERE application = ? AND version = ?", [application.canonical, version.text])
    }

    func payloads(of version: Version, in application: ApplicationID) throws -> [Payload] {
        let sql = """
            SELECT \(Payload.columns) FROM payload WHERE application = ? AND version = ? ORDER BY architecture, source
            """
        return try all(sql, [application.canonical, version.text]) { try Payload(reading: &$0) }
    }

    func put(_ payload: Payload) throws {
        guard let size = Int64(exactly: payload.size) else {
            throw FleetStoreError.conflict("A payload of \(payload.size) bytes is too large.")
        }
        try run(
            "INSERT INTO payload (\(Payload.columns), trouble_count) VALUES (\(Self.marks(13)))",
            [
                payload.application.canonical, payload.version.text, payload.architecture.name,
                payload.source?.text ?? "", payload.sha256.hexadecimal, payload.sha1, size, payload.fileName,
                payload.format, payload.contentDigest?.hexadecimal, payload.addedAt.microseconds,
                payload.isElsewhere ? try jsonText(payload.mirrors) : nil, payload.troubleCount,
            ])
    }

    func replaceMirrors(of payload: Payload) throws {
        let sql = """
            UPDATE payload SET mirrors = ?, trouble_count = ?
            WHERE application = ? AND version = ? AND architecture = ? AND source = ?
            """
        try run(
            sql,
            [
                try jsonText(payload.mirrors), payload.troubleCount, payload.application.canonical,
                payload.version.text, payload.architecture.name, payload.source?.text ?? "",
            ])
    }

    func remove(_ payload: Payload) throws {
        let sql = "DELETE FROM payload WHERE application = ? AND version = ? AND architecture = ? AND source = ?"
        try run(
            sql,
            [
                payload.application.canonical, payload.version.text, payload.architecture.name,
                payload.source?.text ?? "",
            ])
    }
}

extension Application {
    static let columns = "text, name, created_at"

    init(reading row: inout RowReader) throws {
        self.init(id: try row.application(), name: try row.text(), createdAt: try row.time())
    }
}

extension Release {
    static let columns = "application, version, notes, created_at, block, floor"

    init(reading row: inout RowReader) throws {
        self.init(
            application: try row.application(), version: try row.version(), notes: try row.text(),
            createdAt: try row.time(), block: try row.optionalJSON(), floor: try row.optionalJSON())
    }
}

extension Payload {
    static let columns = """
        application, version, architecture, source, sha256, sha1, size, file_name, format, content_digest, added_at,
        mirrors
        """

    init(reading row: inout RowReader) throws {
        let application = try row.application()
        let version = try row.version()
        let architecture = try row.architecture()
        let source = try row.text()
        self.init(
            application: application, version: version, architecture: architecture,
            source: source.isEmpty ? nil : try Version(source), sha256: try row.digest(), sha1: try row.text(),
            size: UInt64(clamping: try row.integer()), fileName: try row.text(), format: try row.integer(),
            contentDigest: try row.optionalDigest(), addedAt: try row.time(), mirrors: try row.optionalJSON() ?? [])
    }
}
