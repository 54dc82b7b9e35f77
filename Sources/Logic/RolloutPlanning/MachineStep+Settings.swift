package import FleetModel
internal import UpdateModel

// What operators do to one machine or to all that have a release staged.
extension MachineStep {
    /// Takes over what an operator set. It takes effect at the machine's next check.
    package mutating func take(_ settings: MachineSettings, by caller: String) {
        let text = Self.words(for: machine.settings, settings)
        change { $0.settings = settings }
        remember(.changed, text: "\(caller): \(text)")
        if settings.hold == nil, machine.hold == .heldByOperator { clearHold() }
        if settings.pin == nil, machine.hold == .pinned { clearHold() }
    }

    private static func words(for old: MachineSettings, _ new: MachineSettings) -> String {
        var words: [String] = []
        if old.pin != new.pin { words.append(new.pin.map { "pinned to \($0)" } ?? "no longer pinned") }
        if old.hold != new.hold {
            words.append(new.hold.map { "held" + ($0.reason.map { ": \($0)" } ?? "") } ?? "no longer held")
        }
        if old.group != new.group { words.append(new.group.map { "moved to group \($0)" } ?? "no longer moved") }
        if old.labels != new.labels {
            let labels = new.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            words.append("labels " + (labels.isEmpty ? "none" : labels.joined(separator: ", ")))
        }
        return words.isEmpty ? "nothing changed" : words.joined(separator: "; ")
    }

    /// Orders the machine back as part of an undo of its group: it holds a place as any update does.
    package mutating func take(_ undo: GroupUndo, isCanary: Bool) {
        clearHold()
        newGrant(undo.to, isCanary: isCanary, text: "To go back to \(undo.to).")
        take(
            RollbackOrder(
                id: ActName.of(machine, undo.from, at: now, for: "undo"), version: undo.from, orderedBy: undo.orderedBy,
                orderedAt: now, reason: undo.reason, isUndo: true))
        change { machine in
            machine.hold = .rollbackPending
            machine.holdUntil = machine.rollback?.expiresAt
        }
    }

    /// What a machine is told that has a withdrawn release staged, where its updater does such things.
    package func tellWithdrawal() -> Withdrawal? {
        guard machine.takesOrders, waitsForReboot, let (id, grant, reason) = withdrawal else { return nil }
        return Withdrawal(id: id, version: grant.version, reason: reason)
    }

    /// - Returns: whether the event answers a withdrawal.
    mutating func applyWithdrawal(_ event: ReportedEvent) -> Bool {
        guard let (id, grant, _) = withdrawal, event.rollback == id else { return false }
        switch (event.type, event.result) {
        case (41, 1):
            closeGrant(.superseded, from: event, text: "Gave up \(grant.version), which was withdrawn.")
            setStage(.held)
        case (41, 0):
            let reason = FailureText.reason(code: event.code, words: event.reason)
            remember(.other, from: event, version: grant.version, text: "Keeps the withdrawn release: \(reason)")
        default:
            remember(.other, from: event, version: grant.version, text: "Gives up the withdrawn release.")
        }
        return true
    }

    /// The act that withdraws the granted release, and its reason: the roll-out was aborted, or the release blocked.
    private var withdrawal: (RollbackID, Grant, String?)? {
        guard let group = machine.group, let grant = machine.grant else { return nil }
        let id = RolloutID(application: machine.application, group: group, version: grant.version)
        if let control = rollouts[id]?.control, control.kind == .aborted {
            return (ActName.of(machine, grant.version, at: control.at, for: "withdraw"), grant, control.reason)
        }
        guard let block = blocks[grant.version] else { return nil }
        return (ActName.of(machine, grant.version, at: block.at, for: "block"), grant, block.reason)
    }
}

/// Names for acts that are told again and again until they are answered: the same each time, and another for every
/// machine, release, and moment at which an operator wished it.
enum ActName {
    static func of(_ machine: Machine, _ version: Version, at moment: Timestamp, for purpose: String) -> RollbackID {
        let what = "\(purpose) \(machine.application.canonical) \(version) \(moment.microseconds)"
        let hash = UInt64(RampPlace.of(machine: machine.id.rawValue, version: what) * Double(1 << 53 as UInt64))
        let digits = String(hash, radix: 16)
        guard let id = try? RollbackID(String(repeating: "0", count: 16 - digits.count) + digits) else {
            preconditionFailure("sixteen digits are a name")
        }
        return id
    }
}
