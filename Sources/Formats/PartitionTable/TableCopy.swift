import SlotDevice

/// One of the two copies of a table, as it was found and checked.
struct TableCopy: Hashable, Sendable {
    enum Role: Hashable, Sendable {
        case primary
        case backup
    }

    let header: TableHeader
    let table: GUIDPartitionTable

    /// Reads and checks the copy whose header lies at `address`.
    static func read(
        _ role: Role, at address: UInt64, of device: any BlockDevice
    ) throws(TableFlaw) -> TableCopy {
        let sectorSize = device.sectorSizeBytes
        let header = try TableHeader(sector: readSectors(from: address, byteCount: sectorSize, of: device))
        try check(header, role, at: address, sectorSizeBytes: sectorSize)
        let bytes = try readSectors(from: header.entriesLBA, byteCount: header.entriesByteCount, of: device)
        guard CRC32.checksum(bytes) == header.entriesChecksum else { throw .wrongEntriesChecksum }
        let entries = stride(from: 0, to: bytes.count, by: header.entrySizeBytes).map { offset in
            PartitionEntry(diskBytes: Array(bytes[offset..<offset + header.entrySizeBytes]))
        }
        let table = GUIDPartitionTable(
            diskID: header.diskID, firstUsableLBA: header.firstUsableLBA, lastUsableLBA: header.lastUsableLBA,
            entries: entries, entrySizeBytes: header.entrySizeBytes)
        if let flaw = table.flaw { throw flaw }
        return TableCopy(header: header, table: table)
    }

    /// The header's addresses: `header · entries · usable … usable · entries · header`.
    private static func check(
        _ header: TableHeader, _ role: Role, at address: UInt64, sectorSizeBytes: Int
    ) throws(TableFlaw) {
        guard header.ownLBA == address else { throw .wrongAddress }
        guard header.firstUsableLBA <= header.lastUsableLBA else { throw .wrongUsableRange }
        let sectorCount = UInt64((header.entriesByteCount + sectorSizeBytes - 1) / sectorSizeBytes)
        let (entriesEnd, overflow) = header.entriesLBA.addingReportingOverflow(sectorCount)
        guard !overflow else { throw .misplacedEntries }
        switch role {
        case .primary:
            guard header.twinLBA > header.lastUsableLBA else { throw .wrongAddress }
            guard header.entriesLBA > header.ownLBA, entriesEnd <= header.firstUsableLBA else {
                throw .misplacedEntries
            }
        case .backup:
            guard header.twinLBA == 1, header.firstUsableLBA > 1 else { throw .wrongAddress }
            guard header.ownLBA > header.lastUsableLBA else { throw .wrongUsableRange }
            guard header.entriesLBA > header.lastUsableLBA, entriesEnd <= header.ownLBA else {
                throw .misplacedEntries
            }
        }
    }

    private static func readSectors(
        from address: UInt64, byteCount: Int, of device: any BlockDevice
    ) throws(TableFlaw) -> [UInt8] {
        let (offset, overflow) = address.multipliedReportingOverflow(by: UInt64(device.sectorSizeBytes))
        guard !overflow, device.contains(offsetBytes: offset, count: byteCount) else { throw .misplacedEntries }
        do {
            return try device.read(at: offset, count: byteCount)
        } catch {
            throw .unreadable(error)
        }
    }
}
