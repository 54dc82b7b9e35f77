internal import FleetModel
internal import FleetStorage
internal import GRDB
internal import UpdateModel

/// The rows of a database inside one transaction. Statements are prepared once a connection.
struct SQLiteTransaction: FleetTransaction {
    let db: Database
    /// `nil` where changes made by others may be seen: on reading connections.
    let cache: TrackCache?
    /// Where roll-outs and counters are until the transaction ends; `nil` where every change goes to the tables at once.
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
        _ sql: String, _ arguments: StatementArguments, _ decode: (inout RowReader) throws -> Value
    ) throws -> Value? {
        guard let row = try Row.fetchOne(try db.cachedStatement(sql: sql), arguments: arguments) else { return nil }
        var reader = RowReader(row)
        return try decode(&reader)
    }

    func all<Value>(
        _ sql: String, _ arguments: StatementArguments, _ decode: (inout RowReader) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        let rows = try Row.fetchCursor(try db.cachedStatement(sql: sql), arguments: arguments)
        while let row = try rows.next() {
            var reader = RowReader(row)
            values.append(try decode(&reader))
        }
        return values
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// One mark for each column.
    static func marks(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }

    func number(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try first(sql, arguments) { try $0.integer() } ?? 0
    }
}
