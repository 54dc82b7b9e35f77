internal import GRDB
private import GRDBSQLite

/// A statement that the connection prepared once and keeps, run by SQLite's own calls.
///
/// A check-in runs a dozen statements. GRDB's own way to run one makes an array of values, checks it, and builds a
/// dictionary of column names for every row: to read a machine, more work than SQLite's own. GRDB still prepares, keeps
/// and finalizes the statement, which outlives its use here because this holds it.
struct PreparedStatement {
    private let statement: Statement

    init(_ sql: String, in db: Database) throws { statement = try db.cachedStatement(sql: sql) }

    /// Runs it to the end, or until `body` has seen enough.
    /// - Parameter body: is given each row, which it must not keep; false ends the run.
    /// - Throws: `DatabaseError`, or what `body` threw.
    func run(_ values: StatementValues, _ body: (inout RowReader) throws -> Bool) throws {
        defer { reset() }
        try bind(values)
        while try step() {
            var row = RowReader(statement)
            guard try body(&row) else { return }
        }
    }

    private func bind(_ values: StatementValues) throws {
        guard unsafe sqlite3_bind_parameter_count(statement.sqliteStatement) == CInt(values.elements.count) else {
            throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "wrong number of values", sql: statement.sql)
        }
        for (index, value) in values.elements.enumerated() {
            // What is not bound is NULL: no statement keeps the values of an earlier run.
            guard let value else { continue }
            try check(unsafe value.bind(to: statement.sqliteStatement, at: CInt(index + 1)), expecting: SQLITE_OK)
        }
    }

    /// - Returns: whether there is a row.
    private func step() throws -> Bool {
        let code = unsafe sqlite3_step(statement.sqliteStatement)
        if code == SQLITE_ROW { return true }
        try check(code, expecting: SQLITE_DONE)
        return false
    }

    private func check(_ code: CInt, expecting expected: CInt) throws {
        guard code != expected else { return }
        let message = unsafe String(cString: sqlite3_errmsg(sqlite3_db_handle(statement.sqliteStatement)))
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
    }

    private func reset() {
        // Says again what went wrong in the run, which was thrown already.
        _ = unsafe sqlite3_reset(statement.sqliteStatement)
        _ = unsafe sqlite3_clear_bindings(statement.sqliteStatement)
    }
}

/// What stands for the question marks of a statement, in their order.
struct StatementValues: ExpressibleByArrayLiteral {
    typealias Element = (any DatabaseValueConvertible)?

    let elements: [Element]

    init(_ elements: [Element]) { self.elements = elements }

    init(arrayLiteral elements: Element...) { self.elements = elements }
}
