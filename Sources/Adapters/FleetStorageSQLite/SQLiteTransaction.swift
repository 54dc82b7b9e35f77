internal import FleetModel
internal import FleetStorage
internal import GRDB
internal import UpdateModel

/// The rows of a database inside one transaction. Statements are prepared once a connection.
struct SQLiteTransaction: FleetTransaction {
    let db: Database
    /// `nil` where changes made by others may be seen: on reading connections.
    let cache: TrackCache?
    /// Where roll-outs and counters are until the transaction ends; `nil` where every change goes to the tables at
    /// once.
    let memory: BatchMemory?
    let limits: FleetStoreLimits
    let zones: any ZoneDirectory

    init(
        _ db: Database, cache: TrackCache? = nil, memory: BatchMemory? = nil,
        limits: FleetStoreLimits = FleetStoreLimits(), zones: any ZoneDirectory = UniversalTimeOnly()
    ) {
        self.db = db
        self.cache = cache
        self.memory = memory
        self.limits = limits
        self.zones = zones
    }

    func first<Value>(
        _ sql: String, _ values: StatementValues, _ decode: (inout RowReader) throws -> Value
    ) throws -> Value? {
        var found: Value?
        try PreparedStatement(sql, in: db).run(values) { row in
            found = try decode(&row)
            return false
        }
        return found
    }

    func all<Value>(
        _ sql: String, _ values: StatementValues, _ decode: (inout RowReader) throws -> Value
    ) throws -> [Value] {
        var found: [Value] = []
        try PreparedStatement(sql, in: db).run(values) { row in
            found.append(try decode(&row))
            return true
        }
        return found
    }

    /// Runs what gives no rows.
    func run(_ sql: String, _ values: StatementValues) throws {
        try PreparedStatement(sql, in: db).run(values) { _ in true }
    }

    /// One mark for each column.
    static func marks(_ count: Int) -> String { String(repeating: "?, ", count: max(count - 1, 0)) + "?" }

    func number(_ sql: String, _ values: StatementValues) throws -> Int {
        try first(sql, values) { try $0.integer() } ?? 0
    }
}
