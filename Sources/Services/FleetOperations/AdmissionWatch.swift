package import FleetModel
internal import Synchronization

/// Counts the checks of machines that were not taken in because too many new ones came.
package final class AdmissionWatch: Sendable {
    /// What is going on, while it is.
    package struct Alarm: Hashable, Sendable {
        /// Checks that were turned away since this began; a machine that asks twice counts twice.
        package let refusals: Int
        package let since: Timestamp
        /// When new machines are taken in again.
        package let until: Timestamp
    }

    private let alarm = Mutex<Alarm?>(nil)

    func note(_ outcome: CheckInOutcome, at now: Timestamp) {
        guard case .hold(.tooManyNewMachines, let until?) = outcome.decision else { return }
        alarm.withLock { alarm in
            let standing = alarm.flatMap { now < $0.until ? $0 : nil }
            alarm = Alarm(refusals: (standing?.refusals ?? 0) + 1, since: standing?.since ?? now, until: until)
        }
    }

    func alarm(at now: Timestamp) -> Alarm? { alarm.withLock { $0.flatMap { now < $0.until ? $0 : nil } } }
}
