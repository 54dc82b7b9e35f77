package import FleetModel
internal import UpdateModel

// Each of these happens once for each thing that happens to a machine; the counters are never recomputed.
extension RolloutState {
    mutating func countGrant(isCanary: Bool) {
        granted += 1
        takePlace(isCanary: isCanary)
    }

    mutating func takePlace(isCanary: Bool) {
        inProgress += 1
        if isCanary { canariesOpen += 1 }
    }

    /// The place of `grant`, which holds one, is free again.
    package mutating func freePlace(of grant: Grant) {
        inProgress = max(0, inProgress - 1)
        if grant.isCanary { canariesOpen = max(0, canariesOpen - 1) }
    }

    mutating func countCompletion(of grant: Grant?, policy: RolloutPolicy, now: Timestamp) {
        completed += 1
        completedSinceResume += 1
        guard grant?.isCanary == true else { return }
        canariesDone += 1
        if let canary = policy.canary, canariesDone >= canary.size, canariesDoneAt == nil { canariesDoneAt = now }
    }

    /// Counts a machine whose time ran out, and brakes when that was one too many.
    ///
    /// - Parameter isFirst: whether this machine's time had not run out before; the brake counts machines.
    mutating func countTimeOut(
        _ note: RolloutFailure, in stage: MachineStage, policy: RolloutPolicy, isFirst: Bool = true
    ) {
        expired += 1
        guard isFirst else { return }
        timedOut[stage] = (timedOut[stage] ?? 0) + 1
        timedOutSinceResume[stage] = (timedOutSinceResume[stage] ?? 0) + 1
        keep(note)
        let count = timedOutSinceResume[stage] ?? 0
        guard let limit = policy.brakes.timeOuts[stage], count >= limit else { return }
        brake(
            .timeOuts, at: note.at,
            "\(Self.machines(count)) took too long at the stage “\(stage.rawValue)” of \(id.version), "
                + "and the group stops after \(limit)")
    }

    /// Counts a machine that installed the release and was not heard of again.
    mutating func countSilence(_ note: RolloutFailure, isCanary: Bool, policy: RolloutPolicy) {
        silent += 1
        silentSinceResume += 1
        keep(note)
        if isCanary { brake(.canary, at: note.at, "A machine that tried \(id.version) first was not heard of again") }
        guard let limit = policy.brakes.silent, silentSinceResume >= limit else { return }
        brake(
            .silence, at: note.at,
            "\(Self.machines(silentSinceResume)) installed \(id.version) and did not come back, "
                + "and the group stops after \(limit)")
    }

    /// A machine that was silent came back. What its silence stopped stays stopped.
    mutating func countReturn(of machine: MachineID) {
        silent = max(0, silent - 1)
        silentSinceResume = max(0, silentSinceResume - 1)
        failures.removeAll { $0.machine == machine && $0.brake == .silence }
    }

    /// Counts one failed machine, and brakes when that was one too many.
    mutating func count(_ failure: RolloutFailure, isCanary: Bool = false, policy: RolloutPolicy) {
        failed += 1
        failedSinceResume += 1
        keep(failure)
        if isCanary { brake(.canary, at: failure.at, "A machine that tried \(id.version) first failed") }
        if let limit = policy.stopAfterFailures, failedSinceResume >= limit {
            brake(
                .failures, at: failure.at,
                "\(Self.machines(failedSinceResume)) failed \(id.version), "
                    + "and the group stops after \(limit)")
        }
        brakeOnShare(at: failure.at, policy.brakes)
    }

    private mutating func brakeOnShare(at moment: Timestamp, _ brakes: Brakes) {
        let ended = failedSinceResume + completedSinceResume
        guard let percent = brakes.failurePercent, ended >= brakes.failureSample,
            failedSinceResume * 100 >= ended * percent
        else { return }
        brake(
            .failureShare, at: moment,
            "\(failedSinceResume) of \(Self.machines(ended)) failed \(id.version), "
                + "and the group stops at \(percent) %")
    }

    private mutating func keep(_ note: RolloutFailure) {
        failures = Array((failures + [note]).suffix(Self.failureNotesMaximum))
    }

    /// The first brake that acts is the one that is told, with the machines that it is about.
    private mutating func brake(_ brake: Brake, at moment: Timestamp, _ text: String) {
        guard stop == nil else { return }
        let own = failures.filter { Self.concerns(brake, $0.brake) }
        let named = own.map { note in
            let code = note.code.map { " (code \($0))" } ?? ""
            return "\(note.machine)\(code): \(note.reason)"
        }
        stop = RolloutStop(at: moment, reason: "\(text): \(named.joined(separator: "; "))", failures: own, brake: brake)
    }

    private static func concerns(_ brake: Brake, _ note: Brake?) -> Bool {
        switch brake {
        case .failures, .failureShare: note == nil
        case .timeOuts: note == .timeOuts
        case .silence: note == .silence
        case .canary: note != .timeOuts
        }
    }

    private static func machines(_ count: Int) -> String { count == 1 ? "1 machine" : "\(count) machines" }
}
