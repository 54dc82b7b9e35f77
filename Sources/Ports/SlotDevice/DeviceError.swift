public import UpdateModel

/// A device did not do what was asked.
public enum DeviceError: Error, Hashable {
    case outOfRange(offsetBytes: UInt64, count: Int, sizeBytes: UInt64)
    /// `operation` is a verb such as “write”; `reason` is the system's text.
    case failed(operation: String, path: String, reason: String)
    /// No room left on the medium at `path`.
    case full(path: String)
    /// The power went (models of a disk only).
    case powerLost
}

extension DeviceError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .outOfRange(let offset, let count, let size):
            UserMessage("\(count) bytes at \(offset) lie outside a device of \(size) bytes.", exit: .badData)
        case .failed(let operation, let path, let reason):
            UserMessage("Could not \(operation) \(path): \(reason).", exit: .inputOutput)
        case .full(let path):
            UserMessage("No space is left on \(path).", hint: "Free some and try again.", exit: .inputOutput)
        case .powerLost:
            UserMessage("The power went.", exit: .inputOutput)
        }
    }
}
