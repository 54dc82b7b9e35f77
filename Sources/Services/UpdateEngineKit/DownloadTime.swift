import FoundationEssentials
import HostLinux
package import UpdateLogic

/// A clock that measures spans, and lets time pass.
package struct Stopwatch: Sendable {
    /// Since any fixed moment.
    package let now: @Sendable () -> Duration
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(_ clock: some Clock<Duration>) {
        let start = clock.now
        self.now = { start.duration(to: clock.now) }
        self.sleep = { try await clock.sleep(for: $0) }
    }
}

/// Time and chance as downloads see them. Tests put clocks here that they turn themselves.
package struct DownloadTime: Sendable {
    /// For pauses, and for holding a transfer to its limit.
    package var pauses: Stopwatch
    /// For the silence of servers; apart, so that a test can let one pass without the other.
    package var silence: Stopwatch
    /// Seconds since 1970.
    package var wallClock: @Sendable () -> Int64
    package var localTime: @Sendable () -> LocalTime
    /// Evenly drawn from 0…1.
    package var chance: @Sendable () -> Double

    package init(
        pauses: Stopwatch, silence: Stopwatch, wallClock: @escaping @Sendable () -> Int64,
        localTime: @escaping @Sendable () -> LocalTime, chance: @escaping @Sendable () -> Double
    ) {
        self.pauses = pauses
        self.silence = silence
        self.wallClock = wallClock
        self.localTime = localTime
        self.chance = chance
    }

    /// As it is.
    package static var real: DownloadTime {
        let stopwatch = Stopwatch(ContinuousClock())
        return DownloadTime(
            pauses: stopwatch, silence: stopwatch, wallClock: { Int64(Date().timeIntervalSince1970) },
            localTime: { LocalTime(LocalClock()) }, chance: { Double.random(in: 0...1) })
    }
}

extension LocalTime {
    init(_ clock: LocalClock) {
        // The week of rules begins with Monday, that of the C library with Sunday.
        let days = Weekday.allCases
        self.init(weekday: days[(clock.weekday + 6) % days.count], sinceMidnight: clock.sinceMidnight)
    }
}
