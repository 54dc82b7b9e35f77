public import UpdateModel

/// Keys could not be taken from a file or a directory.
public enum KeyFileError: Error, Hashable {
    case missing(path: String)
    /// `reason` is the system's text.
    case unreadable(path: String, reason: String)
    case notAFile(path: String)
    case tooLarge(path: String, limitBytes: Int)
    case invalid(path: String, KeyError)
    /// A directory without a file `*.pem`.
    case noKeys(path: String)
    case tooManyKeys(limit: Int)
}

extension KeyFileError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .missing(let path):
            UserMessage("There is no key at \(path).", exit: .inputOutput)
        case .unreadable(let path, let reason):
            UserMessage("Could not read \(path): \(reason).", exit: .inputOutput)
        case .notAFile(let path):
            UserMessage("\(path) is neither a file nor a directory.", exit: .configuration)
        case .tooLarge(let path, let limit):
            UserMessage("\(path) is larger than \(ByteCount.text(UInt64(limit))); a key is not.", exit: .badData)
        case .invalid(let path, let error):
            error.message(subject: path)
        case .noKeys(let path):
            UserMessage("\(path) holds no key.", hint: "Put public keys there as files *.pem.", exit: .configuration)
        case .tooManyKeys(let limit):
            UserMessage(
                "There are more than \(limit) trusted keys.", hint: "Remove those out of use.", exit: .configuration)
        }
    }
}
