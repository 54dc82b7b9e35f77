import BootControl
import Testing
import UpdateLogic
import UpdateModel

@Suite("The engine's state machine: boots")
struct BootTests {
    typealias Fixture = EngineFixture

    @Test("a boot into the staged slot is judged, and good only afterwards")
    func goodBoot() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        #expect(machine.started() == [.runHealthGate])
        #expect(machine.phase == .assessing)
        machine.bootConfirmed()
        #expect(machine.phase == .idle)
        #expect(machine.record.staged == nil)
        #expect(machine.record.slots[.b]?.life == .good)
        #expect(machine.record.slots[.b]?.contentDigest == Fixture.digest(2))
        #expect(machine.record.completedFrom == "1.0.0")
    }

    @Test("a boot that fails the gate is rejected and left at once; the old slot reports it once, with the reason")
    func failedGate() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        _ = machine.started()
        let actions = machine.healthFailed("the disk is on fire (health check disk left with 1)")
        #expect(actions.first == .reject(.b))
        #expect(actions.count == 2)
        #expect(machine.phase == .leaving)
        var back = Fixture.rebooted(machine.record, booted: .a, b: Fixture.empty, id: "boot-3")
        #expect(back.started() == [.reject(.b)])
        let failures = back.record.reports.filter { $0.eventResult == 0 }
        #expect(failures.map(\.errorCode) == [44])
        #expect(failures.first?.reason == "the disk is on fire (health check disk left with 1)")
        #expect(failures.first?.subjectVersion == "2.0.0")
        #expect(failures.first?.subjectDigest == Fixture.digest(0xAA))
        #expect(back.record.held.map(\.contentDigest) == [Fixture.digest(2)])
        var again = Fixture.rebooted(back.record, booted: .a, b: Fixture.empty, id: "boot-4")
        _ = again.started()
        #expect(again.record.reports.filter { $0.eventResult == 0 }.count == 1)
    }

    @Test("a daemon restarted after the verdict leaves without asking the gate again")
    func verdictStands() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        _ = machine.started()
        _ = machine.healthFailed("no")
        var restarted = Fixture.rebooted(machine.record, booted: .b, b: Fixture.tried)
        #expect(restarted.started().first == .reject(.b))
        #expect(restarted.phase == .leaving)
    }

    @Test("a boot that never came up is seen from the old slot by its used-up tries")
    func hungBoot() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .a, b: Fixture.tried)
        #expect(machine.started() == [.reject(.b)])
        #expect(machine.record.held.map(\.version) == [Fixture.two])
        #expect(machine.record.slots[.b]?.life == .bad)
    }

    @Test("a trial that came up and ended without a verdict is repeated once: the power may have gone")
    func interruptedTrial() {
        var trial = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        _ = trial.started()
        var restarted = Fixture.rebooted(trial.record, booted: .b, b: Fixture.tried)
        _ = restarted.started()
        #expect(restarted.record.staged?.trials == 1, "a restart of the daemon is no new trial")
        var back = Fixture.rebooted(restarted.record, booted: .a, b: Fixture.tried, id: "boot-3")
        #expect(back.started() == [.activate(.b)])
        #expect(back.record.held.isEmpty)
        #expect(back.record.staged?.bootID == "boot-3", "so that the machine reboots into it")
        var second = Fixture.rebooted(back.record, booted: .b, b: Fixture.tried, id: "boot-4")
        #expect(second.started() == [.runHealthGate])
        var final = Fixture.rebooted(second.record, booted: .a, b: Fixture.tried, id: "boot-5")
        #expect(final.started() == [.reject(.b)])
        #expect(final.record.reports.last?.errorCode == 44)
    }

    @Test("power lost after the loader heard the verdict: the boot is good without being judged again")
    func confirmedAlready() {
        let proven = SlotBootStatus(priority: 3, triesLeft: 0, isSuccessful: true)
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .b, b: proven)
        #expect(machine.started().isEmpty)
        #expect(machine.phase == .idle)
        #expect(machine.record.staged == nil)
        #expect(machine.record.completedFrom == "1.0.0")
    }

    @Test("power lost between staging and activation: the activation is made up for, nothing counts as failed")
    func lostActivation() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .a, b: Fixture.empty)
        #expect(machine.started() == [.activate(.b)])
        #expect(machine.record.held.isEmpty)
        #expect(machine.phase == .needsReboot)
    }

    @Test("a restart of the daemon while an update waits for its boot changes nothing")
    func restartWhileStaged() {
        let record = Fixture.staged().record
        var machine = UpdateMachine(record: record, boot: Fixture.boot(b: Fixture.fresh))
        #expect(machine.started().isEmpty)
        #expect(machine.phase == .needsReboot)
        #expect(machine.record == record)
    }

    @Test("a boot by hand into the old slot, before the new one was tried, fails nothing")
    func oldSlotByHand() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .a, b: Fixture.fresh)
        #expect(machine.started().isEmpty)
        #expect(machine.phase == .needsReboot)
    }

    @Test("a failing boot with nothing to fall back to stays up, and reports it once however often it is judged")
    func nowhereToGo() {
        var record = Fixture.staged().record
        for _ in 0..<3 {
            var machine = UpdateMachine(
                record: record,
                boot: Fixture.boot("boot-2", booted: .b, running: Fixture.two, a: Fixture.empty, b: Fixture.tried))
            #expect(machine.started() == [.runHealthGate])
            #expect(machine.healthFailed("no").isEmpty)
            #expect(machine.phase == .idle)
            record = machine.record
        }
        #expect(record.reports.filter { $0.errorCode == 44 }.count == 1)
    }

    @Test("a failing boot that somebody else staged is left too, where the other slot can boot")
    func unknownOrigin() {
        var machine = UpdateMachine(
            record: Fixture.idle().record,
            boot: Fixture.boot("boot-2", booted: .b, running: Fixture.two, b: Fixture.tried))
        #expect(machine.started() == [.runHealthGate])
        #expect(machine.healthFailed("no").first == .reject(.b))
        var back = Fixture.rebooted(machine.record, booted: .a, b: Fixture.empty, id: "boot-3")
        _ = back.started()
        #expect(back.record.reports.last?.subjectVersion == "2.0.0")
    }

    @Test("a version that somebody else brought is news for the server as well")
    func updatedByOthers() {
        let proven = SlotBootStatus(priority: 3, triesLeft: 0, isSuccessful: true)
        var machine = Fixture.rebooted(Fixture.idle().record, booted: .b, b: proven)
        #expect(machine.started().isEmpty)
        #expect(machine.record.completedFrom == "1.0.0")
        #expect(machine.record.alephVersion == Fixture.one)
    }

    @Test("a rollback prefers the good slot, holds what is left, and reboots; the way back is open to a person only")
    func rollback() throws {
        var machine = Fixture.updated()
        let actions = try machine.rollbackRequested()
        #expect(actions.first == .prefer(.a))
        #expect(actions.count == 2)
        #expect(machine.record.held.map(\.cause) == [.rolledBack])
        var back = UpdateMachine(
            record: machine.record,
            boot: BootFacts(
                bootID: "boot-3", booted: .a, runningVersion: Fixture.one,
                status: [.a: Fixture.good, .b: Fixture.good], next: .a))
        #expect(back.started().isEmpty, "what was good before needs no second trial")
        #expect(back.record.completedFrom == "2.0.0")
        let offer = Fixture.offer(Fixture.two)
        #expect(back.record.judge(offer, boot: back.boot, isForced: false) != .install(into: .b))
        #expect(back.record.judge(offer, boot: back.boot, isForced: true) == .install(into: .b))
        _ = try back.rollbackRequested()
        #expect(back.record.held.map(\.version) == [Fixture.one], "what a person goes back to is held no longer")
    }

    @Test(
        "power lost between a rollback's record and the loader: it is made up for, in this boot or the next",
        arguments: ["boot-2", "boot-3"])
    func lostRollback(bootID: String) throws {
        var machine = Fixture.updated()
        _ = try machine.rollbackRequested()
        var restarted = UpdateMachine(record: machine.record, boot: machine.boot)
        #expect(restarted.started() == [.prefer(.a)])
        #expect(restarted.phase == .needsReboot)
    }

    @Test("no offer touches the slot that a person is going back to")
    func offerDuringRollback() throws {
        var machine = Fixture.updated()
        _ = try machine.rollbackRequested()
        let offer = Fixture.offer(Fixture.three, payload: 3)
        #expect(machine.record.judge(offer, boot: machine.boot, isForced: false) == .nothingToDo)
    }

    @Test("a rollback to a slot that holds nothing good is refused, and so is one while the engine is busy")
    func rollbackRefused() {
        var machine = Fixture.idle()
        #expect(throws: RollbackRefusal.nothingGood(.b)) { try machine.rollbackRequested() }
        var staged = Fixture.staged()
        #expect(throws: RollbackRefusal.nothingGood(.b)) { try staged.rollbackRequested() }
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        #expect(throws: RollbackRefusal.busy) { try machine.rollbackRequested() }
    }

    @Test("tries that were counted for a boot that never took place count against nothing")
    func triesWithoutBoot() {
        let record = Fixture.staged().record
        var restarted = UpdateMachine(record: record, boot: Fixture.boot(b: Fixture.tried))
        #expect(restarted.started() == [.activate(.b)])
        #expect(restarted.record.held.isEmpty)
        #expect(restarted.phase == .needsReboot)
    }

    @Test("a good slot that stopped booting is held and reported once, from the slot that took over")
    func fallenSlot() {
        let record = Fixture.updated().record
        var back = Fixture.rebooted(record, booted: .a, b: Fixture.tried, id: "boot-9")
        #expect(back.started().isEmpty)
        #expect(back.phase == .idle)
        #expect(back.record.held.map(\.version) == [Fixture.two])
        #expect(back.record.slots[.b]?.life == .bad)
        #expect(back.record.reports.last?.errorCode == 44)
        #expect(back.record.reports.last?.subjectVersion == "2.0.0")
        #expect(back.record.reports.last?.reason == "slot b was good and has stopped booting.")
        var again = Fixture.rebooted(back.record, booted: .a, b: Fixture.tried, id: "boot-10")
        _ = again.started()
        #expect(again.record.reports.filter { $0.errorCode == 44 }.count == 1)
    }
}
