/// Tells a connection that still brings something from one that has stalled, or drips so slowly that it might as well.
///
/// Only the time spent waiting for the network counts, so a slow disk or a transfer limit is no stall. Knows no clock,
/// only the time it is told.
public struct StallWatch: Sendable {
    /// Fewer bytes a second than this over the whole limit are as good as none, where nothing else is said.
    public static let bytesPerSecondMin = 10
    /// How long the network may bring too little.
    public let limit: Duration
    private let bytesMin: Int
    private var waited: Duration = .zero
    private var receivedBytes = 0
    private var waitingSince: Duration?

    public init(limit: Duration, bytesPerSecondMin: Int = Self.bytesPerSecondMin) {
        self.limit = limit
        self.bytesMin = max(1, Int((Double(bytesPerSecondMin) * (limit / .seconds(1))).rounded(.up)))
    }

    /// - Parameter now: time since any fixed moment, from a monotonic clock.
    public mutating func waitBegan(now: Duration) { waitingSince = now }

    public mutating func waitEnded(bringing count: Int, now: Duration) {
        waited = waitedSoFar(now: now)
        waitingSince = nil
        receivedBytes = max(receivedBytes, receivedBytes &+ count)
        guard receivedBytes >= bytesMin else { return }
        waited = .zero
        receivedBytes = 0
    }

    public func isStalled(now: Duration) -> Bool { waitedSoFar(now: now) >= limit }

    private func waitedSoFar(now: Duration) -> Duration {
        waitingSince.map { waited + max(.zero, now - $0) } ?? waited
    }
}
