import FleetAPI
package import UpdateModel

/// Why a command could not get from the server what it wanted.
package enum ClientError: Error, Equatable {
    case invalidServer(String)
    case unreadableToken(file: String)
    case malformedToken(source: String)
    case unreachable(server: String, reason: String)
    /// The server answered, and refused: a status, and what it said about it.
    case refused(status: Int, detail: String)
    /// The server refused for now: the same may succeed soon.
    case putOff(detail: String)
    /// What stands before the server could not reach it, with a status of 502 to 504.
    case gateway(server: String, status: Int)
    /// The connection broke while the server fetched a payload, and it was not added.
    case fetchLost(server: String)
    /// The server looked at a payload and did not take it.
    case refusedPayload(detail: String)
    /// What answered does not speak our API.
    case foreign(server: String, reason: String)
    /// What was asked cannot be asked so.
    case usage(String, hint: String)
    case unreadableFile(path: String, reason: String)
    case notAPayload(path: String)
}

extension ClientError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .invalidServer(let text):
            UserMessage("“\(text)” is no server's URL.", hint: "Use one such as http://127.0.0.1:8080.", exit: .usage)
        case .unreadableToken(let file):
            UserMessage("The token file \(file) cannot be read.", hint: "Is it there, and yours?", exit: .configuration)
        case .malformedToken(let source):
            UserMessage("\(source) does not hold a token.", hint: "A token is one word.", exit: .configuration)
        case .unreachable(let server, let reason):
            UserMessage(
                "The server \(server) cannot be reached: \(reason).", hint: "Is it running?", exit: .unavailable)
        case .refused(let status, let detail):
            UserMessage(detail, exit: Self.exit(forStatus: status))
        case .putOff(let detail): UserMessage(detail, exit: .tryLater)
        case .gateway(let server, let status):
            UserMessage(
                "What stands before the server \(server) answered with status \(status).",
                hint: "Is the server running?", exit: .unavailable)
        case .fetchLost(let server):
            UserMessage(
                "The connection to \(server) broke while the payload was fetched; that has ended, and it was not "
                    + "added.",
                hint: "Give the command again, past the proxy if there is one, to see why.", exit: .tryLater)
        case .refusedPayload(let detail): UserMessage(detail, exit: .badData)
        case .foreign(let server, let reason):
            UserMessage(
                "What answers at \(server) is no Martlet server: \(reason).", hint: "Check --server.",
                exit: .unavailable)
        case .usage(let text, let hint):
            UserMessage(text, hint: hint, exit: .usage)
        case .unreadableFile(let path, let reason):
            UserMessage("The file \(path) cannot be read: \(reason).", exit: .inputOutput)
        case .notAPayload(let path):
            UserMessage("The file \(path) is no update payload: it does not begin with CrAU.", exit: .badData)
        }
    }

    private static func exit(forStatus status: Int) -> ExitStatus {
        switch status {
        case 401, 403: .notPermitted
        case 400, 422: .usage
        case 412, 429, 503: .tryLater
        case 507: .inputOutput
        case 424, 502, 504: .unavailable
        case 500...: .software
        default: .badData
        }
    }
}
