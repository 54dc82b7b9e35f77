public import SlotDevice

/// A disk that only one writer of its table may use at a time, such as one that the system's device manager probes.
public protocol ExclusivelyLockable: BlockDevice {
    /// Waits until no other process holds the lock, and takes it.
    func lockExclusively() throws(DeviceError)
    func unlock()
}

/// Reads and changes the partition table of a disk so that power lost at any moment leaves one valid copy, old or new.
///
/// A change is written to the backup copy and made durable, then to the primary copy, then read again. Until the
/// primary is touched it holds the old state, which wins; from then on the backup holds the new one.
///
/// Source: UEFI Specification 2.10, clause 5.3.2.
public struct PartitionedDisk: Sendable {
    public let device: any BlockDevice

    public init(_ device: any BlockDevice) { self.device = device }

    /// Reads both copies and takes the better one.
    /// - Throws: ``PartitionTableError/noTable(primary:backup:)``, ``PartitionTableError/diskShrunk(reportedBytes:describedBytes:)``.
    public func read() throws(PartitionTableError) -> TableReading { try TableReading.read(from: device) }

    /// Makes both copies valid, equal, and moves the backup to the end of a disk that has grown.
    @discardableResult public func repair() throws(PartitionTableError) -> TableReading {
        let result: Result<TableReading, Never> = try update { _ in }
        switch result {
        case .success(let reading): return reading
        }
    }

    /// Changes the table in one durable step. When nothing changes and the copies are sound, nothing is written.
    ///
    /// A disk that implements ``ExclusivelyLockable`` is locked from the first read to the last.
    /// - Returns: the table as read back, or what `change` threw, in which case nothing was written.
    @discardableResult public func update<Refusal: Error>(
        _ change: (inout GUIDPartitionTable) throws(Refusal) -> Void
    ) throws(PartitionTableError) -> Result<TableReading, Refusal> {
        let lock = device as? any ExclusivelyLockable
        do { try lock?.lockExclusively() } catch { throw .device(error) }
        defer { lock?.unlock() }
        let found = try read()
        var wanted = found.table
        do { try change(&wanted) } catch { return .failure(error) }
        if let flaw = wanted.flaw { throw .invalid(flaw) }
        guard wanted.entries.count == found.table.entries.count, wanted.entrySizeBytes == found.table.entrySizeBytes
        else { throw .invalid(.misplacedEntries) }
        guard wanted != found.table || !found.isSound else { return .success(found) }
        return .success(try bring(from: found, to: wanted))
    }

    /// Writes a new table over whatever is there, with a protective master boot record; boot code stays.
    public func create(_ table: GUIDPartitionTable) throws(PartitionTableError) {
        if let flaw = table.flaw { throw .invalid(flaw) }
        let placement = TablePlacement(
            of: table, backupHeaderLBA: lastLBA, sectorSizeBytes: device.sectorSizeBytes)
        guard let placement else { throw .noRoom(sizeBytes: UInt64(table.entries.count * table.entrySizeBytes)) }
        try write(table.backupImage(at: placement, sectorSizeBytes: device.sectorSizeBytes))
        try write(table.primaryImage(at: placement, sectorSizeBytes: device.sectorSizeBytes))
        do { try ProtectiveBootRecord.write(to: device) } catch { throw .device(error) }
        try verify(table)
    }

    private var lastLBA: UInt64 { max(1, device.sizeBytes / UInt64(device.sectorSizeBytes)) - 1 }

    private func bring(
        from found: TableReading, to table: GUIDPartitionTable
    ) throws(PartitionTableError) -> TableReading {
        var wanted = table
        let placement = try place(&wanted, found)
        if case .primaryDamaged = found.condition {
            // Only the backup is valid: it must not be touched before the primary has been rebuilt from it.
            try write(found.table.primaryImage(at: found.placement, sectorSizeBytes: device.sectorSizeBytes))
        }
        let isNew = wanted != found.table || found.hasDiskGrown
        if isNew || found.condition.concernsBackup {
            try write(wanted.backupImage(at: placement, sectorSizeBytes: device.sectorSizeBytes))
        }
        if isNew { try write(wanted.primaryImage(at: placement, sectorSizeBytes: device.sectorSizeBytes)) }
        return try verify(wanted)
    }

    /// Where the copies go: where they were, or with the backup at the new end of a disk that has grown.
    private func place(
        _ table: inout GUIDPartitionTable, _ found: TableReading
    ) throws(PartitionTableError) -> TablePlacement {
        guard found.hasDiskGrown else { return found.placement }
        let primaryEntriesLBA = found.placement.primaryEntriesLBA
        let grown = TablePlacement(
            of: table, primaryEntriesLBA: primaryEntriesLBA, backupHeaderLBA: lastLBA,
            sectorSizeBytes: device.sectorSizeBytes)
        guard let grown else { throw .noRoom(sizeBytes: UInt64(table.entries.count * table.entrySizeBytes)) }
        table.lastUsableLBA = grown.backupEntriesLBA - 1
        return grown
    }

    /// Writes one copy and waits until it is durable.
    private func write(_ image: TableImage) throws(PartitionTableError) {
        do {
            try device.write(image.entries, at: image.entriesOffsetBytes)
            try device.write(image.header, at: image.headerOffsetBytes)
            try device.flush()
        } catch {
            throw .device(error)
        }
    }

    @discardableResult private func verify(_ table: GUIDPartitionTable) throws(PartitionTableError) -> TableReading {
        let reading = try read()
        guard reading.isSound, reading.table == table else { throw .notAsWritten }
        return reading
    }
}

extension TableCondition {
    fileprivate var concernsBackup: Bool {
        switch self {
        case .backupDamaged, .copiesDisagree: true
        case .sound, .primaryDamaged: false
        }
    }
}
