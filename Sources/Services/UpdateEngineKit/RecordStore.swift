import AnyJSON
import FoundationEssentials
package import Logging
package import SlotDevice
package import UpdateLogic

/// Keeps the engine's record in one file, replaced as a whole and durable on return.
///
/// What a newer version wrote and this one does not know survives: a machine that fell back must not lose it
/// (architecture section 6).
package struct RecordStore: Sendable {
    package static let fileName = "engine.json"
    private static let sizeMax = 4 * 1024 * 1024
    private let files: StateFiles
    private let logger: Logger

    package init(_ files: StateFiles, logger: Logger) {
        self.files = files
        self.logger = logger
    }

    /// The record, or a fresh one when there is none. A damaged file is put aside, because a machine that cannot
    /// update for want of its history is worse off than one that has forgotten it.
    /// - Throws: when the file is there and cannot be read: it may be better another time.
    package func load() throws(DeviceError) -> EngineRecord {
        guard let bytes = try files.read(Self.fileName, limit: Self.sizeMax) else { return EngineRecord() }
        do {
            return try JSONDecoder().decode(EngineRecord.self, from: Data(bytes))
        } catch {
            logger.error(
                "Engine record is damaged and was put aside",
                metadata: ["record.file": "\(Self.fileName)", "record.error": "\(error)"])
            try files.putAside(Self.fileName)
            return EngineRecord()
        }
    }

    package func save(_ record: EngineRecord) throws {
        let encoder = JSONEncoder()
        var value = try JSONDecoder().decode(JSONValue.self, from: encoder.encode(record))
        if let old = present() { value = value.keepingUnknown(of: old, known: EngineRecord.fieldNames) }
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try files.replace(Self.fileName, with: Array(encoder.encode(value)))
    }

    /// `nil` at the first save, and when what is there has nothing worth keeping.
    private func present() -> JSONValue? {
        guard let bytes = try? files.read(Self.fileName, limit: Self.sizeMax) else { return nil }
        return try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    }
}
