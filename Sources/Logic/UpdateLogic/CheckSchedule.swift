/// When to ask the server next. Intervals are monotonic: a jump of the wall clock moves nothing.
public struct CheckSchedule: Hashable, Sendable {
    /// Time from the start of the daemon to its first check, before jitter.
    public var initialDelay: Duration
    /// Time between two checks, before jitter.
    public var interval: Duration
    /// The delay is drawn evenly from `value ± jitter / 2`.
    public var jitter: Duration
    /// The longest wait after failures, and the most that a server may ask for.
    public var intervalMax: Duration

    /// The figures of the field's stock client: 7 min ± 5 after a start, 45 min ± 5, four hours at most.
    public static let stock = CheckSchedule(
        initialDelay: .seconds(420), interval: .seconds(2700), jitter: .seconds(600), intervalMax: .seconds(14400))

    public init(initialDelay: Duration, interval: Duration, jitter: Duration, intervalMax: Duration) {
        self.initialDelay = initialDelay
        self.interval = interval
        self.jitter = jitter
        self.intervalMax = intervalMax
    }

    public func firstDelay(using generator: inout some RandomNumberGenerator) -> Duration {
        spread(initialDelay, by: jitter, using: &generator)
    }

    /// The wait after a check.
    /// - Parameters:
    ///   - failuresInRow: doubles the interval each time, up to ``intervalMax``.
    ///   - requested: the server's `PollInterval`; it can lengthen the wait, never shorten it.
    public func nextDelay(
        failuresInRow: Int, requested: Duration?, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let doublings = min(max(failuresInRow, 0), 16)
        let backedOff = min(interval * (1 << doublings), max(intervalMax, interval))
        let wanted = max(backedOff, min(requested ?? .zero, intervalMax))
        let isUnusual = failuresInRow > 0 || wanted > interval
        return spread(wanted, by: isUnusual ? wanted : jitter, using: &generator)
    }

    /// How long a payload is left alone after it failed `failures` times: not at all after the first failure, then
    /// twice the interval and more, up to ``intervalMax``.
    public func downloadDelay(failures: Int) -> Duration {
        guard failures > 1 else { return .zero }
        return min(interval * (1 << min(failures - 1, 16)), longestDownloadDelay)
    }

    /// No download is put off for longer.
    public var longestDownloadDelay: Duration { max(intervalMax, interval) }

    private func spread(
        _ value: Duration, by range: Duration, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let range = min(range, value * 2)
        guard range > .zero else { return value }
        return value - range / 2 + range * Double.random(in: 0...1, using: &generator)
    }
}
