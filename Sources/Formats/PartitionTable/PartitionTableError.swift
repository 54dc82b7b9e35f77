public import SlotDevice
public import UpdateModel

/// A partition table could not be read or written.
public enum PartitionTableError: Error, Hashable {
    case device(DeviceError)
    /// Neither copy is valid.
    case noTable(primary: TableFlaw, backup: TableFlaw)
    /// The disk reports fewer bytes than its table describes, so the reported size cannot be trusted.
    case diskShrunk(reportedBytes: UInt64, describedBytes: UInt64)
    /// The table that was to be written breaks a rule; nothing was written.
    case invalid(TableFlaw)
    /// There is no free run of `sizeBytes` for a new partition, or no room for a copy of the table.
    case noRoom(sizeBytes: UInt64)
    /// The disk does not hold what was just written to it.
    case notAsWritten
}

extension PartitionTableError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .device(let error):
            error.userMessage
        case .noTable(let primary, let backup) where primary == backup:
            UserMessage("The disk has no usable partition table: \(primary).", exit: .badData)
        case .noTable(let primary, let backup):
            UserMessage(
                "The disk has no usable partition table: in the first copy, \(primary); in the second, \(backup).",
                exit: .badData)
        case .diskShrunk(let reported, let described):
            UserMessage(
                "The disk reports \(reported) bytes, but its partition table describes \(described).",
                hint: "Check the controller or the image; the table was left alone.", exit: .badData)
        case .invalid(let flaw):
            UserMessage("The new partition table was refused: \(flaw).", exit: .software)
        case .noRoom(let size):
            UserMessage("The disk has no room for \(ByteCount.text(size)) more.", exit: .badData)
        case .notAsWritten:
            UserMessage("The disk did not keep the partition table.", hint: "Check the disk.", exit: .inputOutput)
        }
    }
}
