package import FleetModel
internal import UpdateModel

// Each of these happens once for each thing that happens to a machine; the counters are never recomputed.
extension RolloutState {
    mutating func countGrant() {
        granted += 1
        inProgress += 1
    }

    mutating func countPlaceTakenAgain() { inProgress += 1 }

    mutating func countPlaceFreed() { inProgress = max(0, inProgress - 1) }

    mutating func countCompletion() { completed += 1 }

    mutating func countExpiry() { expired += 1 }

    /// Counts one failed machine, and stops the roll-out when that was one too many.
    mutating func count(_ failure: RolloutFailure, policy: RolloutPolicy) {
        failed += 1
        failedSinceResume += 1
        failures = Array((failures + [failure]).suffix(Self.failureNotesMaximum))
        guard stop == nil, let limit = policy.stopAfterFailures, failedSinceResume >= limit else { return }
        stop = RolloutStop(at: failure.at, reason: stopReason(limit: limit), failures: failures)
    }

    /// Lets a stopped roll-out go on.
    package mutating func resume() {
        stop = nil
        failedSinceResume = 0
        failures = []
    }

    private func stopReason(limit: Int) -> String {
        let named = failures.map { failure in
            let code = failure.code.map { " (code \($0))" } ?? ""
            return "\(failure.machine)\(code): \(failure.reason)"
        }
        let count = failedSinceResume == 1 ? "1 machine" : "\(failedSinceResume) machines"
        return "\(count) failed \(id.version), and the group stops after \(limit): \(named.joined(separator: "; "))"
    }
}
