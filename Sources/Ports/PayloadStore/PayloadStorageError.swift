public import UpdateModel

/// Why payload bits could not be kept or read.
public enum PayloadStorageError: Error, Hashable {
    case notFound(SHA256Digest)
    /// Bytes.
    case full(needed: UInt64, available: UInt64)
    /// Bytes.
    case tooLarge(limit: UInt64)
    case wrongSize(declared: UInt64, received: UInt64)
    /// The sender broke off.
    case sourceFailed(String)
    case failed(doing: String, reason: String)
}

extension PayloadStorageError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .notFound(let digest):
            UserMessage("The payload store has no file \(digest).", exit: .badData)
        case .full(let needed, let available):
            UserMessage(
                "The payload store has \(ByteCount.text(available)) free and would need \(ByteCount.text(needed)).",
                hint: "Delete old payloads or give it more space.", exit: .inputOutput)
        case .tooLarge(let limit):
            UserMessage("The payload is larger than \(ByteCount.text(limit)).", exit: .badData)
        case .wrongSize(let declared, let received):
            UserMessage(
                "The sender announced \(declared) bytes and sent \(received).", hint: "Send it again.", exit: .badData)
        case .sourceFailed(let reason):
            UserMessage("Receiving the payload broke off: \(reason).", hint: "Send it again.", exit: .unavailable)
        case .failed(let action, let reason):
            UserMessage("The payload store failed while \(action): \(reason).", exit: .inputOutput)
        }
    }
}
