package import UpdateModel

/// Why the demo could not go on.
package enum DemoError: Error, Hashable {
    /// A program of Martlet is not beside the running one.
    case programMissing(path: String)
    /// A system tool is not installed.
    case toolMissing(name: String, package: String)
    case processNotStarted(program: String, reason: String)
    /// A command that had to succeed left with another code.
    case commandFailed(command: String, status: String, lastLine: String)
    case fileFailed(path: String, reason: String)
    /// The folder for `--keep` holds something already.
    case folderNotEmpty(path: String)
    case sourceFilesMissing(what: String)
    /// A program answered with something that it should not.
    case unintelligible(what: String, reason: String)
    /// The operator pressed Ctrl-C.
    case interrupted
}

extension DemoError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .programMissing(let path):
            UserMessage(
                "\(path) is missing.", hint: "The demo runs the programs beside “martlet”; build them all: make build",
                exit: .unavailable)
        case .toolMissing(let name, let package):
            UserMessage("\(name) is not installed.", hint: "Try: apt-get install \(package)", exit: .unavailable)
        case .processNotStarted(let program, let reason):
            UserMessage("\(program) could not be started: \(reason).", exit: .inputOutput)
        case .commandFailed(let command, let status, let lastLine):
            UserMessage("“\(command)” ended with \(status): \(lastLine)", exit: .software)
        case .fileFailed(let path, let reason):
            UserMessage("\(path): \(reason).", hint: "Is there room, and may you write there?", exit: .inputOutput)
        case .folderNotEmpty(let path):
            UserMessage("\(path) is not empty.", hint: "Name a folder that does not exist yet.", exit: .usage)
        case .sourceFilesMissing(let what):
            UserMessage("No \(what) was found to make images from.", hint: "Is apt-get configured?", exit: .unavailable)
        case .unintelligible(let what, let reason):
            UserMessage("\(what) could not be understood: \(reason)", exit: .software)
        case .interrupted:
            UserMessage("Stopped before the story was told.", exit: .tryLater)
        }
    }
}
