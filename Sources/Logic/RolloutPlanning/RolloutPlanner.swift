package import FleetModel
internal import UpdateModel

/// Decides what a machine that asks is told. The same code runs in the server, in simulations and in the tests.
package enum RolloutPlanner {
    /// Exactly one answer, and for a machine that is not offered its target exactly one reason: the first that applies,
    /// in the order of ``HoldReason``.
    ///
    /// A machine that holds a place is offered the same release again whatever the limits; it may exchange its place for
    /// a newer release, because that takes no further one. Where floors lie on its way it is offered the lowest of them, and
    /// is held for what stands against that or against the target.
    ///
    /// - Parameters:
    ///   - isForced: a person at the machine insists, so an earlier failure or rollback there does not count.
    ///   - readsFormatTwo: whether the machine's updater reads payloads of format 2.
    package static func decide(
        for machine: Machine, target: RolloutTarget, isForced: Bool = false, readsFormatTwo: Bool = true
    ) -> Decision {
        if let order = machine.rollback, order.state.isOpen { return .hold(.rollbackPending, until: order.expiresAt) }
        guard let version = target.version, let next = target.next else { return .hold(.noRelease, until: nil) }
        if machine.version == version { return target.isPinned ? .hold(.pinned, until: nil) : .upToDate }
        if let reason = orderHold(machine, target, version, isForced: isForced) { return .hold(reason, until: nil) }
        if target.policy.minimumVersion?.isNewer(than: machine.version) == true { return .hold(.belowMinimum, until: nil) }
        if target.block != nil || target.floor?.block != nil { return .hold(.releaseBlocked, until: nil) }
        guard let payload = target.payload else {
            return .hold(target.hasPayloads ? .noDelta : .noPayloadForArchitecture, until: nil)
        }
        if payload.format != 1, !readsFormatTwo { return .hold(.payloadFormat, until: nil) }
        if !payload.isAvailable, !target.goesBackByItself(machine) { return .hold(.payloadUnavailable, until: nil) }
        if !isForced, hasFailed(next, on: machine) { return .hold(.failedHereBefore, until: nil) }
        if !isForced, target.undo == nil, isWithheld(next, from: machine) { return .hold(.rolledBack, until: nil) }
        if machine.settings.hold != nil { return .hold(.heldByOperator, until: nil) }
        if let reason = haltHold(target) { return .hold(reason, until: nil) }
        if let grant = machine.grant, grant.holdsPlace, grant.version == next { return .offer(payload) }
        return gateHold(machine, target, version) ?? limitHold(machine, target) ?? .offer(payload)
    }

    /// Versions that do not follow Semantic Versioning have no order: any other one may be offered. Down leads an undo,
    /// only from the release that is undone, and a policy that allows it, where the machine's updater would take it.
    private static func orderHold(
        _ machine: Machine, _ target: RolloutTarget, _ version: Version, isForced: Bool
    ) -> HoldReason? {
        if let undo = target.undo, undo.from == machine.version, undo.to == version { return nil }
        let mayGoDown = target.policy.downgrade == .allow && (isForced || !machine.takesOrders)
        return switch (machine.version.isNewer(than: version), version.isNewer(than: machine.version)) {
        case (true, _): mayGoDown ? nil : .aheadOfChannel
        case (false, false): .notOrdered
        default: nil
        }
    }

    private static func hasFailed(_ version: Version, on machine: Machine) -> Bool {
        machine.failures.contains { $0.version == version && $0.isFinal }
    }

    private static func isWithheld(_ version: Version, from machine: Machine) -> Bool {
        machine.withheld.contains { !$0.isReleased && $0.bars(version) }
    }

    /// What stands still for everyone.
    private static func haltHold(_ target: RolloutTarget) -> HoldReason? {
        if !target.policy.isEnabled { return .updatesDisabled }
        if !target.isClockTrusted { return .clockJumped }
        let legs = [target.rollout, target.floor?.rollout].compactMap { $0 }
        if legs.contains(where: { $0.control?.kind == .aborted }) { return .rolloutAborted }
        if legs.contains(where: { $0.stop != nil }) { return .rolloutStopped }
        return legs.contains { $0.control != nil } ? .rolloutPaused : nil
    }
}

// What passes by itself.
extension RolloutPlanner {
    /// The gates that open with time: the order of groups, the hours, those that try it first, the ramp.
    private static func gateHold(_ machine: Machine, _ target: RolloutTarget, _ version: Version) -> Decision? {
        let (policy, rollout) = (target.policy, target.rollout)
        if let order = policy.after, rollout?.turnAt == nil || target.predecessor?.isHalted == true {
            // A turn that came and was halted by the group before has no end that one could tell.
            let since = rollout?.turnAt == nil ? rollout?.predecessorDoneSince : nil
            return .hold(.waitsForGroup, until: since?.adding(seconds: order.soakSeconds))
        }
        if !target.calendar.isOpen(at: target.now) {
            return .hold(.outsideWindow, until: target.calendar.nextOpening(after: target.now))
        }
        if let canary = policy.canary, rollout?.rampStartedAt == nil { return canaryHold(machine, canary, target) }
        return rampHold(machine, target, version)
    }

    /// No release, floor or target, is tried by more machines than the policy says. Nor is a floor tried by a machine that
    /// could not go on to the target: it would keep the place of one that can.
    private static func canaryHold(_ machine: Machine, _ canary: Canary, _ target: RolloutTarget) -> Decision? {
        if let doneAt = target.rollout?.canariesDoneAt {
            return .hold(.canarySoak, until: doneAt.adding(seconds: canary.soakSeconds))
        }
        let isChosen = (canary.labels?.matches(machine.allLabels) ?? true) && canGoOn(machine, target)
        let leg = target.floor?.rollout ?? target.rollout
        let taken = (leg?.canariesOpen ?? 0) + (leg?.canariesDone ?? 0)
        return isChosen && taken < canary.size ? nil : .hold(.waitsForCanary, until: nil)
    }

    private static func canGoOn(_ machine: Machine, _ target: RolloutTarget) -> Bool {
        guard target.floor != nil, let version = target.version else { return true }
        return !hasFailed(version, on: machine) && !isWithheld(version, from: machine)
    }

    private static func rampHold(_ machine: Machine, _ target: RolloutTarget, _ version: Version) -> Decision? {
        guard let ramp = target.policy.ramp else { return nil }
        let start = target.rollout?.rampStartedAt ?? target.now
        let place = RampPlace.of(machine: machine.id.rawValue, version: version.text)
        if place < ramp.share(after: target.now.seconds(since: start)) { return nil }
        return .hold(.ramp, until: ramp.secondsUntil(shareExceeds: place).map { start.adding(seconds: $0) })
    }

    /// The limits, which pass when others are done. A machine that exchanges its place for another release takes no
    /// further one, but is granted anew.
    private static func limitHold(_ machine: Machine, _ target: RolloutTarget) -> Decision? {
        if let rate = target.policy.rate, let free = target.meter?.nextFree(rate, at: target.now) {
            return .hold(.limitRate, until: free)
        }
        if let rate = target.policy.downloadBytesPerSecond, !target.goesBackByItself(machine),
            let free = target.downloads?.nextFree(rate, at: target.now)
        {
            return .hold(.limitDownloads, until: free)
        }
        guard let limit = target.policy.maximumInProgress, target.placesTakenByOthers >= limit else { return nil }
        return .hold(.limitInProgress, until: nil)
    }
}

extension Machine {
    /// What queries see: the labels that operators gave it, and beside them what it says of itself.
    package var allLabels: [String: String] {
        var labels = settings.labels
        func add(_ key: String, _ value: String?) {
            if let value, labels[key] == nil { labels[key] = value }
        }
        add("arch", architecture?.name)
        add("oem", oem)
        add("track", track)
        return labels
    }
}
