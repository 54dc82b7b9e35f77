public import UpdateModel

/// Why a rollback is not done.
public enum RollbackRefusal: Error, Hashable {
    case nothingGood(Slot)
    /// The present boot is being judged, or a slot is being written.
    case busy
}

extension RollbackRefusal: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .nothingGood(let slot):
            UserMessage(
                "Slot \(slot) holds nothing good to go back to.", hint: "See: martlet slots", exit: .notPermitted)
        case .busy:
            UserMessage(
                "The engine is busy with an update or with judging this boot.", hint: "Try again later.",
                exit: .tryLater)
        }
    }
}
