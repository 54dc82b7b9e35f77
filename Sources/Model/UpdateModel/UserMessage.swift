/// How a program ends. Scripts rely on these numbers.
///
/// Source: `sysexits.h` of BSD and glibc.
public enum ExitStatus: Int32, Sendable {
    case done = 0
    /// The command was used wrongly.
    case usage = 64
    /// The input is damaged or not what it claims to be.
    case badData = 65
    /// A service that is needed does not answer.
    case unavailable = 69
    /// Our own mistake.
    case software = 70
    /// Reading or writing failed.
    case inputOutput = 74
    /// It may work later.
    case tryLater = 75
    case notPermitted = 77
    /// A settings file is wrong.
    case configuration = 78
}

/// What a person is told when something fails: one line that says what, on which object, and what to try.
public struct UserMessage: Hashable, Sendable {
    public let text: String
    public let hint: String?
    public let exit: ExitStatus

    public init(_ text: String, hint: String? = nil, exit: ExitStatus) {
        self.text = text
        self.hint = hint
        self.exit = exit
    }

    /// Text and hint on one line, with control characters removed so that hostile input cannot steer a terminal.
    public var line: String {
        let whole = hint.map { "\(text) \($0)" } ?? text
        return String(whole.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
    }
}

/// An error that knows how to speak to a person. `main` alone turns it into text and an exit code.
public protocol UserFacingError: Error {
    var userMessage: UserMessage { get }
}
