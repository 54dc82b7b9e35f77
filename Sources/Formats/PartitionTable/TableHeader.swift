/// The header of one copy of the table.
///
/// ```text
///  0 "EFI PART" │  8 revision │ 12 header size │ 16 header checksum │ 20 zero │ 24 own block │ 32 the twin's block
/// 40 first usable │ 48 last usable │ 56 disk id │ 72 entries' block │ 80 entry count │ 84 entry size │ 88 entries' checksum
/// ```
/// Source: UEFI Specification 2.10, clause 5.3.2, table 5-5.
struct TableHeader: Hashable, Sendable {
    static let byteCount = 92
    static let signature = Array("EFI PART".utf8)
    static let revision: UInt32 = 0x0001_0000
    /// Bounds on what a table may make a reader allocate: at most this many entries, and bytes of them.
    static let entryCountMax: UInt32 = 1024
    static let entriesByteCountMax = 1 << 20

    var ownLBA: UInt64
    var twinLBA: UInt64
    var firstUsableLBA: UInt64
    var lastUsableLBA: UInt64
    var diskID: GUID
    var entriesLBA: UInt64
    var entryCount: Int
    var entrySizeBytes: Int
    var entriesChecksum: UInt32

    var entriesByteCount: Int { entryCount * entrySizeBytes }
}

extension TableHeader {
    /// Reads a header from a whole sector.
    init(sector: [UInt8]) throws(TableFlaw) {
        guard sector.count >= 512 else { throw .unsupportedSectorSize(sector.count) }
        guard Array(sector[0..<8]) == Self.signature else { throw .wrongSignature }
        let revision = sector.number(UInt32.self, at: 8)
        guard revision == Self.revision else { throw .unknownRevision(revision) }
        try Self.checkIntegrity(sector)
        let count = sector.number(UInt32.self, at: 80)
        let size = sector.number(UInt32.self, at: 84)
        guard Self.isSupported(entryCount: count, entrySizeBytes: size) else {
            throw .wrongEntryGeometry(count: count, sizeBytes: size)
        }
        self.init(
            ownLBA: sector.number(UInt64.self, at: 24), twinLBA: sector.number(UInt64.self, at: 32),
            firstUsableLBA: sector.number(UInt64.self, at: 40), lastUsableLBA: sector.number(UInt64.self, at: 48),
            diskID: GUID(diskBytes: sector[56..<72]) ?? .zero, entriesLBA: sector.number(UInt64.self, at: 72),
            entryCount: Int(count), entrySizeBytes: Int(size), entriesChecksum: sector.number(UInt32.self, at: 88))
    }

    /// Header size, checksum and reserved bytes.
    private static func checkIntegrity(_ sector: [UInt8]) throws(TableFlaw) {
        let size = sector.number(UInt32.self, at: 12)
        guard size >= UInt32(byteCount), size <= UInt32(clamping: sector.count) else { throw .wrongHeaderSize(size) }
        var covered = Array(sector[..<Int(size)])
        covered.put(UInt32(0), at: 16)
        guard CRC32.checksum(covered) == sector.number(UInt32.self, at: 16) else { throw .wrongHeaderChecksum }
        guard sector.number(UInt32.self, at: 20) == 0 else { throw .reservedBytesUsed }
    }

    static func isSupported(entryCount: UInt32, entrySizeBytes: UInt32) -> Bool {
        guard (1...entryCountMax).contains(entryCount), entrySizeBytes >= UInt32(PartitionEntry.byteCountMin),
            entrySizeBytes.nonzeroBitCount == 1
        else { return false }
        return UInt64(entryCount) * UInt64(entrySizeBytes) <= UInt64(entriesByteCountMax)
    }

    /// The header as a whole sector, its checksum included.
    func sector(sizeBytes: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: sizeBytes)
        bytes.put(Self.signature, at: 0)
        bytes.put(Self.revision, at: 8)
        bytes.put(UInt32(Self.byteCount), at: 12)
        bytes.put(ownLBA, at: 24)
        bytes.put(twinLBA, at: 32)
        bytes.put(firstUsableLBA, at: 40)
        bytes.put(lastUsableLBA, at: 48)
        bytes.put(diskID.diskBytes, at: 56)
        bytes.put(entriesLBA, at: 72)
        bytes.put(UInt32(entryCount), at: 80)
        bytes.put(UInt32(entrySizeBytes), at: 84)
        bytes.put(entriesChecksum, at: 88)
        bytes.put(CRC32.checksum(bytes[..<Self.byteCount]), at: 16)
        return bytes
    }
}
