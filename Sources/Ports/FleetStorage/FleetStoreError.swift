public import UpdateModel

/// Why a store did not do what was asked.
public enum FleetStoreError: Error, Hashable {
    public enum Noun: String, Hashable, Sendable {
        case application, release, payload, channel, group, track, rollout = "roll-out", machine, token, secret
    }

    case notFound(Noun, String)
    case alreadyExists(Noun, String)
    /// `by` names what uses it, in plain words.
    case inUse(Noun, String, by: String)
    /// Something changed between reading and writing; the text says what.
    case conflict(String)
    /// Somebody else changed it between reading and writing.
    case changed(Noun, String)
    /// More is waiting to be written than may wait.
    case busy
    /// The database belongs to a newer program; `marks` are what this program does not know.
    case newerDatabase(path: String, marks: [String])
    /// The database could not be opened, read or written.
    case failed(doing: String, reason: String)
    /// The store holds something it cannot have written.
    case corrupt(String)
}

extension FleetStoreError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .notFound(let noun, let name):
            UserMessage("There is no \(noun.rawValue) “\(name)”.", exit: .badData)
        case .alreadyExists(.payload, let name):
            UserMessage(
                "The release has a payload of this kind already: \(name).",
                hint: "Delete that one first, or add yours to a new release.", exit: .badData)
        case .alreadyExists(let noun, let name):
            UserMessage("The \(noun.rawValue) “\(name)” exists already.", hint: "Choose another name.", exit: .badData)
        case .inUse(let noun, let name, let user):
            UserMessage(
                "The \(noun.rawValue) “\(name)” is in use by \(user).", hint: "Remove or change that first.",
                exit: .badData)
        case .conflict(let text):
            UserMessage(text, hint: "Look at it again and repeat.", exit: .tryLater)
        case .changed(let noun, let name):
            UserMessage(
                "The \(noun.rawValue) “\(name)” was changed by somebody else.", hint: "Look at it again and repeat.",
                exit: .tryLater)
        case .busy:
            UserMessage("The store has too much waiting to be written.", hint: "Try again shortly.", exit: .tryLater)
        case .newerDatabase(let path, let marks):
            UserMessage(
                "The database \(path) was written by a newer version of this program (\(marks.joined(separator: ", "))).",
                hint: "Run that version, or restore a copy from before the upgrade.", exit: .configuration)
        case .failed(let action, let reason):
            UserMessage("The store failed while \(action): \(reason).", exit: .inputOutput)
        case .corrupt(let text):
            UserMessage("The store holds something unreadable: \(text).", hint: "Restore a backup.", exit: .badData)
        }
    }
}
