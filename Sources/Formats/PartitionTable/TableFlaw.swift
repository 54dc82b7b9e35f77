public import SlotDevice
import UpdateModel

/// The first rule that a copy of a partition table breaks. Entries are counted from 1.
///
/// Source: UEFI Specification 2.10, clause 5.3.2.
public enum TableFlaw: Error, Hashable {
    case diskTooSmall
    case unsupportedSectorSize(Int)
    case unreadable(DeviceError)
    case wrongSignature
    case unknownRevision(UInt32)
    case wrongHeaderSize(UInt32)
    case wrongHeaderChecksum
    case reservedBytesUsed
    /// The header says that it lies elsewhere, or its twin does.
    case wrongAddress
    case wrongEntryGeometry(count: UInt32, sizeBytes: UInt32)
    case wrongUsableRange
    case misplacedEntries
    case wrongEntriesChecksum
    case entryOutsideUsableRange(Int)
    case entryEndsBeforeItBegins(Int)
    case entriesOverlap(Int, Int)
    case repeatedUniqueID(Int, Int)
}

extension TableFlaw: CustomStringConvertible {
    /// Completes “because …”.
    public var description: String {
        switch self {
        case .diskTooSmall: "the disk is too small for a table"
        case .unsupportedSectorSize(let size): "sectors of \(size) bytes are not supported"
        case .unreadable(let error): "it cannot be read (\(error.userMessage.text))"
        case .wrongSignature: "there is no GPT signature"
        case .unknownRevision(let revision): "revision 0x\(String(revision, radix: 16)) is unknown"
        case .wrongHeaderSize(let size): "a header cannot have \(size) bytes"
        case .wrongHeaderChecksum: "the header's checksum is wrong"
        case .reservedBytesUsed: "reserved bytes are in use"
        case .wrongAddress: "the header belongs to another place"
        case .wrongEntryGeometry(let count, let size): "\(count) entries of \(size) bytes are not supported"
        case .wrongUsableRange: "the usable range makes no sense"
        case .misplacedEntries: "the entries lie in the wrong place"
        case .wrongEntriesChecksum: "the entries' checksum is wrong"
        case .entryOutsideUsableRange(let number): "partition \(number) lies outside the usable range"
        case .entryEndsBeforeItBegins(let number): "partition \(number) ends before it begins"
        case .entriesOverlap(let first, let second): "partitions \(first) and \(second) overlap"
        case .repeatedUniqueID(let first, let second): "partitions \(first) and \(second) have the same unique id"
        }
    }
}
