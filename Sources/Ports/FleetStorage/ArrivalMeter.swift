package import FleetModel
internal import Synchronization

/// Counts new machines within an hour, so that a flood of made-up ids is bounded in time too.
///
/// Kept in memory: a restart begins a new hour. A registration that fails after it was counted stays counted.
package final class ArrivalMeter: Sendable {
    private struct Hour {
        var start = Timestamp.epoch
        var count = 0
    }

    private let hour = Mutex(Hour())
    private let maximum: Int
    private static let seconds: Int64 = 3600

    /// - Parameter maximum: new machines within an hour.
    package init(maximum: Int) { self.maximum = maximum }

    /// Counts one new machine.
    /// - Returns: `nil` when it may be registered; else when it may ask again.
    package func count(at now: Timestamp) -> Timestamp? {
        hour.withLock { hour in
            // A clock that was set back begins a new hour, too.
            if !(0..<Self.seconds).contains(now.seconds(since: hour.start)) || now < hour.start {
                hour = Hour(start: now)
            }
            guard hour.count < maximum else { return hour.start.adding(seconds: Self.seconds) }
            hour.count += 1
            return nil
        }
    }
}
