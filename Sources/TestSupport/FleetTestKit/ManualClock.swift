import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Clock, Sendable {
    package struct Instant: InstantProtocol, CustomStringConvertible {
        /// Since the clock was made.
        package let elapsed: Duration

        package init(elapsed: Duration) { self.elapsed = elapsed }

        package func advanced(by duration: Duration) -> Instant { Instant(elapsed: elapsed + duration) }
        package func duration(to other: Instant) -> Duration { other.elapsed - elapsed }
        package static func < (left: Instant, right: Instant) -> Bool { left.elapsed < right.elapsed }
        package var description: String { "\(elapsed)" }
    }

    private struct Sleeper {
        let deadline: Instant
        let wake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(elapsed: .zero)
        var nextNumber: UInt64 = 0
        var sleepers: [UInt64: Sleeper] = [:]
        /// Sleeps that were cancelled before they began.
        var cancelled: Set<UInt64> = []
        var watchers: [(count: Int, wake: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { state.withLock { $0.now } }
    package var minimumResolution: Duration { .zero }
    /// Tasks that sleep now.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }
    /// The time at which the next sleeper wakes; `nil` when nobody sleeps.
    package var nextDeadline: Instant? { state.withLock { $0.sleepers.values.map(\.deadline).min() } }

    /// Moves the time on, and wakes those whose time has come.
    package func advance(by duration: Duration) {
        let due: [Sleeper] = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in due { sleeper.wake.resume() }
    }

    /// Moves the time to the next sleeper's deadline. Returns whether there was one.
    @discardableResult package func advanceToNextDeadline() -> Bool {
        guard let deadline = nextDeadline else { return false }
        advance(by: max(.zero, now.duration(to: deadline)))
        return true
    }

    /// Returns when at least `count` tasks sleep.
    package func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                begin(number, Sleeper(deadline: deadline, wake: wake))
            }
        } onCancel: {
            cancel(number)
        }
    }

    private enum Beginning {
        case isOver
        case isCancelled
        case sleeps([CheckedContinuation<Void, Never>])
    }

    private func begin(_ number: UInt64, _ sleeper: Sleeper) {
        let beginning: Beginning = state.withLock { state in
            if state.cancelled.remove(number) != nil { return .isCancelled }
            if sleeper.deadline <= state.now { return .isOver }
            state.sleepers[number] = sleeper
            let count = state.sleepers.count
            let reached = state.watchers.filter { $0.count <= count }.map(\.wake)
            state.watchers.removeAll { $0.count <= count }
            return .sleeps(reached)
        }
        switch beginning {
        case .isOver: sleeper.wake.resume()
        case .isCancelled: sleeper.wake.resume(throwing: CancellationError())
        case .sleeps(let watchers): for watcher in watchers { watcher.resume() }
        }
    }

    private func cancel(_ number: UInt64) {
        let sleeper: Sleeper? = state.withLock { state in
            if let sleeper = state.sleepers.removeValue(forKey: number) { return sleeper }
            state.cancelled.insert(number)
            return nil
        }
        sleeper?.wake.resume(throwing: CancellationError())
    }
}
