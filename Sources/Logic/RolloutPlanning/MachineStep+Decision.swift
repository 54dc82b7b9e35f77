package import FleetModel
internal import UpdateModel

// What a machine that asked was told, and what that does to its grant.
extension MachineStep {
    package mutating func record(_ decision: Decision) {
        switch decision {
        case .offer(let payload): recordOffer(payload)
        case .hold(let reason, _): recordHold(reason)
        case .upToDate: recordUpToDate()
        }
    }

    /// Whether the offer is of a release that was withheld from the machine and then given free.
    package func isReleased(_ decision: Decision?) -> Bool {
        guard case .offer(let payload) = decision else { return false }
        return machine.withheld.contains { $0.isReleased && $0.bars(payload.version) }
    }

    private mutating func recordOffer(_ payload: Payload) {
        change { $0.hold = nil }
        guard let grant = machine.grant, grant.version == payload.version else { return newGrant(payload.version) }
        if grant.holdsPlace { return goBackToOffered() }
        let moment = now
        change { machine in
            machine.grant?.holdsPlace = true
            machine.grant?.stageSince = moment
        }
        count(payload.version) { $0.countPlaceTakenAgain() }
        setStage(waitsForReboot ? .installed : .offered)
        remember(.offered, version: payload.version, text: "Offered \(payload.version) again.")
    }

    /// A machine that asks again is not downloading any more. It keeps its place, and the deadline it had.
    private mutating func goBackToOffered() {
        if !waitsForReboot { setStage(.offered) }
    }

    private mutating func newGrant(_ version: Version) {
        if let older = machine.grant {
            closeGrant(.superseded, text: "\(version) takes the place of \(older.version).")
        }
        let grant = Grant(version: version, grantedAt: now)
        change { $0.grant = grant }
        count(version) { $0.countGrant() }
        setStage(.offered)
        remember(.offered, version: version, text: "Offered \(version).")
    }

    /// A machine that asks is not updating, so what it was offered before ends; unless it only has to reboot.
    private mutating func recordHold(_ reason: HoldReason) {
        change { $0.hold = reason }
        if waitsForReboot { return }
        closeGrant(.superseded, text: "No longer offered: \(reason.text)")
        if machine.stage == .failed, reason == .failedHereBefore { return }
        setStage(.held)
    }

    private mutating func recordUpToDate() {
        change { $0.hold = nil }
        if waitsForReboot { return }
        closeGrant(.superseded, text: "The group's release is \(machine.version) again.")
        setStage(.complete)
    }

    private var waitsForReboot: Bool {
        guard let grant = machine.grant else { return false }
        guard let boot = grant.installedInBoot else { return machine.stage == .installed }
        return machine.bootID == boot
    }
}
