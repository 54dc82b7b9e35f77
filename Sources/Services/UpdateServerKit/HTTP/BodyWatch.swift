import NIOCore
import Synchronization

/// Closes connections whose bodies do not come in time.
///
/// One timer serves all bodies. A timer for each would go to its connection's event loop and be taken back from there,
/// for every check-in, while nearly every body is here before its reader asks.
final class BodyWatch: Sendable {
    private struct Wait {
        let channel: any Channel
        let deadline: NIODeadline
    }

    private struct Waits {
        var byNumber: [Int: Wait] = [:]
        var lastNumber = 0
        var isTimerSet = false
    }

    private let patience: TimeAmount
    private let waits = Mutex(Waits())

    /// - Parameter patience: how long a body may take.
    init(patience: TimeAmount) { self.patience = patience }

    /// From now on a body is waited for.
    /// - Returns: what ``end(_:)`` is told.
    func begin(_ channel: any Channel) -> Int {
        let (number, setsTimer) = waits.withLock { waits in
            waits.lastNumber += 1
            waits.byNumber[waits.lastNumber] = Wait(channel: channel, deadline: .now() + patience)
            defer { waits.isTimerSet = true }
            return (waits.lastNumber, !waits.isTimerSet)
        }
        if setsTimer { channel.eventLoop.scheduleTask(in: patience) { self.closeOverdue() } }
        return number
    }

    /// The body is there, or nobody waits for it any more.
    func end(_ number: Int) { _ = waits.withLock { $0.byNumber.removeValue(forKey: number) } }

    /// Whether the connection was closed because its body took too long.
    func isOver(_ number: Int) -> Bool { waits.withLock { $0.byNumber[number] == nil } }

    /// Also sets the timer for the next of those that are left; with nobody left the next body does.
    private func closeOverdue() {
        let now = NIODeadline.now()
        let (overdue, next) = waits.withLock { waits in
            let overdue = waits.byNumber.filter { $0.value.deadline <= now }
            for number in overdue.keys { waits.byNumber[number] = nil }
            let next = waits.byNumber.values.min { $0.deadline < $1.deadline }
            waits.isTimerSet = next != nil
            return (overdue.values.map(\.channel), next)
        }
        for channel in overdue { channel.close(promise: nil) }
        guard let next else { return }
        next.channel.eventLoop.scheduleTask(deadline: next.deadline) { self.closeOverdue() }
    }
}
