package import FleetModel

// The gates that a roll-out passes, in order: another group first, then the machines that try it, then the ramp.
extension RolloutState {
    /// Brings the roll-out up to `target.now`. Nothing moves while it is disabled, stopped or paused, or while the clock
    /// cannot be believed.
    package mutating func advance(with target: RolloutTarget) {
        guard target.policy.isEnabled, stop == nil, control == nil, target.isClockTrusted else { return }
        startedAt = startedAt ?? target.now
        if turnAt == nil { awaitTurn(target) }
        if turnAt != nil, rampStartedAt == nil { awaitCanaries(target) }
    }

    private mutating func awaitTurn(_ target: RolloutTarget) {
        guard let order = target.policy.after else { return turnAt = target.now }
        guard target.predecessor?.isDone(percent: order.percent) == true else { return predecessorDoneSince = nil }
        let since = predecessorDoneSince ?? target.now
        predecessorDoneSince = since
        if target.now >= since.adding(seconds: order.soakSeconds) { turnAt = target.now }
    }

    private mutating func awaitCanaries(_ target: RolloutTarget) {
        guard let canary = target.policy.canary else { return rampStartedAt = target.now }
        keepCanaries(atMost: target.sizeOnRelease)
        if canariesDone < min(canary.size, max(target.groupSize, 1)) { return canariesDoneAt = nil }
        let doneAt = canariesDoneAt ?? target.now
        canariesDoneAt = doneAt
        let end = doneAt.adding(seconds: canary.soakSeconds)
        if target.now >= end { rampStartedAt = end }
    }

    /// A machine that tried the release and was forgotten, moved or taken back since proves nothing any more, and its
    /// place is another's: no more machines have tried it than run it, or what comes after it, now.
    package mutating func keepCanaries(atMost count: Int) { canariesDone = min(canariesDone, max(0, count)) }

    /// Whether the next grant is one to try the release first.
    package func isCanaryPhase(_ policy: RolloutPolicy) -> Bool { policy.canary != nil && rampStartedAt == nil }

    /// Lets a stopped, paused or aborted roll-out go on. What its brakes counted counts from zero, and the time it stood
    /// still is none of its ramp's.
    package mutating func resume(at now: Timestamp) {
        let since = [stop?.at, control?.at].compactMap { $0 }.min()
        if let since { shiftMoments(seconds: max(0, now.seconds(since: since))) }
        stop = nil
        control = nil
        failures = []
        failedSinceResume = 0
        completedSinceResume = 0
        timedOutSinceResume = PerStage()
        silentSinceResume = 0
    }

    /// The release comes to the group anew: every gate is passed again. What stopped or withdrew it still does.
    package mutating func beginAnew() {
        startedAt = nil
        predecessorDoneSince = nil
        turnAt = nil
        canariesDone = 0
        canariesDoneAt = nil
        rampStartedAt = nil
    }

    /// As if everything had happened so much later.
    package mutating func shiftMoments(seconds: Int64) {
        predecessorDoneSince = predecessorDoneSince?.adding(seconds: seconds)
        canariesDoneAt = canariesDoneAt?.adding(seconds: seconds)
        rampStartedAt = rampStartedAt?.adding(seconds: seconds)
    }
}
