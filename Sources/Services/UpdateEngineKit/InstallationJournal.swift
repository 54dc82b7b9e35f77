import FoundationEssentials
import PayloadFormat
import UpdateModel

/// The place in a payload from which an installation can go on, kept through a kill or a power cut.
///
/// Two files: the payload's metadata, written once, and the checkpoint, replaced as it advances. The checkpoint names
/// the payload and the slot, so that what does not belong together is not used.
struct InstallationJournal: Sendable {
    struct Entry: Sendable {
        var checkpoint: PayloadCheckpoint
        var metadata: [UInt8]
    }

    private struct Stored: Codable {
        var payloadDigest: SHA256Digest
        var slot: Slot
        var checkpoint: PayloadCheckpoint
    }

    private static let checkpointName = "installation.json"
    private static let metadataName = "installation.metadata"
    private static let metadataBytesMax = 80 << 20
    private static let checkpointBytesMax = 64 << 10

    private let files: StateFiles
    private let payloadDigest: SHA256Digest
    private let slot: Slot
    private var isMetadataSaved = false

    init(_ files: StateFiles, payloadDigest: SHA256Digest, slot: Slot) {
        self.files = files
        self.payloadDigest = payloadDigest
        self.slot = slot
    }

    /// `nil` when there is nothing to go on from, or it belongs to something else.
    mutating func load() -> Entry? {
        // Unreadable is as good as absent: the download starts anew.
        guard let bytes = try? files.read(Self.checkpointName, limit: Self.checkpointBytesMax),
            let stored = try? JSONDecoder().decode(Stored.self, from: Data(bytes)),
            stored.payloadDigest == payloadDigest, stored.slot == slot,
            let metadata = try? files.read(Self.metadataName, limit: Self.metadataBytesMax)
        else { return nil }
        isMetadataSaved = true
        return Entry(checkpoint: stored.checkpoint, metadata: metadata)
    }

    mutating func save(_ entry: Entry) throws {
        if !isMetadataSaved { try files.replace(Self.metadataName, with: entry.metadata) }
        isMetadataSaved = true
        let stored = Stored(payloadDigest: payloadDigest, slot: slot, checkpoint: entry.checkpoint)
        try files.replace(Self.checkpointName, with: Array(JSONEncoder().encode(stored)))
    }

    /// - Throws: when the checkpoint may still be there.
    mutating func clear() throws {
        isMetadataSaved = false
        try files.remove(Self.checkpointName)
        try files.remove(Self.metadataName)
    }
}
