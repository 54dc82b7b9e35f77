public import CompressionCodecs
public import UpdateModel

/// A binary patch cannot be applied.
public enum BinaryDeltaError: Error, Hashable {
    /// It does not begin as a patch does.
    case notAPatch
    /// The header says that the patch is longer than it is, or a size is negative.
    case damagedHeader
    /// The patch makes more than it may. Both in bytes.
    case outputTooLarge(size: UInt64, limit: UInt64)
    /// A part of the patch is compressed in a way that is not supported; `identifier` is its number in the format.
    case unsupportedCompressor(identifier: UInt8)
    /// An instruction to the patching program makes no sense.
    case damagedInstructions
    /// A part of the patch cannot be unpacked.
    case damagedPart(Part, CodecError)
    /// The old data came shorter than was asked for.
    case oldDataTooShort(offsetBytes: UInt64)
    /// The system has no memory left for making a patch.
    case outOfMemory
    /// Data of 2 GiB or more; patches are made of smaller pieces.
    case tooLarge(byteCount: Int)

    /// The three compressed parts of a patch.
    public enum Part: String, Sendable, Hashable {
        case control
        case diff
        case extra
    }
}

extension BinaryDeltaError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .notAPatch: UserMessage("This is not a binary patch.", exit: .badData)
        case .damagedHeader: UserMessage("The header of the binary patch is damaged.", exit: .badData)
        case .outputTooLarge(let size, let limit):
            UserMessage("The binary patch makes \(size) bytes; \(limit) are expected.", exit: .badData)
        case .unsupportedCompressor(let identifier):
            UserMessage(
                "The binary patch is compressed with \(name(ofCompressor: identifier)).",
                hint: "Only patches compressed with bzip2 are supported.", exit: .badData)
        case .damagedInstructions: UserMessage("The instructions of the binary patch make no sense.", exit: .badData)
        case .damagedPart(let part, let error):
            UserMessage(
                "The \(part.rawValue) part of the binary patch cannot be unpacked: \(error.userMessage.text)",
                exit: error.userMessage.exit)
        case .oldDataTooShort(let offset):
            UserMessage("The old data ends early, at byte \(offset).", exit: .inputOutput)
        case .outOfMemory: UserMessage("There is no memory left for making a binary patch.", exit: .tryLater)
        case .tooLarge(let count):
            UserMessage("\(ByteCount.text(UInt64(count))) are too much for one binary patch.", exit: .badData)
        }
    }

    private func name(ofCompressor identifier: UInt8) -> String {
        switch identifier {
        case 0: "nothing"
        case 2: "brotli"
        default: "method \(identifier)"
        }
    }
}
