public import UpdateModel

/// Compressed bytes could not be read, or bytes could not be compressed.
public enum CodecError: Error, Hashable {
    /// The bytes do not begin as this format does.
    case notRecognised(CompressionFormat)
    /// A check sum is wrong, or the structure makes no sense.
    case damaged(CompressionFormat)
    /// The bytes end before the stream does.
    case truncated(CompressionFormat)
    /// Bytes follow after the end of the stream.
    case trailingBytes(CompressionFormat, count: Int)
    /// A filter or a check sum that the library does not know.
    case unsupported(CompressionFormat)
    /// It would unpack to more than it may.
    case outputTooLarge(limit: UInt64)
    /// The stream unpacks to fewer bytes than were asked for.
    case outputTooShort(missing: Int)
    /// The stream unpacks to more bytes than were asked for.
    case outputUnread
    /// Unpacking would need more memory than it may have. Both in bytes.
    case memoryLimit(needed: UInt64, limit: UInt64)
    /// The system has no memory left for it.
    case outOfMemory(CompressionFormat)
    /// The library answered what it never should; `code` is its answer.
    case libraryFailure(CompressionFormat, code: Int32)
}

extension CodecError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .outOfMemory(let format):
            UserMessage("There is no memory left for \(format.rawValue).", exit: .tryLater)
        case .libraryFailure(let format, let code):
            UserMessage("The library for \(format.rawValue) failed with code \(code).", exit: .software)
        default:
            UserMessage(complaint, exit: .badData)
        }
    }

    private var complaint: String {
        switch self {
        case .notRecognised(let format): "This is not \(format.rawValue) data."
        case .damaged(let format): "The \(format.rawValue) data is damaged."
        case .truncated(let format): "The \(format.rawValue) data is cut short."
        case .trailingBytes(let format, let count): "\(count) bytes follow after the \(format.rawValue) data."
        case .unsupported(let format): "The \(format.rawValue) data uses a feature that is not supported."
        case .outputTooLarge(let limit): "The compressed data holds more than the expected \(limit) bytes."
        case .outputTooShort(let missing): "The compressed data holds \(missing) bytes less than expected."
        case .outputUnread: "The compressed data holds more than expected."
        case .memoryLimit(let needed, let limit):
            "Unpacking needs \(ByteCount.text(needed)) of memory; \(ByteCount.text(limit)) are allowed."
        case .outOfMemory, .libraryFailure: ""
        }
    }
}
