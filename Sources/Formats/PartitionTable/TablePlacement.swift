/// Where the two copies of a table lie, in sectors. The primary header is always at 1.
public struct TablePlacement: Hashable, Sendable {
    public static let primaryHeaderLBA: UInt64 = 1
    public let primaryEntriesLBA: UInt64
    public let backupEntriesLBA: UInt64
    public let backupHeaderLBA: UInt64

    init(primaryEntriesLBA: UInt64, backupEntriesLBA: UInt64, backupHeaderLBA: UInt64) {
        self.primaryEntriesLBA = primaryEntriesLBA
        self.backupEntriesLBA = backupEntriesLBA
        self.backupHeaderLBA = backupHeaderLBA
    }

    /// The usual places: entries right behind the primary header and right before the backup header.
    /// `nil` when the copies would reach into the usable range.
    init?(of table: GUIDPartitionTable, primaryEntriesLBA: UInt64 = 2, backupHeaderLBA: UInt64, sectorSizeBytes: Int) {
        let count = table.entriesSectorCount(sectorSizeBytes: sectorSizeBytes)
        guard primaryEntriesLBA <= table.firstUsableLBA, count <= table.firstUsableLBA - primaryEntriesLBA,
            backupHeaderLBA > table.lastUsableLBA, count < backupHeaderLBA - table.lastUsableLBA
        else { return nil }
        self.init(
            primaryEntriesLBA: primaryEntriesLBA, backupEntriesLBA: backupHeaderLBA - count,
            backupHeaderLBA: backupHeaderLBA)
    }
}

/// The bytes of one copy, and where they go.
public struct TableImage: Hashable, Sendable {
    public let headerOffsetBytes: UInt64
    /// One whole sector.
    public let header: [UInt8]
    public let entriesOffsetBytes: UInt64
    /// Whole sectors.
    public let entries: [UInt8]
}

extension GUIDPartitionTable {
    /// The copy at the disk's beginning.
    public func primaryImage(at placement: TablePlacement, sectorSizeBytes: Int) -> TableImage {
        image(
            ownLBA: TablePlacement.primaryHeaderLBA, twinLBA: placement.backupHeaderLBA,
            entriesLBA: placement.primaryEntriesLBA, sectorSizeBytes: sectorSizeBytes)
    }

    /// The copy at the disk's end.
    public func backupImage(at placement: TablePlacement, sectorSizeBytes: Int) -> TableImage {
        image(
            ownLBA: placement.backupHeaderLBA, twinLBA: TablePlacement.primaryHeaderLBA,
            entriesLBA: placement.backupEntriesLBA, sectorSizeBytes: sectorSizeBytes)
    }

    private func image(ownLBA: UInt64, twinLBA: UInt64, entriesLBA: UInt64, sectorSizeBytes: Int) -> TableImage {
        let bytes = entriesDiskBytes
        let header = TableHeader(
            ownLBA: ownLBA, twinLBA: twinLBA, firstUsableLBA: firstUsableLBA, lastUsableLBA: lastUsableLBA,
            diskID: diskID, entriesLBA: entriesLBA, entryCount: entries.count, entrySizeBytes: entrySizeBytes,
            entriesChecksum: CRC32.checksum(bytes))
        let padding = Int(entriesSectorCount(sectorSizeBytes: sectorSizeBytes)) * sectorSizeBytes - bytes.count
        return TableImage(
            headerOffsetBytes: ownLBA * UInt64(sectorSizeBytes), header: header.sector(sizeBytes: sectorSizeBytes),
            entriesOffsetBytes: entriesLBA * UInt64(sectorSizeBytes),
            entries: bytes + [UInt8](repeating: 0, count: padding))
    }
}
