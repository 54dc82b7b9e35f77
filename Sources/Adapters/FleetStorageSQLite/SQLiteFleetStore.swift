package import FleetModel
package import FleetStorage
internal import GRDB
internal import UpdateModel

/// Keeps a fleet in one SQLite file, with a write-ahead log, one writer that commits in groups, and readers that never
/// wait for it.
package struct SQLiteFleetStore: FleetStore {
    let pool: DatabasePool
    let queue: GroupCommitQueue
    private let cache = TrackCache()
    private let limits: FleetStoreLimits
    private let zones: any ZoneDirectory
    private let arrivals: ArrivalMeter

    /// Opens the file, makes it where there is none, and brings it up to date.
    /// - Parameter observer: is told of every transaction.
    /// - Throws: ``FleetStoreError/newerDatabase(path:marks:)`` or ``FleetStoreError/failed(doing:reason:)``.
    package init(
        path: String, limits: FleetStoreLimits = FleetStoreLimits(), zones: any ZoneDirectory = UniversalTimeOnly(),
        observer: StoreObserver? = nil
    ) throws(FleetStoreError) {
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            configuration.label = "fleet"
            let pool = try DatabasePool(path: path, configuration: configuration)
            try FleetSchema.prepare(pool)
            // The pool chooses NORMAL, which may lose the last commits with the power; what was acknowledged must stay.
            // What savepoints keep aside is of no use after a crash: it need not go through a file.
            try pool.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY")
            }
            self.pool = pool
            self.arrivals = ArrivalMeter(maximum: limits.newMachinesPerHourMaximum)
            self.queue = GroupCommitQueue(pool: pool, cache: cache, arrivals: arrivals, observer: observer)
            self.limits = limits
            self.zones = zones
        } catch {
            throw FleetStoreError(error, doing: "opening \(path)")
        }
    }

    /// Closes the file. Work that is still waiting fails.
    package func close() throws(FleetStoreError) {
        do { try pool.close() } catch { throw FleetStoreError(error, doing: "closing \(pool.path)") }
    }

    package func checkIn(_ checkIn: CheckIn) async throws(FleetStoreError) -> CheckInOutcome {
        let script = CheckInScript(checkIn, limits: limits, arrivals: arrivals)
        return try await queue.performShared { [cache, limits, zones] db, memory in
            var transaction = SQLiteTransaction(db, cache: cache, memory: memory, limits: limits, zones: zones)
            return try script.run(on: &transaction)
        }
    }

    package func expireGrants(at now: Timestamp) async throws(FleetStoreError) -> Int {
        try await queue.performShared { [cache, limits, zones] db, memory in
            var transaction = SQLiteTransaction(db, cache: cache, memory: memory, limits: limits, zones: zones)
            let script = ExpiryScript(now: now, limit: CheckInScript.expiryBatch)
            let groups = try transaction.all("SELECT \(Group.columns) FROM machine_group g", []) {
                try Group(reading: &$0)
            }
            var count = 0
            for group in groups where count < CheckInScript.expiryBatch {
                count += try script.run(group, on: &transaction)
            }
            return count
        }
    }

    package func commit(_ change: FleetChange, audit entry: AuditEntry) async throws(FleetStoreError) {
        try await queue.perform { [cache, limits, zones] db in
            cache.empty()
            defer { cache.empty() }
            var transaction = SQLiteTransaction(db, limits: limits, zones: zones)
            try ChangeScript(change).run(on: &transaction)
            try transaction.append(entry)
        }
    }
}

// The clock.
extension SQLiteFleetStore {
    package func clockMark() async throws(FleetStoreError) -> ClockMark? { try await clockValue("mark") }

    package func put(_ mark: ClockMark) async throws(FleetStoreError) { try await putClock(mark, "mark") }

    package func clockAlarm() async throws(FleetStoreError) -> ClockAlarm? { try await clockValue("alarm") }

    package func put(_ alarm: ClockAlarm?) async throws(FleetStoreError) { try await putClock(alarm, "alarm") }

    private func clockValue<Value: Decodable & Sendable>(_ name: String) async throws(FleetStoreError) -> Value? {
        try await queue.perform { db in
            try SQLiteTransaction(db).first("SELECT value FROM clock WHERE name = ?", [name]) { try $0.optionalJSON() }
                ?? nil
        }
    }

    private func putClock(_ value: (some Encodable & Sendable)?, _ name: String) async throws(FleetStoreError) {
        try await queue.perform { db in
            let transaction = SQLiteTransaction(db)
            guard let value else { return try transaction.run("DELETE FROM clock WHERE name = ?", [name]) }
            let sql = "INSERT OR REPLACE INTO clock (name, value) VALUES (?, ?)"
            try transaction.run(sql, [name, try jsonText(value)])
        }
    }
}

// Keys.
extension SQLiteFleetStore {
    package func payloadKey(orKeeping fresh: [UInt8]) async throws(FleetStoreError) -> [UInt8] {
        try await queue.perform { db in
            let transaction = SQLiteTransaction(db)
            let key: StatementValues = ["payload-pass"]
            let sql = "INSERT INTO server_key (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
            try transaction.run(sql, ["payload-pass", Hexadecimal.encode(fresh)])
            let text = try transaction.first("SELECT value FROM server_key WHERE name = ?", key) { try $0.text() }
            guard let bytes = text.flatMap({ Hexadecimal.decode($0) }) else {
                throw FleetStoreError.corrupt("the key of payload passes")
            }
            return Array(bytes)
        }
    }
}

// For tests of durability.
extension SQLiteFleetStore {
    /// Makes the file full at its present size, or lifts that limit.
    package func setFull(_ isFull: Bool) async throws(FleetStoreError) {
        try await queue.perform { db in
            let pages = isFull ? try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 1 : 0x3FFF_FFFF
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
        }
    }

    /// How the writing connection waits for the disk: 2 is SQLite's `FULL`.
    package func synchronousMode() async throws(FleetStoreError) -> Int {
        try await queue.perform { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 }
    }
}
