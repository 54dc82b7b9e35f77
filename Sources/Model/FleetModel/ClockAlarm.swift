/// The server's clock jumped: nothing is offered and nothing expires until it is right again or a person says so.
public struct ClockAlarm: Hashable, Sendable, Codable {
    /// By the server's own count of time, which did not jump.
    public let at: Timestamp
    /// What the clock of the machine said then.
    public let clock: Timestamp

    public init(at: Timestamp, clock: Timestamp) {
        self.at = at
        self.clock = clock
    }

    /// How far it went: forward, or backward when negative.
    public var jumpSeconds: Int64 { clock.seconds(since: at) }
}

/// A reading of two clocks, kept so that a jump is seen across a restart.
public struct ClockMark: Hashable, Sendable, Codable {
    /// Universal time.
    public let moment: Timestamp
    /// Since the boot of the machine, in microseconds; it never jumps.
    public let uptimeMicroseconds: Int64
    /// Names that boot.
    public let boot: String

    public init(moment: Timestamp, uptimeMicroseconds: Int64, boot: String) {
        self.moment = moment
        self.uptimeMicroseconds = uptimeMicroseconds
        self.boot = boot
    }

    /// The same moment by a clock that was set by so much.
    public func shifted(seconds: Int64) -> ClockMark {
        ClockMark(moment: moment.adding(seconds: seconds), uptimeMicroseconds: uptimeMicroseconds, boot: boot)
    }
}
