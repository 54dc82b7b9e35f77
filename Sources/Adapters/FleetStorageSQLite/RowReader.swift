internal import FleetModel
internal import FleetStorage
internal import FoundationEssentials
internal import GRDB
internal import UpdateModel

/// Reads the columns of the row that a statement stands at, from left to right. What cannot have been written by this
/// program is an error, not a trap.
struct RowReader {
    private let statement: Statement
    private let columnCount: Int
    private var index = 0

    init(_ statement: Statement) {
        self.statement = statement
        self.columnCount = statement.columnCount
    }

    mutating func text() throws -> String { try next() }
    mutating func optionalText() throws -> String? { try nextIfPresent() }
    mutating func integer() throws -> Int { try next() }
    mutating func optionalInteger() throws -> Int? { try nextIfPresent() }
    mutating func time() throws -> Timestamp { Timestamp(microseconds: try next()) }
    mutating func optionalTime() throws -> Timestamp? { try nextIfPresent().map(Timestamp.init(microseconds:)) }
    mutating func flag() throws -> Bool { try integer() != 0 }

    mutating func name<Kind>(_ kind: Kind.Type = Kind.self) throws -> Identifier<Kind> {
        try parse(text()) { try? Identifier<Kind>($0) }
    }

    mutating func optionalName<Kind>(_ kind: Kind.Type = Kind.self) throws -> Identifier<Kind>? {
        try parseOptional(optionalText()) { try? Identifier<Kind>($0) }
    }

    mutating func application() throws -> ApplicationID { try parse(text()) { try? ApplicationID($0) } }
    mutating func version() throws -> Version { try parse(text()) { try? Version($0) } }
    mutating func optionalVersion() throws -> Version? { try parseOptional(optionalText()) { try? Version($0) } }
    mutating func digest() throws -> SHA256Digest { try parse(text()) { SHA256Digest(hexadecimal: $0) } }
    mutating func optionalDigest() throws -> SHA256Digest? {
        try parseOptional(optionalText()) { SHA256Digest(hexadecimal: $0) }
    }
    mutating func architecture() throws -> Architecture { try parse(text()) { Architecture($0) } }
    mutating func optionalArchitecture() throws -> Architecture? {
        try parseOptional(optionalText()) { Architecture($0) }
    }

    mutating func optionalLabels() throws -> LabelQuery? { try parseOptional(optionalText()) { LabelQuery($0) } }

    mutating func word<Word: RawRepresentable<String>>() throws -> Word { try parse(text()) { Word(rawValue: $0) } }
    mutating func optionalWord<Word: RawRepresentable<String>>() throws -> Word? {
        try parseOptional(optionalText()) { Word(rawValue: $0) }
    }

    /// A value that is kept as JSON.
    mutating func optionalJSON<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value? {
        try parseOptional(optionalText()) { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }

    private mutating func next<Value: StatementColumnConvertible>() throws -> Value {
        guard let value: Value = try nextIfPresent() else {
            throw FleetStoreError.corrupt("nothing in column \(column)")
        }
        return value
    }

    /// The tables are strict: what is there has its column's type.
    private mutating func nextIfPresent<Value: StatementColumnConvertible>() throws -> Value? {
        guard index < columnCount else { throw FleetStoreError.corrupt("only \(columnCount) columns") }
        defer { index += 1 }
        return unsafe Value.fromStatement(statement.sqliteStatement, atUncheckedIndex: CInt(index))
    }

    /// The name of the column that was read last.
    private var column: String { statement.columnNames[index - 1] }

    private func parse<Value>(_ text: String, _ body: (String) -> Value?) throws -> Value {
        guard let value = body(text) else {
            throw FleetStoreError.corrupt("“\(text.prefix(64))” in column \(column)")
        }
        return value
    }

    private func parseOptional<Value>(_ text: String?, _ body: (String) -> Value?) throws -> Value? {
        guard let text else { return nil }
        return try parse(text, body)
    }
}

/// The text of a value that is kept as JSON.
func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
