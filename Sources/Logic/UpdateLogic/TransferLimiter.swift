/// Holds a transfer to a rate, exactly: it knows no clock, only the time it is told, and rounds nothing away.
///
/// In any span of time no more arrives than the rate allows, one burst, and one read.
public struct TransferLimiter: Sendable {
    /// Bytes a second; 0 is no limit.
    public private(set) var bytesPerSecond: UInt64
    /// `bytes` that began to arrive at `start` are paid for at `start + bytes / bytesPerSecond`.
    private var start: Duration
    private var bytes: Int128 = 0
    /// Idle time that still counts: short enough to look steady on a link, long enough for one read.
    private static let burst = Duration.milliseconds(100)
    private static let bytesMax: Int128 = 1 << 62
    private static let attosecondsPerSecond: Int128 = 1_000_000_000_000_000_000

    /// - Parameter now: time since any fixed moment, from a monotonic clock.
    public init(bytesPerSecond: UInt64, now: Duration) {
        self.bytesPerSecond = bytesPerSecond
        self.start = now
    }

    /// Goes on at another rate. Bytes that are not paid for yet stay owed, and are paid for at the new one.
    public mutating func setRate(_ rate: UInt64, now: Duration) {
        guard rate != bytesPerSecond else { return }
        let owed = max(.zero, due - now).attoseconds
        let (product, overflow) = owed.multipliedReportingOverflow(by: Int128(bytesPerSecond))
        bytes = overflow ? bytes : product / Self.attosecondsPerSecond
        start = now
        bytesPerSecond = rate
    }

    /// Accounts for bytes that have arrived and says how long to wait before reading more.
    public mutating func received(_ count: Int, now: Duration) -> Duration {
        guard bytesPerSecond > 0 else { return .zero }
        if now - due > Self.burst {
            start = now - Self.burst
            bytes = 0
        }
        bytes = min(bytes + Int128(count), Self.bytesMax)
        return wait(now: now)
    }

    /// How long to wait before reading more.
    public func wait(now: Duration) -> Duration { bytesPerSecond > 0 ? max(.zero, due - now) : .zero }

    /// When everything that has arrived is paid for; rounded up, so that the rate is never exceeded.
    private var due: Duration {
        guard bytesPerSecond > 0 else { return start }
        let rate = Int128(bytesPerSecond)
        return start + Duration(attoseconds: (bytes * Self.attosecondsPerSecond + rate - 1) / rate)
    }
}
