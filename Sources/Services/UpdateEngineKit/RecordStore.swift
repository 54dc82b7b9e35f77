import FoundationEssentials
import HostLinux
import Logging
import UpdateLogic

/// Keeps the engine's record in one file, replaced as a whole and durable on return.
///
/// What a newer version wrote and this one does not know survives: a machine that fell back must not lose it
/// (architecture section 6).
struct RecordStore: Sendable {
    let path: String
    let logger: Logger
    private static let sizeMax = 4 * 1024 * 1024

    /// The record, or a fresh one when there is none. A damaged file is put aside, because a machine that cannot
    /// update for want of its history is worse off than one that has forgotten it.
    func load() -> EngineRecord {
        guard let bytes = try? AtomicFile.read(path, limit: Self.sizeMax) else { return EngineRecord() }  // None yet.
        do {
            return try JSONDecoder().decode(EngineRecord.self, from: Data(bytes))
        } catch {
            logger.error("Engine record is damaged and was put aside", metadata: ["record.path": "\(path)", "record.error": "\(error)"])
            try? FileManager.default.moveItem(atPath: path, toPath: "\(path).damaged")  // It is overwritten otherwise.
            return EngineRecord()
        }
    }

    func save(_ record: EngineRecord) throws {
        let encoder = JSONEncoder()
        var value = try JSONDecoder().decode(JSONValue.self, from: encoder.encode(record))
        if let bytes = try? AtomicFile.read(path, limit: Self.sizeMax),  // The first save has nothing to keep.
            let old = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        {
            value = value.keepingUnknown(of: old, known: EngineRecord.fieldNames)
        }
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(Array(encoder.encode(value)), to: path, mode: 0o600)
    }
}

/// Any JSON, so that fields without a meaning here can be carried along.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// This object, with those fields of `old` that are not in `known`.
    func keepingUnknown(of old: JSONValue, known: Set<String>) -> JSONValue {
        guard case .object(let mine) = self, case .object(let theirs) = old else { return self }
        return .object(mine.merging(theirs.filter { !known.contains($0.key) }) { mine, _ in mine })
    }
}

extension JSONValue: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {  // Each failed try means “another kind”.
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }
}
