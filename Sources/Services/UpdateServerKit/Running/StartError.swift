import NIOCore
package import UpdateModel

/// Why the server could not begin to serve.
package enum StartError: Error, Hashable {
    case cannotListen(address: String, reason: String)
    /// Another server uses the directory.
    case directoryInUse(String)

    static func words(_ error: IOError) -> String {
        switch error.errnoCode {
        case 98: "another program listens there"
        case 99: "this machine does not have that address"
        case 13: "ports below 1024 need a privilege that this user lacks"
        default: "\(error)"
        }
    }
}

extension StartError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .cannotListen(let address, let reason):
            UserMessage(
                "The server cannot listen on \(address): \(reason).", hint: "Choose another with --listen.",
                exit: .unavailable)
        case .directoryInUse(let path):
            UserMessage(
                "Another server uses the directory \(path).", hint: "Stop it, or give another with --data.",
                exit: .unavailable)
        }
    }
}
