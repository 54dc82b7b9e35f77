package import FleetModel
internal import Synchronization

/// Counts new machines within an hour, so that a flood of made-up ids is bounded in time too.
///
/// Kept in memory: a restart begins a new hour. A registration that fails after it was counted stays counted; a store
/// that takes back a whole transaction takes back what was counted in it, too (``tally``).
package final class ArrivalMeter: Sendable {
    /// What was counted so far.
    package struct Hour: Sendable {
        fileprivate var start = Timestamp.epoch
        fileprivate var count = 0
    }

    private let hour = Mutex(Hour())
    private let maximum: Int
    private static let seconds: Int64 = 3600

    /// - Parameter maximum: new machines within an hour.
    package init(maximum: Int) { self.maximum = maximum }

    /// To be kept before a transaction, and put back where that is taken back. The store's one writer sees to it that
    /// nobody else counts meanwhile.
    package var tally: Hour {
        get { hour.withLock { $0 } }
        set { hour.withLock { $0 = newValue } }
    }

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
