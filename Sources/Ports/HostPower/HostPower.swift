public import UpdateModel

/// Restarts the machine.
public protocol HostPower: Sendable {
    /// Asks for a reboot. On success the process is about to be stopped.
    /// - Parameter reason: for the journal and for people who are logged in.
    func reboot(reason: String) async throws(HostPowerError)
}

/// The machine did not take the request.
public struct HostPowerError: Error, Hashable {
    public let reason: String

    public init(reason: String) { self.reason = reason }
}

extension HostPowerError: UserFacingError {
    public var userMessage: UserMessage {
        UserMessage("The machine could not be rebooted: \(reason).", exit: .unavailable)
    }
}
