package import UpdateModel

/// What kept a virtual machine from being run or looked into.
package enum QemuError: Error, Hashable {
    /// A program or a file of the system is not installed.
    case missing(name: String, package: String)
    /// QEMU left by itself before the guest ran; `lastLine` is what it said.
    case notStarted(lastLine: String)
    /// Nothing listens on one of QEMU's sockets, or the line broke.
    case lineBroken(what: String, reason: String)
    /// QEMU's monitor refused a command.
    case monitorRefused(command: String, reason: String)
    /// The guest did not answer a command in time.
    case noAnswer(command: String, limit: Duration)
    /// A command in the guest left with another code than 0.
    case guestCommandFailed(command: String, status: Int, lastLine: String)
    /// A machine did not do what it was waited for; `tail` is the end of its console.
    case stuck(what: String, serialLog: String, tail: [String])
    case diskUnreadable(path: String, reason: String)
    /// What a tool printed is not what it prints.
    case unintelligible(what: String, text: String)
}

extension QemuError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .missing(let name, let package):
            UserMessage("\(name) is missing.", hint: "Try: apt-get install \(package)", exit: .unavailable)
        case .notStarted(let lastLine):
            UserMessage("QEMU did not start: \(lastLine)", exit: .unavailable)
        case .lineBroken(let what, let reason):
            UserMessage("The line to \(what) broke: \(reason).", exit: .inputOutput)
        case .monitorRefused(let command, let reason):
            UserMessage("QEMU refused “\(command)”: \(reason)", exit: .software)
        case .noAnswer(let command, let limit):
            UserMessage("The guest did not answer “\(command)” within \(limit).", exit: .software)
        case .guestCommandFailed(let command, let status, let lastLine):
            UserMessage("In the guest “\(command)” ended with \(status): \(lastLine)", exit: .software)
        case .stuck(let what, let serialLog, _):
            UserMessage("\(what).", hint: "See \(serialLog)", exit: .software)
        case .diskUnreadable(let path, let reason):
            UserMessage("\(path) cannot be read as a disk: \(reason)", exit: .badData)
        case .unintelligible(let what, let text):
            UserMessage("\(what) could not be understood: \(text)", exit: .software)
        }
    }
}
