import Testing
import UpdateLogic
import UpdateModel

@Suite("The engine's state machine")
struct UpdateMachineTests {
    typealias Fixture = EngineFixture

    @Test("a slot stops being bootable before its first byte is written, and becomes bootable only when installed")
    func orderOfActions() {
        var machine = UpdateMachine(record: EngineRecord(), boot: Fixture.boot())
        #expect(machine.started().isEmpty)
        #expect(machine.offerAccepted(Fixture.offer(Fixture.two), into: .b) == [.invalidate(.b)])
        #expect(machine.record.slots[.b]?.life == .writing)
        #expect(machine.installed(contentDigest: Fixture.digest(2)) == [.activate(.b)])
        #expect(machine.record.slots[.b]?.life == .written)
        #expect(machine.phase == .needsReboot)
    }

    @Test("invariant 1: the running slot is never accepted as a target")
    func runningSlotRefused() {
        var machine = UpdateMachine(record: EngineRecord(), boot: Fixture.boot())
        #expect(machine.offerAccepted(Fixture.offer(Fixture.two), into: .a).isEmpty)
        #expect(machine.record.installation == nil)
    }

    @Test("events are queued in order: download started, finished, installed")
    func reportsInOrder() {
        let reports = Fixture.staged().record.reports
        #expect(reports.map(\.eventType) == [13, 14, 3])
        #expect(reports.map(\.eventResult) == [1, 1, 1])
        #expect(reports.map(\.number) == [1, 2, 3])
    }

    @Test("an acknowledged report is gone, the others stay in order")
    func acknowledged() {
        var machine = Fixture.staged()
        machine.acknowledged(report: 1)
        #expect(machine.record.reports.map(\.eventType) == [14, 3])
        machine.acknowledged(report: 99)
        #expect(machine.record.reports.count == 2)
    }

    @Test("a download that goes on after a restart is not announced twice")
    func announcedOnce() {
        var machine = UpdateMachine(record: EngineRecord(), boot: Fixture.boot())
        _ = machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        machine.downloadStarted()
        var restarted = UpdateMachine(record: machine.record, boot: Fixture.boot())
        _ = restarted.started()
        _ = restarted.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        restarted.downloadStarted()
        #expect(restarted.record.reports.map(\.eventType) == [13])
    }

    @Test("a boot into the staged slot is judged, and good only afterwards")
    func goodBoot() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        #expect(machine.started() == [.runHealthGate])
        #expect(machine.phase == .assessing)
        machine.bootConfirmed()
        #expect(machine.phase == .idle)
        #expect(machine.record.staged == nil)
        #expect(machine.record.slots[.b]?.life == .good)
        #expect(machine.record.completedFrom == "1.0.0")
    }

    @Test("a boot that fails the gate is rejected and left at once; the old slot reports it once, with the reason")
    func failedGate() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        _ = machine.started()
        let actions = machine.healthFailed("disk-check left with 1")
        #expect(actions.first == .reject(.b))
        #expect(actions.count == 2)
        var back = Fixture.rebooted(machine.record, booted: .a, b: Fixture.empty)
        #expect(back.started() == [.reject(.b)])
        let failures = back.record.reports.filter { $0.eventResult == 0 }
        #expect(failures.map(\.errorCode) == [44])
        #expect(failures.first?.reason == "disk-check left with 1")
        #expect(failures.first?.subjectVersion == "2.0.0")
        #expect(failures.first?.subjectDigest == Fixture.digest(2))
        var again = Fixture.rebooted(back.record, booted: .a, b: Fixture.empty)
        _ = again.started()
        #expect(again.record.reports.filter { $0.eventResult == 0 }.count == 1)
    }

    @Test("a boot that never came up is seen from the old slot by its used-up tries")
    func hungBoot() {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .a, b: Fixture.tried)
        #expect(machine.started() == [.reject(.b)])
        #expect(machine.record.held.map(\.version) == [Fixture.two])
        #expect(machine.record.slots[.b]?.life == .bad)
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

    @Test("a failing boot with nothing to fall back to stays up, and still reports")
    func nowhereToGo() {
        var machine = UpdateMachine(
            record: Fixture.staged().record,
            boot: Fixture.boot("boot-2", booted: .b, running: Fixture.two, a: Fixture.empty, b: Fixture.tried))
        _ = machine.started()
        #expect(machine.healthFailed("no").isEmpty)
        #expect(machine.record.reports.last?.errorCode == 44)
    }

    @Test("a rollback activates the good slot, holds what is left, and reboots")
    func rollback() throws {
        var machine = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        _ = machine.started()
        machine.update(status: [.a: Fixture.good, .b: Fixture.good])
        machine.bootConfirmed()
        let actions = try machine.rollbackRequested()
        #expect(actions.first == .activate(.a))
        #expect(machine.record.held.map(\.cause) == [.rolledBack])
        #expect(machine.record.staged?.version == Fixture.one)
    }

    @Test("a rollback to a slot that holds nothing good is refused")
    func rollbackRefused() {
        var machine = UpdateMachine(record: EngineRecord(), boot: Fixture.boot())
        _ = machine.started()
        #expect(throws: RollbackRefusal.nothingGood(.b)) { try machine.rollbackRequested() }
    }

    @Test("a failed installation that can go on keeps its place; one that cannot empties the slot")
    func failedInstallation() {
        var machine = UpdateMachine(record: EngineRecord(), boot: Fixture.boot())
        _ = machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        machine.installFailed(code: 9, reason: "cut", canResume: true)
        #expect(machine.record.installation != nil)
        #expect(machine.record.failuresInRow == 1)
        _ = machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        machine.installFailed(code: 10, reason: "bad", canResume: false)
        #expect(machine.record.installation == nil)
        #expect(machine.record.slots[.b]?.life == .empty)
        #expect(machine.record.failuresInRow == 2)
    }

    @Test("the queue of reports is bounded, and the newest stay")
    func boundedReports() {
        var machine = UpdateMachine(record: EngineRecord(), boot: Fixture.boot())
        for _ in 0..<400 { machine.downloadFinished() }
        #expect(machine.record.reports.count == 256)
        #expect(machine.record.reports.last?.number == 400)
    }
}
