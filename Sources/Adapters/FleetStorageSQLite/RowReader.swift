internal import FleetModel
internal import FleetStorage
internal import FoundationEssentials
internal import GRDB
internal import UpdateModel

/// Reads the columns of a row from left to right. What cannot have been written by this program is an error, not a trap.
struct RowReader {
    let row: Row
    private var index = 0

    init(_ row: Row) { self.row = row }

    mutating func text() throws -> String { try next(String.self) }
    mutating func optionalText() throws -> String? { try next(String?.self) }
    mutating func integer() throws -> Int { try next(Int.self) }
    mutating func optionalInteger() throws -> Int? { try next(Int?.self) }
    mutating func time() throws -> Timestamp { Timestamp(microseconds: try next(Int64.self)) }
    mutating func optionalTime() throws -> Timestamp? { try next(Int64?.self).map(Timestamp.init(microseconds:)) }
    mutating func flag() throws -> Bool { try next(Int.self) != 0 }

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

    private mutating func next<Value: DatabaseValueConvertible>(_ type: Value.Type) throws -> Value {
        defer { index += 1 }
        return try row.decode(type, atIndex: index)
    }

    private func parse<Value>(_ text: String, _ body: (String) -> Value?) throws -> Value {
        guard let value = body(text) else {
            let column = Array(row.columnNames)[index - 1]
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
