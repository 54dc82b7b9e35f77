import SlotDevice
import Synchronization

/// What becomes of writes that were not flushed when the power goes.
package enum CacheSurvival: Hashable, Sendable, CaseIterable {
    /// None of them reaches the medium.
    case lost
    /// All of them do; of the write under way, the first half of its sectors.
    case kept
    /// Of each sector, by chance, some earlier or later state: order is not respected, and writes tear between sectors.
    case scattered
}

/// The power, and the wear, that several faulty devices and file areas share.
///
/// Counts every operation that changes a medium (write, flush, make, rename, remove) over all of them, and can cut the
/// power at one of them, or make one fail.
package final class PowerSupply: Sendable {
    enum Verdict: Hashable, Sendable {
        case proceed
        /// The power goes during this very operation.
        case cutNow
        case off
        case fail
    }

    private struct State {
        var operationCount = 0
        var cutAt: Int?
        var failAt: Int?
        var survival = CacheSurvival.lost
        var isOn = true
        var random: SeededRandom
        var restorers: [@Sendable (CacheSurvival, inout SeededRandom) -> Void] = []
    }

    private let state: Mutex<State>

    /// - Parameter seed: of the chance in ``CacheSurvival/scattered``.
    package init(seed: UInt64 = 0) { self.state = Mutex(State(random: SeededRandom(seed: seed))) }

    package var isOn: Bool { state.withLock { $0.isOn } }

    /// Operations since the start, the last plan, or the last return of the power.
    package var operationCount: Int { state.withLock { $0.operationCount } }

    /// Cuts the power during operation `number` from now, 1 being the next.
    package func cut(atOperation number: Int, survival: CacheSurvival) {
        state.withLock {
            $0.operationCount = 0
            $0.cutAt = number
            $0.survival = survival
        }
    }

    /// Lets operation `number` from now, 1 being the next, fail with an input/output error and without effect.
    package func fail(operation number: Int) {
        state.withLock {
            $0.operationCount = 0
            $0.failAt = number
        }
    }

    /// Starts counting anew, with nothing planned.
    package func reset() {
        state.withLock {
            $0.operationCount = 0
            $0.cutAt = nil
            $0.failAt = nil
        }
    }

    /// Cuts the power now, between two operations.
    package func cutNow(survival: CacheSurvival) {
        state.withLock {
            $0.survival = survival
            $0.isOn = false
        }
    }

    /// Gives power back: each device then holds what its medium kept. Nothing happens while the power is on.
    package func restore() {
        let plan: (restorers: [@Sendable (CacheSurvival, inout SeededRandom) -> Void], State)? = state.withLock {
            $0.isOn ? nil : ($0.restorers, $0)
        }
        guard let (restorers, before) = plan else { return }
        var random = before.random
        for restore in restorers { restore(before.survival, &random) }
        state.withLock {
            $0.random = random
            $0.isOn = true
            $0.operationCount = 0
            $0.cutAt = nil
            $0.failAt = nil
        }
    }

    func register(_ restorer: @escaping @Sendable (CacheSurvival, inout SeededRandom) -> Void) {
        state.withLock { $0.restorers.append(restorer) }
    }

    /// Counts one operation that changes a medium, and says what becomes of it.
    func begin() -> Verdict {
        state.withLock { state in
            guard state.isOn else { return .off }
            state.operationCount += 1
            if state.operationCount == state.cutAt {
                state.isOn = false
                return .cutNow
            }
            return state.operationCount == state.failAt ? .fail : .proceed
        }
    }
}

extension DeviceError {
    static func injected(_ operation: String, _ path: String) -> DeviceError {
        .failed(operation: operation, path: path, reason: "Input/output error")
    }
}
