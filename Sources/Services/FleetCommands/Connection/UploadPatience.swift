import UpdateModel

/// Tries an upload again where what went wrong may pass: the connection broke, what stands before the server did not
/// reach it, or the server put it off. What was refused for good is not sent twice.
package struct UploadPatience: Sendable {
    let attempts: Int
    /// Waits so many seconds; the text says why, for a person.
    let pause: @Sendable (_ seconds: Int, _ text: String) async throws -> Void

    /// The longest time between two attempts, in seconds.
    package static let pauseMaximum = 30

    package init(attempts: Int, pause: @escaping @Sendable (_ seconds: Int, _ text: String) async throws -> Void) {
        self.attempts = attempts
        self.pause = pause
    }

    /// - Parameter body: is told the number of the attempt, from 1.
    /// - Throws: what `body` threw at last.
    package func run<Value>(_ body: (Int) async throws -> Value) async throws -> Value {
        var attempt = 1
        while true {
            do { return try await body(attempt) } catch {
                guard attempt < attempts, let reason = (error as? ClientError)?.passing else { throw error }
                let seconds = min(1 << min(attempt - 1, 10), Self.pauseMaximum)
                try await pause(seconds, "\(reason) Attempt \(attempt + 1) of \(attempts) in \(seconds) s.")
                attempt += 1
            }
        }
    }
}

extension ClientError {
    /// What to say of an error that may pass by itself; `nil` for any other.
    fileprivate var passing: String? {
        switch self {
        case .unreachable: "The connection broke."
        case .gateway(_, let status): "What stands before the server answered with status \(status)."
        case .putOff(let detail): detail
        default: nil
        }
    }
}
