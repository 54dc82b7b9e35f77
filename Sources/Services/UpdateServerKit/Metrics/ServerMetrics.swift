import FleetModel
package import FleetStorage
import Synchronization

/// What the server counts as it happens, since it started.
package final class ServerMetrics: Sendable {
    /// What became of a check-in.
    enum Result: String, CaseIterable {
        case offer, hold
        case upToDate = "up-to-date"
        /// The machine only reported.
        case report
        /// It was not Omaha, too long, or too slow.
        case refused
        /// The server could not do its work, or had too much of it.
        case failed
    }

    struct Figures {
        var checkIns: [Result: Int] = [:]
        var holds: [HoldReason: Int] = [:]
        var newMachines = 0
        var checkInSeconds = Histogram()
        var batchSeconds = Histogram()
        var batchWork = 0
        var failedBatches = 0
    }

    private let state = Mutex(Figures())

    package init() {}

    var figures: Figures { state.withLock { $0 } }

    func answeredCheckIn(after duration: Duration) { state.withLock { $0.checkInSeconds.add(duration) } }

    func count(_ outcome: CheckInOutcome) {
        state.withLock { figures in
            if outcome.isNewMachine { figures.newMachines += 1 }
            switch outcome.decision {
            case nil: figures.checkIns[.report, default: 0] += 1
            case .offer: figures.checkIns[.offer, default: 0] += 1
            case .upToDate: figures.checkIns[.upToDate, default: 0] += 1
            case .hold(let reason, _):
                figures.checkIns[.hold, default: 0] += 1
                figures.holds[reason, default: 0] += 1
            }
        }
    }

    func countRefusal(isOurs: Bool) { state.withLock { $0.checkIns[isOurs ? .failed : .refused, default: 0] += 1 } }

    /// For the store.
    package var storeObserver: StoreObserver {
        StoreObserver { [self] batch in
            state.withLock { figures in
                figures.batchSeconds.add(batch.duration)
                figures.batchWork += batch.workCount
                if !batch.isDurable { figures.failedBatches += 1 }
            }
        }
    }
}
