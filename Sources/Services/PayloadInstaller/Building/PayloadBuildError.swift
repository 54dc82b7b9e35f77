package import BinaryDelta
package import CompressionCodecs
package import ContentTrust
package import PayloadFormat
package import SlotDevice
package import UpdateModel

/// A payload was not made.
package enum PayloadBuildError: Error, Hashable {
    case blockSize(UInt64)
    /// Not a name that a partition can have; see `PayloadManifest.isName(_:)`.
    case partitionName(String)
    case duplicatePartition(String)
    /// Format 1 has one partition and the files beside it, nothing else.
    case notInFormat1(partition: String)
    case emptyImage(partition: String)
    /// A delta of format 1 is applied in blocks.
    case partialBlock(partition: String, sizeBytes: UInt64)
    /// Format 1 counts blobs with 32 bits.
    case tooLargeForFormat1(blobBytes: UInt64)
    case device(DeviceError)
    case compression(CodecError)
    case patch(BinaryDeltaError)
    case payload(PayloadError)
    case key(KeyError)
}

extension PayloadBuildError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .blockSize(let size):
            UserMessage(
                "A block size of \(size) bytes is not possible.", hint: "Use a power of two from 512 to 65536.",
                exit: .usage)
        case .partitionName(let name):
            UserMessage(
                "“\(name.prefix(64))” cannot name a partition.", hint: "Use 1 to 64 letters, digits or any of . _ -",
                exit: .usage)
        case .duplicatePartition(let name): UserMessage("The partition “\(name)” is given twice.", exit: .usage)
        case .notInFormat1(let partition):
            UserMessage(
                "Format 1 has no partition “\(partition)”, only the system and the kernel.", hint: "Use --format 2.",
                exit: .usage)
        case .emptyImage(let partition):
            UserMessage("The image for partition “\(partition)” is empty.", exit: .badData)
        case .partialBlock(let partition, let size):
            UserMessage(
                "An image for partition “\(partition)” has \(size) bytes; a delta of format 1 needs whole blocks of 4096.",
                hint: "Fill it up with zeros, or use --format 2.", exit: .badData)
        case .tooLargeForFormat1(let bytes):
            UserMessage(
                "The payload's data has \(ByteCount.text(bytes)); format 1 can hold 4 GiB.", hint: "Use --format 2.",
                exit: .badData)
        case .device(let error): error.userMessage
        case .compression(let error): error.userMessage
        case .patch(let error): error.userMessage
        case .payload(let error): error.userMessage
        case .key(let error): error.userMessage
        }
    }
}

extension PayloadBuildError {
    static func attempt<Value>(_ body: () throws(DeviceError) -> Value) throws(PayloadBuildError) -> Value {
        do throws(DeviceError) { return try body() } catch { throw .device(error) }
    }

    static func attempt<Value>(_ body: () throws(PayloadError) -> Value) throws(PayloadBuildError) -> Value {
        do throws(PayloadError) { return try body() } catch { throw .payload(error) }
    }
}
