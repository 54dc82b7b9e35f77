package import FleetModel
internal import UpdateModel

// What a machine that asked was told, and what that does to its grant.
extension MachineStep {
    /// - Parameter isCanary: whether a new grant is one to try the release first.
    package mutating func record(_ decision: Decision, isCanary: Bool = false) {
        switch decision {
        case .offer(let payload): recordOffer(payload, isCanary: isCanary)
        case .hold(let reason, let until): recordHold(reason, until: until)
        case .upToDate: recordUpToDate()
        }
    }

    /// Whether the offer is of a release that was withheld from the machine and then given free.
    package func isReleased(_ decision: Decision?) -> Bool {
        guard case .offer(let payload) = decision else { return false }
        return machine.withheld.contains { $0.isReleased && $0.bars(payload.version) }
    }

    private mutating func recordOffer(_ payload: Payload, isCanary: Bool) {
        clearHold()
        guard let grant = machine.grant, grant.version == payload.version else {
            return newGrant(payload.version, isCanary: isCanary, text: "Offered \(payload.version).")
        }
        if grant.holdsPlace { return goBackToOffered() }
        let moment = now
        change { machine in
            machine.grant?.holdsPlace = true
            machine.grant?.isCanary = isCanary
            machine.grant?.stageSince = moment
        }
        countPlace()
        count(payload.version) { $0.takePlace(isCanary: isCanary) }
        setStage(waitsForReboot ? .installed : .offered)
        remember(.offered, version: payload.version, text: "Offered \(payload.version) again.")
    }

    /// A machine that asks again is not downloading any more. It keeps its place, and the deadline it had.
    private mutating func goBackToOffered() {
        if !waitsForReboot { setStage(.offered) }
    }

    mutating func newGrant(_ version: Version, isCanary: Bool, text: String) {
        if let older = machine.grant {
            closeGrant(.superseded, text: "\(version) takes the place of \(older.version).")
        }
        var grant = Grant(version: version, grantedAt: now)
        grant.isCanary = isCanary
        let made = grant
        change { $0.grant = made }
        countPlace()
        count(version) { $0.countGrant(isCanary: isCanary) }
        setStage(.offered)
        remember(.offered, version: version, text: text)
    }

    /// A machine that asks is not updating, so what it was offered before ends; unless it only has to reboot.
    /// A machine on its way back keeps the place it has.
    private mutating func recordHold(_ reason: HoldReason, until: Timestamp?) {
        change { machine in
            machine.hold = reason
            machine.holdUntil = until
        }
        if waitsForReboot { return }
        if reason == .rollbackPending, machine.rollback?.isUndo == true { return }
        closeGrant(.superseded, text: "No longer offered: \(reason.text)")
        if machine.stage == .failed, reason == .failedHereBefore { return }
        setStage(.held)
    }

    private mutating func recordUpToDate() {
        clearHold()
        if waitsForReboot { return }
        closeGrant(.superseded, text: "The group's release is \(machine.version) again.")
        setStage(.complete)
    }

    var waitsForReboot: Bool {
        guard let grant = machine.grant else { return false }
        guard let boot = grant.installedInBoot else { return machine.stage == .installed }
        return machine.bootID == boot
    }
}
