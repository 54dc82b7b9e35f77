import SlotDevice

/// What the two copies of a table are worth.
public enum TableCondition: Hashable, Sendable {
    case sound
    /// The backup copy was taken.
    case primaryDamaged(TableFlaw)
    case backupDamaged(TableFlaw)
    /// Both copies are valid and different, as after a power cut between them; the primary copy was taken.
    case copiesDisagree
}

/// A table as it was found on a disk.
public struct TableReading: Hashable, Sendable {
    public let table: GUIDPartitionTable
    public let condition: TableCondition
    /// Where the copies are, or belong if one of them is damaged.
    public let placement: TablePlacement
    /// The disk has sectors behind the backup copy: it was enlarged since.
    public let hasDiskGrown: Bool

    /// Both copies are valid, equal and in their places.
    public var isSound: Bool { condition == .sound && !hasDiskGrown }
}

extension TableReading {
    /// Reads both copies and takes the better one.
    static func read(from device: any BlockDevice) throws(PartitionTableError) -> TableReading {
        guard GUIDPartitionTable.isSupported(device.sectorSizeBytes) else {
            throw noTable(.unsupportedSectorSize(device.sectorSizeBytes))
        }
        let sectorCount = device.sizeBytes / UInt64(device.sectorSizeBytes)
        guard sectorCount > 5 else { throw noTable(.diskTooSmall) }
        let lastLBA = sectorCount - 1
        switch try copy(.primary, at: TablePlacement.primaryHeaderLBA, of: device) {
        case .success(let primary):
            let described = primary.header.twinLBA
            guard described <= lastLBA else { throw shrunk(device, describedLastLBA: described) }
            return try joining(primary, with: copy(.backup, at: described, of: device), of: device)
        case .failure(let primaryFlaw):
            switch try copy(.backup, at: lastLBA, of: device) {
            case .success(let backup): return try backup.reading(insteadOf: primaryFlaw, of: device)
            case .failure(let backupFlaw): throw .noTable(primary: primaryFlaw, backup: backupFlaw)
            }
        }
    }

    private static func joining(
        _ primary: TableCopy, with backup: Result<TableCopy, TableFlaw>, of device: any BlockDevice
    ) throws(PartitionTableError) -> TableReading {
        let lastLBA = device.sizeBytes / UInt64(device.sectorSizeBytes) - 1
        let hasGrown = primary.header.twinLBA < lastLBA
        switch backup {
        case .success(let copy):
            let placement = TablePlacement(
                primaryEntriesLBA: primary.header.entriesLBA, backupEntriesLBA: copy.header.entriesLBA,
                backupHeaderLBA: copy.header.ownLBA)
            return TableReading(
                table: primary.table, condition: copy.table == primary.table ? .sound : .copiesDisagree,
                placement: placement, hasDiskGrown: hasGrown)
        case .failure(let flaw):
            let placement = TablePlacement(
                of: primary.table, primaryEntriesLBA: primary.header.entriesLBA,
                backupHeaderLBA: primary.header.twinLBA, sectorSizeBytes: device.sectorSizeBytes)
            guard let placement else { throw .noTable(primary: .misplacedEntries, backup: flaw) }
            return TableReading(
                table: primary.table, condition: .backupDamaged(flaw), placement: placement, hasDiskGrown: hasGrown)
        }
    }

    private static func copy(
        _ role: TableCopy.Role, at address: UInt64, of device: any BlockDevice
    ) throws(PartitionTableError) -> Result<TableCopy, TableFlaw> {
        do {
            return .success(try TableCopy.read(role, at: address, of: device))
        } catch .unreadable(.powerLost) {
            throw .device(.powerLost)
        } catch {
            // A copy that cannot be read is a damaged copy: that is what the other one is for.
            return .failure(error)
        }
    }

    private static func noTable(_ flaw: TableFlaw) -> PartitionTableError { .noTable(primary: flaw, backup: flaw) }

    private static func shrunk(_ device: any BlockDevice, describedLastLBA: UInt64) -> PartitionTableError {
        let (sectors, overflow) = describedLastLBA.addingReportingOverflow(1)
        let bytes = sectors.multipliedReportingOverflow(by: UInt64(device.sectorSizeBytes))
        return .diskShrunk(
            reportedBytes: device.sizeBytes,
            describedBytes: overflow || bytes.overflow ? .max : bytes.partialValue)
    }
}

extension TableCopy {
    /// The reading of a disk whose primary copy is damaged; this is the backup.
    fileprivate func reading(
        insteadOf flaw: TableFlaw, of device: any BlockDevice
    ) throws(PartitionTableError) -> TableReading {
        let usual = TablePlacement(
            of: table, backupHeaderLBA: header.ownLBA, sectorSizeBytes: device.sectorSizeBytes)
        guard let usual else { throw .noTable(primary: flaw, backup: .misplacedEntries) }
        let placement = TablePlacement(
            primaryEntriesLBA: usual.primaryEntriesLBA, backupEntriesLBA: header.entriesLBA,
            backupHeaderLBA: header.ownLBA)
        return TableReading(
            table: table, condition: .primaryDamaged(flaw), placement: placement, hasDiskGrown: false)
    }
}
