public import UpdateModel

/// Why payload bits could not be kept or read.
public enum PayloadStorageError: Error, Hashable {
    case notFound(SHA256Digest)
    /// Bytes. `needed` is 0 where the sender announced no length; `available` is what is free beyond the `reserve` that the
    /// store keeps free.
    case full(needed: UInt64, available: UInt64, reserve: UInt64 = 0)
    /// Bytes.
    case tooLarge(limit: UInt64)
    case wrongSize(declared: UInt64, received: UInt64)
    /// The same payload is being sent by somebody else.
    case uploadUnderWay(SHA256Digest)
    /// An upload goes on where the one before broke off, and nowhere else.
    case wrongOffset(kept: UInt64)
    /// The sender broke off.
    case sourceFailed(String)
    case failed(doing: String, reason: String)
}

extension PayloadStorageError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .notFound(let digest):
            UserMessage("The payload store has no file \(digest).", exit: .badData)
        case .full(let needed, let available, let reserve):
            UserMessage(
                Self.fullText(needed, available, reserve),
                hint: "Delete old payloads or give it more space.", exit: .inputOutput)
        case .tooLarge(let limit):
            UserMessage("The payload is larger than \(ByteCount.text(limit)).", exit: .badData)
        case .wrongSize(let declared, let received):
            UserMessage(
                "The sender announced \(declared) bytes and sent \(received).", hint: "Send it again.", exit: .badData)
        case .uploadUnderWay(let digest):
            UserMessage(
                "The payload \(digest) is being uploaded already.", hint: "Wait for that to end.", exit: .tryLater)
        case .wrongOffset(let kept):
            UserMessage("\(kept) bytes of this upload are kept; it goes on there.", hint: "Send the rest.", exit: .badData)
        case .sourceFailed(let reason):
            UserMessage("Receiving the payload broke off: \(reason).", hint: "Send it again.", exit: .unavailable)
        case .failed(let action, let reason):
            UserMessage("The payload store failed while \(action): \(reason).", exit: .inputOutput)
        }
    }

    private static func fullText(_ needed: UInt64, _ available: UInt64, _ reserve: UInt64) -> String {
        let room =
            reserve == 0
            ? "has \(ByteCount.text(available)) free"
            : "keeps \(ByteCount.text(reserve)) free and has \(ByteCount.text(available)) beyond that"
        let need =
            needed == 0 ? "too little for the rest of the payload" : "the payload needs \(ByteCount.text(needed))"
        return "The payload store \(room); \(need)."
    }
}
