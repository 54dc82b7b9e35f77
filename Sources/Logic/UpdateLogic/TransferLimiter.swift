/// Holds a transfer to a rate: a token bucket that knows no clock, only the time it is told.
public struct TransferLimiter: Sendable {
    /// Bytes a second; 0 is no limit.
    public let bytesPerSecond: UInt64
    private let burstBytes: Double
    private var creditBytes: Double
    private var updatedAt: Duration

    /// - Parameter now: time since any fixed moment, from a monotonic clock.
    public init(bytesPerSecond: UInt64, now: Duration) {
        self.bytesPerSecond = bytesPerSecond
        // A tenth of a second's worth: short enough to look steady on a link, long enough for one read.
        self.burstBytes = Double(bytesPerSecond) / 10
        self.creditBytes = 0
        self.updatedAt = now
    }

    /// Accounts for bytes that have arrived and says how long to wait before reading more.
    public mutating func received(_ count: Int, now: Duration) -> Duration {
        guard bytesPerSecond > 0 else { return .zero }
        let elapsed = max(.zero, now - updatedAt)
        updatedAt = now
        creditBytes = min(burstBytes, creditBytes + Double(bytesPerSecond) * (elapsed / .seconds(1)))
        creditBytes -= Double(count)
        return creditBytes >= 0 ? .zero : .seconds(-creditBytes / Double(bytesPerSecond))
    }
}
