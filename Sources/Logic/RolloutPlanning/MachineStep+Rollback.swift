package import FleetModel
internal import UpdateModel

// Orders to roll back: what operators do, what the machine is told, what it answers, and what its version shows.
//
//     40/1 with the order's id    begun        41/1    done        41/0    refused
extension MachineStep {
    /// Takes down an operator's order. Whether it may be given is for the caller to see.
    package mutating func take(_ order: RollbackOrder) {
        change { $0.rollback = order }
        let why = order.reason.map { ": \($0)" } ?? "."
        let text = "\(order.orderedBy) wants it back from \(order.version)\(why)"
        remember(.rollback, version: order.version, text: text)
    }

    /// Takes the open order back. A machine that was told may do it nevertheless, and then says so.
    package mutating func withdrawOrder(by caller: String) {
        endOrder(.withdrawn, text: "\(caller) took the order back.")
        endHold(.rollbackPending)
    }

    /// Gives the releases free that the machine was rolled back from.
    package mutating func release(by caller: String) {
        let versions = machine.withheld.filter { !$0.isReleased }.map(\.version.text)
        change { machine in
            for index in machine.withheld.indices { machine.withheld[index].isReleased = true }
        }
        remember(.released, text: "\(caller) gave free: \(versions.joined(separator: ", ")).")
        endHold(.rolledBack)
    }

    /// The reason is gone; what the machine is told instead is decided at its next check.
    private mutating func endHold(_ reason: HoldReason) {
        if machine.hold == reason { clearHold() }
    }

    /// What goes with the answer to a question: the open order, where the machine's updater does such things.
    package mutating func tellOrder() -> RollbackOrder? {
        guard machine.takesOrders, let order = machine.rollback, order.state.isOpen else { return nil }
        if order.state == .pending {
            let moment = now
            change { $0.rollback?.enter(.told, at: moment) }
            remember(.rollback, version: order.version, text: "Told to go back from \(order.version).")
        }
        return machine.rollback
    }

    /// Concludes what a question shows by itself, so that no lost answer leaves an order standing. Reports prove
    /// nothing here: a late one names the version that ran when it was written.
    package mutating func settleOrder() {
        forgetWithheld()
        guard let order = machine.rollback, order.state.isOpen else { return }
        if machine.version == order.version {
            if now >= order.expiresAt { return endOrder(.expired, text: "Nothing came of it within 7 days.") }
            if !machine.takesOrders { endOrder(.refused, text: "The machine's updater takes no orders.") }
        } else if order.state == .pending || machine.version.isNewer(than: order.version) == true {
            endOrder(.overtaken, text: "It runs \(machine.version) already.")
        } else {
            leave(order)
        }
    }

    /// What the machine says about an order. Its word counts even where the order was withdrawn or expired meanwhile.
    mutating func applyAnswer(_ event: ReportedEvent) {
        if applyWithdrawal(event) { return }
        guard let order = machine.rollback, order.id == event.rollback, order.state != .done, order.state != .refused
        else {
            return remember(.other, from: event, text: "Its answer to an order that is over.")
        }
        switch (event.type, event.result) {
        case (41, 0) where order.state.isOpen:
            let reason = FailureText.reason(code: event.code, words: event.reason)
            endOrder(.refused, from: event, text: reason.clipped(to: Self.reasonByteCountMaximum))
            if order.isUndo == true, let grant = machine.grant {
                fail(grant, event, reason: reason.clipped(to: Self.reasonByteCountMaximum), isFinal: true)
            }
        case (41, 1): leave(order, event)
        case (40, 1) where order.state == .pending || order.state == .told:
            let moment = now
            change { $0.rollback?.enter(.begun, at: moment) }
            remember(.rollback, from: event, version: order.version, text: "Goes back from \(order.version).")
        default: remember(.other, from: event, text: "Its answer to an order to roll back; nothing follows.")
        }
    }

    /// Whether the machine has just come back from `version`, as an open order wants: that is no update.
    func isComingBack(from version: String) -> Bool {
        guard let order = machine.rollback, order.state.isOpen, order.state != .pending else { return false }
        return order.version.text == version
    }

    /// The order is done; the release that the machine left is not offered to it again by itself.
    private mutating func leave(_ order: RollbackOrder, _ event: ReportedEvent? = nil) {
        var left = WithheldRelease(version: order.version, since: now)
        // An undo is the group's: when it is over, the release may come again, and the machine is told so.
        left.isReleased = order.isUndo == true
        let withheld = left
        let (moment, text) = (now, "Runs \(machine.version), went back from \(order.version).")
        change { machine in
            machine.rollback?.enter(.done, at: moment, outcome: text)
            machine.withheld.removeAll { $0.version == withheld.version }
            machine.withheld = Array((machine.withheld + [withheld]).suffix(Machine.failuresMaximum))
        }
        remember(.rolledBack, from: event, version: machine.version, text: text)
    }

    private mutating func endOrder(
        _ state: RollbackOrder.State, from event: ReportedEvent? = nil, text: String
    ) {
        let moment = now
        change { $0.rollback?.enter(state, at: moment, outcome: text) }
        let words = "The order to roll back is \(state.rawValue): \(text)"
        remember(.rollbackEnded, from: event, version: machine.rollback?.version, text: words)
    }

    /// A withheld release that the machine runs now, or has gone beyond, came there on purpose.
    private mutating func forgetWithheld() {
        guard !machine.withheld.isEmpty else { return }
        change { machine in
            let version = machine.version
            machine.withheld.removeAll { $0.version == version || version.isNewer(than: $0.version) == true }
        }
    }
}
