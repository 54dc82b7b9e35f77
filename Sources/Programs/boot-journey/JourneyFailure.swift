import UpdateModel

/// Something in the story did not come true.
struct JourneyFailure: Error, Hashable {
    var expected: String
    var seen: String
    /// The end of the log that tells more.
    var tail: [String] = []
}

extension JourneyFailure: UserFacingError {
    var userMessage: UserMessage {
        UserMessage("The journey did not come true: expected \(expected); seen: \(seen)", exit: .software)
    }
}

/// The journey cannot begin.
enum JourneyError: Error, Hashable {
    /// A program of Martlet is not beside the running one.
    case programMissing(path: String)
    /// An image is not where it should be.
    case imageMissing(path: String)
    case folderNotEmpty(path: String)
    /// A program answered with something that it should not.
    case unintelligible(what: String, reason: String)
    case serverNotStarted(log: String)
}

extension JourneyError: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .programMissing(let path):
            UserMessage("\(path) is missing.", hint: "Build it: make build", exit: .unavailable)
        case .imageMissing(let path):
            UserMessage("\(path) is missing.", hint: "Leave out --no-build.", exit: .unavailable)
        case .folderNotEmpty(let path):
            UserMessage("\(path) is not empty.", hint: "Name a folder that does not exist yet.", exit: .usage)
        case .unintelligible(let what, let reason):
            UserMessage("\(what) could not be understood: \(reason)", exit: .software)
        case .serverNotStarted(let log):
            UserMessage("martlet-server did not start.", hint: "See \(log)", exit: .unavailable)
        }
    }
}
