import FleetModel
import FleetStorage
import FleetStorageSQLite
import FoundationEssentials
import GRDB
import Testing
import UpdateModel

/// `Tests/Vectors/fleet/schema-N.sql` holds what a database was with the first N migrations: its tables, and a little fleet
/// as the program of that time kept it. A new migration brings its own file; those that are there never change.
@Suite("A database of any earlier program is brought up to date")
struct MigrationTests {
    private static let versions = 1...12

    /// Makes the database of schema version `number` at `path`.
    private func make(_ number: Int, at path: String) async throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Vectors/fleet/schema-\(number).sql")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let queue = try DatabaseQueue(path: path)
        try await queue.write { try $0.execute(sql: text) }
        try queue.close()
    }

    /// Its tables and indices, and the marks of its migrations.
    private func schema(at path: String) async throws -> (tables: [String], marks: [String]) {
        let queue = try DatabaseQueue(path: path)
        let found = try await queue.read { db in
            (
                try String.fetchAll(db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"),
                try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
            )
        }
        try queue.close()
        let tables = found.0.map { sql in
            sql.replacing("(", with: " ( ").replacing(")", with: " ) ").split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
        }
        return (tables, found.1)
    }

    @Test("its tables are those of a new one, and what it held is there and goes on", arguments: versions)
    func everyVersion(number: Int) async throws {
        try await withTemporaryDirectory { directory in
            let (old, new) = ("\(directory)/old.db", "\(directory)/new.db")
            try await make(number, at: old)
            let store = try SQLiteFleetStore(path: old)
            try await checkFleet(store, hasBlock: number >= 4)
            let stable = try #require(await store.channel(ChannelName("stable"), of: os))
            let passedOver = try await store.channel(ChannelName("beta"), of: os)?.rules.passedOver
            #expect(passedOver == (number >= 12 ? FollowedRelease(of: stable) : nil))
            try store.close()
            try SQLiteFleetStore(path: new).close()
            let (migrated, fresh) = (try await schema(at: old), try await schema(at: new))
            #expect(migrated.tables == fresh.tables)
            #expect(migrated.marks == fresh.marks)
            #expect(fresh.marks.count == Self.versions.upperBound, "a new migration brings its vector")
        }
    }

    @Test(
        "a channel that was moved by hand once the release was due keeps to that; one that waits for its soak goes on",
        arguments: [
            // When it came to its release, in seconds after the other one came to its own.
            ("'1.0.0'", 100, "NULL", true), ("'1.0.0'", 99, "NULL", false), ("'3.0.0'", 100, "NULL", false),
            ("NULL", 100, "NULL", false), ("'1.0.0'", 0, "changed_at + 100000000", true),
            ("'1.0.0'", 100, "changed_at - 1", false),
        ])
    func decisions(version: String, seconds: Int, settledAt: String, isDecided: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/old.db"
            try await make(9, at: path)
            let queue = try DatabaseQueue(path: path)
            let rules = #"{"follows":{"channel":"stable","machines":1,"soakSeconds":100},"needsSecondPerson":false}"#
            try await queue.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO channel
                        SELECT application, 'beta', \(version), changed_at + \(seconds) * 1000000, NULL, '\(rules)', NULL
                        FROM channel WHERE name = 'stable';
                        UPDATE channel SET settled_at = \(settledAt) WHERE name = 'beta';
                        """)
            }
            try queue.close()
            let store = try SQLiteFleetStore(path: path)
            let stable = try #require(await store.channel(ChannelName("stable"), of: os))
            let beta = try #require(await store.channel(ChannelName("beta"), of: os))
            #expect(beta.rules.passedOver == (isDecided ? FollowedRelease(of: stable) : nil))
            #expect(beta.rules.follows?.soakSeconds == 100)
            #expect(stable.rules == ChannelRules())
            try store.close()
        }
    }

    private func checkFleet(_ store: SQLiteFleetStore, hasBlock: Bool) async throws {
        let two = try Version("2.0.0")
        #expect(try await store.releases(of: os, .first).total == 3)
        #expect(try await store.payloads(of: os, version: two, .first).items.map(\.size) == [12_345, 99])
        #expect(try await store.release(two, of: os)?.block?.reason == (hasBlock ? "it eats disks" : nil))
        let stable = try #require(await store.channel(ChannelName("stable"), of: os))
        #expect(stable.version?.text == "3.0.0")
        #expect(stable.settledAt == start.adding(seconds: 60))
        #expect(try await store.channelMoves(of: os, channel: nil, .first).items.first?.evidence.count == 1)
        #expect(try await store.web().policy.maximumInProgress == 5)
        #expect(try await store.census(of: GroupName("web"), in: os).total == 2)
        #expect(try await store.rollout("3.0.0")?.inProgress == 1)
        #expect(try await store.show("m1")?.grant?.version.text == "3.0.0")
        #expect(try await store.events(EventFilter(), .first).total == 1)
        #expect(try await store.tokens(.first).items.first?.name == "ci")
        #expect(try await store.auditEntries(.first).total == 1)
        #expect(try await store.check("m1", "3.0.0", boot: "b2", at: 100).group?.rawValue == "web")
        #expect(try await store.rollout("3.0.0")?.completed == 2)
        #expect(try await store.check("m3", at: 101).isOffer)
        guard hasBlock else { return }
        let bits = try makePayload("2.0.0")
        for source in [nil, try Version("1.0.0")] {
            try await store.commit(.deletePayload(os, two, .amd64, source: source))
        }
        try await store.commit(.deleteRelease(os, two))
        try await store.addRelease("2.0.0", [])
        #expect(try await store.release(two, of: os)?.block != nil, "a block outlives its release")
        try await store.addRelease("2.0.1", [])
        for digest in [bits.sha256, try #require(bits.contentDigest)] {
            let copy = Payload(
                application: os, version: try Version("2.0.1"), architecture: .arm64, sha256: digest, sha1: "", size: 1,
                fileName: "x", format: 2, addedAt: start)
            await #expect(throws: FleetStoreError.self) { try await store.commit(.addPayload(copy)) }
        }
    }
}
