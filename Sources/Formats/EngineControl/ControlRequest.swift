/// What a person asks of the engine over its socket: one line of JSON, answered by one line of JSON.
///
/// ```text
/// → {"command":"update","force":true}
/// ← {"status":{…}}            or  ← {"error":{"message":"…","exit":75}}
/// ```
public struct ControlRequest: Hashable, Sendable, Codable {
    public enum Command: String, Hashable, Sendable, Codable, CaseIterable {
        /// Answers with the present status.
        case status
        /// Asks the server now, and installs what it offers.
        case update
        /// Asks the server now; installs nothing.
        case check
        /// Goes back to the other slot and reboots.
        case rollback
    }

    public var command: Command
    /// Overrules holds and the order of versions, never safety.
    public var force: Bool?

    public init(_ command: Command, force: Bool? = nil) {
        self.command = command
        self.force = force
    }
}

/// The engine's answer: a status, or an error.
public struct ControlResponse: Hashable, Sendable, Codable {
    public struct Failure: Hashable, Sendable, Codable {
        public var message: String
        /// The code of `sysexits.h` that the command leaves with.
        public var exit: Int32

        public init(message: String, exit: Int32) {
            self.message = message
            self.exit = exit
        }
    }

    public var status: EngineStatus?
    public var error: Failure?

    public init(status: EngineStatus) { self.status = status }
    public init(error: Failure) { self.error = error }
}
