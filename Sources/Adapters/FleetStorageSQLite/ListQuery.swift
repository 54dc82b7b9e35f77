internal import FleetModel
internal import GRDB

/// A sorted list with optional conditions, one page at a time.
struct ListQuery {
    private let columns: String
    private let table: String
    private let order: String
    private var conditions: [String] = []
    private var arguments: [String] = []
    /// Counting stops here; `nil` counts to the end.
    var countMaximum: Int?

    init(_ columns: String, from table: String, orderedBy order: String) {
        self.columns = columns
        self.table = table
        self.order = order
    }

    /// Only rows with this value; `nil` is no condition. `column` is a name from this program, never from outside.
    mutating func require(_ column: String, _ value: String?) {
        guard let value else { return }
        conditions.append("\(column) = ?")
        arguments.append(value)
    }

    /// Only rows that have any value. `column` is a name from this program.
    mutating func requirePresence(_ column: String) { conditions.append("\(column) IS NOT NULL") }

    func page<Item: Sendable>(
        _ request: PageRequest, in transaction: SQLiteTransaction, _ decode: (inout RowReader) throws -> Item
    ) throws -> Page<Item> {
        let limit = countMaximum.map { " LIMIT \($0)" } ?? ""
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM \(table)\(filter)\(limit))"
        let total = try transaction.number(sql, StatementValues(arguments))
        return Page(items: try items(request, in: transaction, decode), total: total)
    }

    func items<Item: Sendable>(
        _ request: PageRequest, in transaction: SQLiteTransaction, _ decode: (inout RowReader) throws -> Item
    ) throws -> [Item] {
        let sql = "SELECT \(columns) FROM \(table)\(filter) ORDER BY \(order) LIMIT ? OFFSET ?"
        let values: [any DatabaseValueConvertible] = arguments + [request.limit, request.offset]
        return try transaction.all(sql, StatementValues(values), decode)
    }

    private var filter: String { conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ") }
}
