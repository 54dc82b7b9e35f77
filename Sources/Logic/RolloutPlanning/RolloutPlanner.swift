package import FleetModel
internal import UpdateModel

/// Decides what a machine that asks is told. The same code runs in the server, in simulations and in the tests.
package enum RolloutPlanner {
    /// Exactly one answer, and for a machine that is not offered its target exactly one reason: the first that applies,
    /// in the order of ``HoldReason``.
    ///
    /// A machine that holds a place is offered the same release again whatever the limit; it may exchange its place for a
    /// newer release, because that takes no further one.
    ///
    /// - Parameters:
    ///   - isForced: a person at the machine insists, so an earlier failure or rollback there does not count.
    ///   - readsFormatTwo: whether the machine's updater reads payloads of format 2.
    package static func decide(
        for machine: Machine, target: RolloutTarget, isForced: Bool = false, readsFormatTwo: Bool = true
    ) -> Decision {
        if machine.rollback?.state.isOpen == true { return .hold(.rollbackPending, until: nil) }
        guard let version = target.version else { return .hold(.noRelease, until: nil) }
        if machine.version == version { return .upToDate }
        if let reason = orderHold(from: machine.version, to: version) { return .hold(reason, until: nil) }
        guard let payload = target.payload else { return .hold(.noPayloadForArchitecture, until: nil) }
        if payload.format != 1, !readsFormatTwo { return .hold(.payloadFormat, until: nil) }
        if !isForced, hasFailed(version, on: machine) { return .hold(.failedHereBefore, until: nil) }
        if !isForced, isWithheld(version, from: machine) { return .hold(.rolledBack, until: nil) }
        if !target.policy.isEnabled { return .hold(.updatesDisabled, until: nil) }
        if target.isStopped { return .hold(.rolloutStopped, until: nil) }
        if !hasPlace(machine, target) { return .hold(.limitInProgress, until: nil) }
        return .offer(payload)
    }

    /// Versions that do not follow Semantic Versioning have no order: any other one may be offered.
    private static func orderHold(from current: Version, to target: Version) -> HoldReason? {
        switch (current.isNewer(than: target), target.isNewer(than: current)) {
        case (true, _): .aheadOfChannel
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

    private static func hasPlace(_ machine: Machine, _ target: RolloutTarget) -> Bool {
        guard let limit = target.policy.maximumInProgress else { return true }
        if let grant = machine.grant, grant.holdsPlace, grant.version == target.version { return true }
        return target.placesTakenByOthers < limit
    }
}
