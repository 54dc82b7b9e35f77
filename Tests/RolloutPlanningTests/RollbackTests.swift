import FleetModel
import RolloutPlanning
import Testing
import UpdateModel

@Suite("Orders to roll back")
struct RollbackTests {
    private let week: Int64 = 7 * 86_400

    /// A machine of ours on 2.0.0 that is to leave it.
    private func ordered(_ state: RollbackOrder.State = .told) -> Machine {
        var step = makeStep(machine("2.0.0"))
        step.observe(check("2.0.0"), version: version("2.0.0"))
        step.take(rollbackOrder("2.0.0"))
        var machine = step.machine
        if state != .pending { machine.rollback?.enter(state, at: start) }
        return machine
    }

    private func check(_ text: String, engine: String? = "martletd/1.0.0") -> CheckIn {
        CheckIn(
            application: application, machine: machineID("m1"), track: "stable", version: version(text),
            architecture: .amd64, bootID: "boot-\(text)", engine: engine)
    }

    private func answer(_ type: Int, _ result: Int, id: String = "r1", reason: String? = nil) throws -> ReportedEvent {
        ReportedEvent(type: type, result: result, reason: reason, rollback: try RollbackID(id))
    }

    /// The machine asks from `text`.
    private func ask(
        _ machine: Machine, _ text: String, engine: String? = "martletd/1.0.0", at seconds: Int64 = 60
    ) -> MachineStep {
        var step = makeStep(machine, at: seconds)
        step.observe(check(text, engine: engine), version: version(text))
        step.settleOrder()
        return step
    }

    @Test("an order is told at the next check, and again until the machine answers, without a second event")
    func orderIsTold() {
        var step = makeStep(ordered(.pending), at: 5)
        #expect(step.tellOrder()?.state == .told)
        #expect(step.events.map(\.kind) == [.rollback])
        #expect(step.machine.rollback?.stateSince == start.adding(seconds: 5))
        step.markSaved()
        let known = step.machine
        #expect(step.tellOrder()?.id.rawValue == "r1")
        #expect(step.machine == known)
        #expect(step.events.isEmpty)
    }

    @Test("an updater that is not ours is told nothing", arguments: [nil, "", "update_engine/0.4.10", "martletd"])
    func strangersAreToldNothing(engine: String?) {
        var machine = ordered(.pending)
        machine.engine = engine
        var step = makeStep(machine)
        #expect(step.tellOrder() == nil)
        #expect(step.machine.rollback?.state == .pending)
        #expect(ask(machine, "2.0.0", engine: engine).machine.rollback?.state == .refused)
    }

    @Test("while an order stands nothing is offered, whatever the target, forced or not")
    func nothingIsOffered() {
        for state in [RollbackOrder.State.pending, .told, .begun] {
            for wanted in [target(), target("3.0.0"), target(nil)] {
                let decision = RolloutPlanner.decide(for: ordered(state), target: wanted, isForced: true)
                #expect(decision == .hold(.rollbackPending, until: rollbackOrder().expiresAt))
            }
        }
        for state in RollbackOrder.State.allCases where !state.isOpen {
            #expect(RolloutPlanner.decide(for: ordered(state), target: target("3.0.0")) == .offer(payload("3.0.0")))
        }
    }

    @Test("a machine that was told and asks from an older release has gone back, and does not get the one it left")
    func versionShowsThatItIsDone() {
        let step = ask(ordered(), "1.0.0")
        #expect(step.machine.rollback?.state == .done)
        #expect(step.machine.withheld.map(\.version.text) == ["2.0.0"])
        #expect(step.events.last?.kind == .rolledBack)
        #expect(RolloutPlanner.decide(for: step.machine, target: target()) == .hold(.rolledBack, until: nil))
    }

    @Test("what is older than the release left is withheld too; what is newer is offered")
    func newerReleaseIsOffered() {
        let back = ask(ordered(), "1.0.0").machine
        for (wanted, isHeld) in [("1.5.0", true), ("2.0.0", true), ("2.0.1", false), ("3.0.0", false)] {
            let decision = RolloutPlanner.decide(for: back, target: target(wanted))
            #expect(decision == (isHeld ? .hold(.rolledBack, until: nil) : .offer(payload(wanted))), "\(wanted)")
        }
        #expect(RolloutPlanner.decide(for: back, target: target("1.0.0")) == .upToDate)
    }

    @Test("a person at the machine, or an operator who gives it free, gets the release again")
    func heldReleaseIsFreed() {
        let back = ask(ordered(), "1.0.0").machine
        #expect(RolloutPlanner.decide(for: back, target: target(), isForced: true) == .offer(payload("2.0.0")))
        var step = makeStep(back)
        step.record(.hold(.rolledBack, until: nil))
        #expect(!step.isReleased(.offer(payload("2.0.0"))), "nobody gave it free")
        step.release(by: "ada")
        #expect(step.machine.hold == nil)
        let decision = RolloutPlanner.decide(for: step.machine, target: target())
        #expect(decision == .offer(payload("2.0.0")))
        #expect(step.isReleased(decision), "the machine has its own hold and must hear of it")
        #expect(!step.isReleased(.offer(payload("3.0.0"))))
        let updated = ask(step.machine, "2.0.0").machine
        #expect(updated.withheld.isEmpty, "it runs it now")
    }

    @Test("the machine's own words end an order: done, or refused with its reason")
    func answersEndTheOrder() throws {
        var refused = makeStep(ordered(), at: 9)
        refused.apply(try answer(41, 0, reason: "Slot b holds nothing good to go back to."))
        #expect(refused.machine.rollback?.state == .refused)
        #expect(refused.machine.rollback?.outcome == "Slot b holds nothing good to go back to.")
        #expect(refused.machine.withheld.isEmpty)
        #expect(refused.machine.lastError == nil)
        #expect(refused.events.last?.kind == .rollbackEnded)

        var done = makeStep(ordered())
        done.apply(try answer(40, 1))
        #expect(done.machine.rollback?.state == .begun)
        done.apply(try answer(40, 1))
        #expect(done.events.filter { $0.kind == .rollback }.count == 1, "a report that is sent twice counts once")
        done.apply(try answer(41, 1))
        #expect(done.machine.rollback?.state == .done)
    }

    @Test("both slots with the same version: only the machine's word tells that it went back")
    func sameVersionInBothSlots() throws {
        var step = ask(ordered(), "2.0.0")
        #expect(step.machine.rollback?.state == .told)
        step.apply(try answer(41, 1))
        #expect(step.machine.rollback?.state == .done)
        #expect(RolloutPlanner.decide(for: step.machine, target: target()) == .upToDate)
    }

    @Test("an answer to another order, or to one that is over, changes nothing and fails no release")
    func staleAnswers() throws {
        for (state, id) in [(RollbackOrder.State.told, "r0"), (.done, "r1"), (.refused, "r1"), (.withdrawn, "r0")] {
            var machine = ordered(state)
            machine.grant = Grant(version: version("3.0.0"), grantedAt: start)
            var step = makeStep(machine)
            step.apply(try answer(41, 0, id: id))
            #expect(step.machine == machine, "\(state) \(id)")
            #expect(step.changedRollouts.isEmpty)
            #expect(step.events.map(\.kind) == [.other])
        }
    }

    @Test("a machine that goes back though the order was withdrawn or had expired is believed")
    func lateSuccessCounts() throws {
        for state in [RollbackOrder.State.withdrawn, .expired, .overtaken] {
            var step = makeStep(ordered(state))
            step.apply(try answer(41, 0))
            #expect(step.machine.rollback?.state == state, "a late refusal adds nothing")
            step.apply(try answer(41, 1))
            #expect(step.machine.rollback?.state == .done)
            #expect(step.machine.withheld.map(\.version.text) == ["2.0.0"])
        }
    }

    @Test(
        "a machine that left the release before it was told, or for a newer one, gets every release",
        arguments: [(RollbackOrder.State.pending, "1.0.0"), (.pending, "3.0.0"), (.told, "3.0.0"), (.begun, "2.0.1")])
    func overtaken(state: RollbackOrder.State, runs: String) {
        let step = ask(ordered(state), runs)
        #expect(step.machine.rollback?.state == .overtaken)
        #expect(step.machine.withheld.isEmpty)
    }

    @Test("an order that led to nothing ends after seven days, and not a second before")
    func orderExpires() {
        #expect(ask(ordered(), "2.0.0", at: week - 1).machine.rollback?.state == .told)
        let step = ask(ordered(), "2.0.0", at: week)
        #expect(step.machine.rollback?.state == .expired)
        #expect(RolloutPlanner.decide(for: step.machine, target: target("3.0.0")) == .offer(payload("3.0.0")))
        let order = rollbackOrder()
        #expect(order.seen(at: start.adding(seconds: week - 1)).state == .pending)
        #expect(order.seen(at: start.adding(seconds: week)).state == .expired, "also where it is never heard of")
        #expect(!order.isOpen(at: start.adding(seconds: week)))
        #expect(ask(ordered(), "1.0.0", at: week + 9).machine.rollback?.state == .done, "it did go back")
    }

    @Test("a report from before the rollback, sent late, neither ends an order nor frees a release")
    func lateReportsProveNothing() {
        var step = makeStep(ordered())
        step.observe(check("1.0.0"), version: version("1.0.0"))
        step.apply(ReportedEvent(type: 13, result: 1))
        step.reconcile()
        #expect(step.machine.rollback?.state == .told)
        var back = makeStep(ask(ordered(), "1.0.0").machine)
        back.observe(check("2.0.0"), version: version("2.0.0"))
        #expect(back.machine.withheld.map(\.version.text) == ["2.0.0"])
    }

    @Test("coming back is no update: the first check after it is not counted as a completion")
    func comingBackIsNoUpdate() {
        var step = makeStep(ordered(.begun))
        step.observe(check("1.0.0"), version: version("1.0.0"))
        step.apply(ReportedEvent(type: 3, result: 2, previousVersion: "2.0.0"))
        step.settleOrder()
        #expect(!step.events.map(\.kind).contains(.complete))
        #expect(step.machine.rollback?.state == .done)
    }

    @Test("a withdrawn order is told no more")
    func withdrawnOrder() {
        var step = makeStep(ordered(.pending))
        step.record(.hold(.rollbackPending, until: nil))
        step.withdrawOrder(by: "bob")
        #expect(step.tellOrder() == nil)
        #expect(step.machine.hold == nil)
        #expect(step.machine.rollback?.outcome == "bob took the order back.")
    }

    @Test("the releases withheld from one machine are bounded, oldest out first")
    func withheldIsBounded() {
        var machine = machine("1000.0.0")
        machine.engine = "martletd/1.0.0"
        for number in 0..<20 {
            machine.rollback = rollbackOrder("odd-\(number)")
            machine.version = version("odd-\(number)")
            machine.rollback?.enter(.told, at: start)
            machine = ask(machine, "zebra").machine
        }
        #expect(machine.withheld.count == Machine.failuresMaximum)
        #expect(machine.withheld.last?.version.text == "odd-19")
    }
}
