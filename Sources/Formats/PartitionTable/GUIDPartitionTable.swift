/// What a partition table says, without the places where its two copies lie.
public struct GUIDPartitionTable: Hashable, Sendable {
    public var diskID: GUID
    /// The first and last sector that partitions may use.
    public internal(set) var firstUsableLBA: UInt64
    public internal(set) var lastUsableLBA: UInt64
    /// Partition 1 first; unused ones included, so that numbers keep their meaning.
    public var entries: [PartitionEntry]
    /// 128, 256, 512 …
    public let entrySizeBytes: Int

    init(diskID: GUID, firstUsableLBA: UInt64, lastUsableLBA: UInt64, entries: [PartitionEntry], entrySizeBytes: Int) {
        self.diskID = diskID
        self.firstUsableLBA = firstUsableLBA
        self.lastUsableLBA = lastUsableLBA
        self.entries = entries
        self.entrySizeBytes = entrySizeBytes
    }

    /// The used entries with their numbers, from 1.
    public var partitions: [(number: Int, entry: PartitionEntry)] {
        entries.enumerated().filter { !$0.element.isUnused }.map { ($0.offset + 1, $0.element) }
    }

    /// The first rule that the entries break; `nil` for a sound table.
    public var flaw: TableFlaw? {
        guard let count = UInt32(exactly: entries.count), let size = UInt32(exactly: entrySizeBytes),
            TableHeader.isSupported(entryCount: count, entrySizeBytes: size)
        else {
            return .wrongEntryGeometry(
                count: UInt32(clamping: entries.count), sizeBytes: UInt32(clamping: entrySizeBytes))
        }
        guard firstUsableLBA <= lastUsableLBA else { return .wrongUsableRange }
        return flawOfSingleEntry ?? overlap ?? repeatedUniqueID
    }

    private var flawOfSingleEntry: TableFlaw? {
        for (number, entry) in partitions {
            if entry.lastLBA < entry.firstLBA { return .entryEndsBeforeItBegins(number) }
            if entry.firstLBA < firstUsableLBA || entry.lastLBA > lastUsableLBA {
                return .entryOutsideUsableRange(number)
            }
        }
        return nil
    }

    private var overlap: TableFlaw? {
        let ordered = partitions.sorted { $0.entry.firstLBA < $1.entry.firstLBA }
        for (left, right) in zip(ordered, ordered.dropFirst()) where left.entry.lastLBA >= right.entry.firstLBA {
            return .entriesOverlap(min(left.number, right.number), max(left.number, right.number))
        }
        return nil
    }

    private var repeatedUniqueID: TableFlaw? {
        var numbers: [GUID: Int] = [:]
        for (number, entry) in partitions {
            if let earlier = numbers.updateValue(number, forKey: entry.uniqueID) {
                return .repeatedUniqueID(earlier, number)
            }
        }
        return nil
    }

    /// The array of entries as it lies on disk.
    var entriesDiskBytes: [UInt8] { entries.flatMap { $0.diskBytes(count: entrySizeBytes) } }

    /// Sectors that one copy of the array takes.
    func entriesSectorCount(sectorSizeBytes: Int) -> UInt64 {
        UInt64((entries.count * entrySizeBytes + sectorSizeBytes - 1) / sectorSizeBytes)
    }
}

extension GUIDPartitionTable {
    /// Bytes that every table reserves for an array of entries, even a shorter one.
    static let reservedEntriesByteCount = 16384

    /// An empty table of 128 entries for a disk of that size.
    /// - Throws: ``PartitionTableError/invalid(_:)`` for a disk that is too small.
    public static func empty(
        diskID: GUID, diskSizeBytes: UInt64, sectorSizeBytes: Int
    ) throws(PartitionTableError) -> GUIDPartitionTable {
        guard isSupported(sectorSizeBytes) else { throw .invalid(.unsupportedSectorSize(sectorSizeBytes)) }
        let reserved = UInt64(reservedEntriesByteCount / min(sectorSizeBytes, reservedEntriesByteCount))
        let sectorCount = diskSizeBytes / UInt64(sectorSizeBytes)
        guard sectorCount > 2 * reserved + 3 else { throw .invalid(.diskTooSmall) }
        return GUIDPartitionTable(
            diskID: diskID, firstUsableLBA: 2 + reserved, lastUsableLBA: sectorCount - 2 - reserved,
            entries: [PartitionEntry](repeating: .unused, count: 128), entrySizeBytes: PartitionEntry.byteCountMin)
    }

    /// Sectors are powers of two from 512 bytes to 64 KiB.
    static func isSupported(_ sectorSizeBytes: Int) -> Bool {
        (512...65536).contains(sectorSizeBytes) && sectorSizeBytes.nonzeroBitCount == 1
    }

    /// Places a new partition behind all others, on a multiple of `alignmentBytes`.
    /// - Parameters:
    ///   - number: from 1; the entry must be unused.
    ///   - sizeBytes: rounded up to whole sectors; more than 0.
    /// - Throws: ``PartitionTableError/noRoom(sizeBytes:)`` when the disk ends before the partition does.
    public mutating func place(
        _ partition: NewPartition, as number: Int, sectorSizeBytes: Int, alignmentBytes: Int = 1 << 20
    ) throws(PartitionTableError) {
        precondition(entries.indices.contains(number - 1) && entries[number - 1].isUnused, "the number is taken")
        let sector = UInt64(sectorSizeBytes)
        let alignment = max(1, UInt64(alignmentBytes) / sector)
        let used = partitions.map(\.entry.lastLBA).max().map { $0 + 1 } ?? firstUsableLBA
        let first = (max(used, firstUsableLBA) + alignment - 1) / alignment * alignment
        let count = partition.sizeBytes / sector + (partition.sizeBytes.isMultiple(of: sector) ? 0 : 1)
        guard count > 0, first <= lastUsableLBA, count <= lastUsableLBA - first + 1 else {
            throw .noRoom(sizeBytes: partition.sizeBytes)
        }
        entries[number - 1] = PartitionEntry(
            typeID: partition.typeID, uniqueID: partition.uniqueID, firstLBA: first, lastLBA: first + count - 1,
            attributes: partition.attributes, name: partition.name)
    }
}

/// A partition that has no place yet.
public struct NewPartition: Hashable, Sendable {
    public var typeID: GUID
    public var uniqueID: GUID
    public var name: String
    public var sizeBytes: UInt64
    public var attributes: PartitionAttributes

    public init(
        typeID: GUID, uniqueID: GUID, name: String, sizeBytes: UInt64,
        attributes: PartitionAttributes = PartitionAttributes()
    ) {
        self.typeID = typeID
        self.uniqueID = uniqueID
        self.name = name
        self.sizeBytes = sizeBytes
        self.attributes = attributes
    }
}
