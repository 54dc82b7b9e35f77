import FleetModel
import FleetStorage
import FleetStorageSQLite
import FoundationEssentials
import GRDB
import Testing
import UpdateModel

@Suite struct SQLiteFleetStoreTests {
    @Test("Invariant 7: what was acknowledged is there in a copy of the files made at that moment")
    func acknowledgedIsDurable() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteFleetStore(path: "\(directory)/fleet.db")
            try await store.furnish(RolloutPolicy(maximumInProgress: 5))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 { group.addTask { try await store.check("m\(number)") } }
                try await group.waitForAll()
            }
            // The files as a killed process leaves them: nothing is closed, nothing is checkpointed.
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: "\(directory)/fleet.db\(suffix)", toPath: "\(directory)/copy.db\(suffix)")
            }
            let copy = try SQLiteFleetStore(path: "\(directory)/copy.db")
            #expect(try await copy.machines(MachineFilter(), .first).total == 50)
            #expect(try await copy.rollout("2.0.0") == store.rollout("2.0.0"))
            #expect(try await copy.rollout("2.0.0")?.inProgress == 5)
            #expect(try await copy.check("m60").hold == .limitInProgress)
            try copy.close()
            try store.close()
        }
    }

    @Test("work that fails does not fail its neighbours in the same transaction")
    func failureStaysAlone() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteFleetStore(path: "\(directory)/fleet.db")
            try await store.furnish()
            let results = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        if number.isMultiple(of: 2) { return (try? await store.check("m\(number)")) != nil }
                        return (try? await store.makeGroup("twin", track: "stable")) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(results == 50)
            #expect(try await store.machines(MachineFilter(), .first).total == 50)
            try store.close()
        }
    }

    @Test("a full disk is told to whoever it concerns, loses nothing, and is over when there is room again")
    func fullDiskLosesNothing() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteFleetStore(path: "\(directory)/fleet.db")
            try await store.furnish()
            try await store.check("m1")
            try await store.setFull(true)
            let told = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 { group.addTask { (try? await store.check("n\(number)")) != nil } }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(told < 200)
            #expect(try await store.machines(MachineFilter(), .first).total == told + 1)
            let census = try await store.census(of: GroupName("web"), in: os)
            #expect(census.total == told + 1)
            #expect(try await store.rollout("2.0.0")?.inProgress == told + 1)
            try await store.setFull(false)
            #expect(try await store.check("late").isOffer)
            try store.close()
        }
    }

    @Test("a database from before orders existed is opened, keeps its machines, and takes orders")
    func olderDatabaseIsBroughtUpToDate() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            let before = try SQLiteFleetStore(path: path)
            try await before.furnish()
            try await before.check("m1")
            let known = try await before.show("m1")
            try before.close()
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in
                for statement in Self.sinceOrders { try db.execute(sql: statement) }
                try db.takeBackRollouts()
                for column in ["engine", "rollback", "withheld"] {
                    try db.execute(sql: "ALTER TABLE machine DROP COLUMN \(column)")
                }
                try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier <> '1-fleet'")
            }
            try queue.close()
            let store = try SQLiteFleetStore(path: path)
            #expect(try await store.show("m1") == known)
            let order = RollbackOrder(
                id: try RollbackID("r1"), version: try Version("1.0.0"), orderedBy: "ada", orderedAt: .after(1),
                reason: nil)
            try await store.commit(.orderRollback(os, try MachineID("m1"), order))
            try store.close()
            let again = try SQLiteFleetStore(path: path)
            #expect(try await again.show("m1")?.rollback == order, "it survives a restart")
            try again.close()
        }
    }

    /// Takes back what came later.
    private static let sinceOrders = [
        "DROP INDEX payload_elsewhere", "ALTER TABLE payload DROP COLUMN mirrors",
        "ALTER TABLE payload DROP COLUMN trouble_count", "DROP TABLE download_meter",
        "DROP INDEX release_floor", "ALTER TABLE release DROP COLUMN floor", "ALTER TABLE release DROP COLUMN block",
        "DROP TABLE release_block", "DROP INDEX machine_by_hold", "DROP TABLE server_key", "DROP INDEX machine_group_private", "ALTER TABLE machine_group DROP COLUMN secrets",
        "ALTER TABLE channel DROP COLUMN settled_at", "ALTER TABLE channel DROP COLUMN rules",
        "ALTER TABLE channel DROP COLUMN request", "ALTER TABLE channel_move DROP COLUMN more",
    ]

    @Test("blocks from before they were kept beside their releases outlive those, too")
    func olderBlocksAreKept() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            let before = try SQLiteFleetStore(path: path)
            try await before.furnish()
            try await before.addRelease("3.0.0")
            let block = ReleaseBlock(by: "ada", at: .after(1), reason: "no")
            try await before.commit(.blockRelease(os, try Version("3.0.0"), block))
            try before.close()
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in
                try db.execute(sql: "DROP TABLE release_block")
                try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '9-kept-blocks'")
            }
            try queue.close()
            let store = try SQLiteFleetStore(path: path)
            try await store.commit(.deletePayload(os, try Version("3.0.0"), .amd64, source: nil))
            try await store.commit(.deleteRelease(os, try Version("3.0.0")))
            try await store.addRelease("3.0.0")
            #expect(try await store.release(Version("3.0.0"), of: os)?.block == block)
            await #expect(throws: FleetStoreError.self) {
                let version = try Version("3.0.1")
                try await store.commit(
                    .createRelease(Release(application: os, version: version, notes: "", createdAt: start)))
                let bits = try makePayload("3.0.0")
                try await store.commit(
                    .addPayload(
                        Payload(
                            application: os, version: version, architecture: .amd64, sha256: bits.sha256, sha1: "", size: 1,
                            fileName: "x", format: 2, addedAt: start)))
            }
            try store.close()
        }
    }

    @Test("machines that wait for one reason are found by an index, whatever the size of the fleet")
    func holdsAreIndexed() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            let store = try SQLiteFleetStore(path: path)
            try await store.furnish(RolloutPolicy(maximumInProgress: 1))
            for id in ["m1", "m2", "m3"] { try await store.check(id) }
            var filter = MachineFilter(application: os)
            filter.hold = .limitInProgress
            #expect(try await store.machines(filter, .first).items.map(\.id.rawValue) == ["m2", "m3"])
            try await store.check("m2", "2.0.0", at: 100)
            #expect(try await store.machines(filter, .first).total == 1)
            try store.close()
            let queue = try DatabaseQueue(path: path)
            let plan = try await queue.read { db in
                try Row.fetchAll(
                    db,
                    sql: "EXPLAIN QUERY PLAN SELECT id FROM machine WHERE application = ? AND hold = ? ORDER BY application, id",
                    arguments: [os.canonical, "ramp"]
                ).map { String(describing: $0) }.joined()
            }
            #expect(plan.contains("machine_by_hold") && !plan.contains("TEMP B-TREE"), "\(plan)")
            try queue.close()
        }
    }

    @Test("a database of a newer program is refused and left alone")
    func newerDatabaseIsRefused() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            try SQLiteFleetStore(path: path).close()
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-future')") }
            try queue.close()
            #expect(throws: FleetStoreError.newerDatabase(path: path, marks: ["99-future"])) {
                try SQLiteFleetStore(path: path)
            }
        }
    }

    @Test("a file that is no database is refused with its name")
    func otherFileIsRefused() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
            #expect {
                try SQLiteFleetStore(path: path)
            } throws: { error in
                (error as? FleetStoreError)?.userMessage.text.contains(path) == true
            }
        }
    }

    @Test("a damaged row is an error, not a crash")
    func damagedRowIsAnError() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            let store = try SQLiteFleetStore(path: path)
            try await store.furnish()
            try await store.check("m1")
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "UPDATE machine SET stage = 'no such stage'") }
            await #expect(throws: FleetStoreError.self) { try await store.check("m1") }
            #expect(try await store.check("m2").isOffer)
            try queue.close()
            try store.close()
        }
    }

    @Test("commits wait for the disk")
    func commitsAreSynchronous() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteFleetStore(path: "\(directory)/fleet.db")
            #expect(try await store.synchronousMode() == 2)
            try store.close()
        }
    }
}

extension Database {
    /// Makes the tables as the program before ramps and brakes had them.
    func takeBackRollouts() throws {
        for index in ["machine_by_place", "machine_by_silence", "machine_by_clone"] {
            try execute(sql: "DROP INDEX \(index)")
        }
        for table in ["grant_meter", "clock"] { try execute(sql: "DROP TABLE \(table)") }
        let columns = [
            "machine_group": ["policy", "labels", "undo"],
            "rollout": [
                "started_at", "turn_at", "canaries_open", "canaries_done", "canaries_done_at", "ramp_started_at",
                "completed_since_resume", "silent", "silent_since_resume", "more",
            ],
            "machine": ["hold_until", "settings", "recent_boots", "clone", "grant_marks"],
        ]
        for (table, names) in columns {
            for name in names { try execute(sql: "ALTER TABLE \(table) DROP COLUMN \(name)") }
        }
        try execute(
            sql: """
                CREATE INDEX machine_by_place ON machine (application, machine_group, grant_stage_since)
                    WHERE grant_holds_place = 1
                """)
    }
}
