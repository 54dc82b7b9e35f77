import BootControl
import Testing
import UpdateLogic
import UpdateModel

@Suite("The engine's state machine: what the server wants of one machine")
struct ActTests {
    typealias Fixture = EngineFixture

    private func reports(_ machine: UpdateMachine) -> [EngineReport] {
        machine.record.reports.filter { $0.eventType >= 40 }
    }

    @Test("a rollback is taken up once, however often it is told, and reported when the old release is back")
    func rollback() {
        var machine = Fixture.updated()
        #expect(machine.rollbackOrdered(id: "act-1").first == .prefer(.a))
        #expect(machine.rollbackOrdered(id: "act-1").isEmpty)
        #expect(reports(machine).map(\.eventType) == [40])
        #expect(reports(machine).map(\.actID) == ["act-1"])
        var back = UpdateMachine(
            record: machine.record,
            boot: BootFacts(
                bootID: "boot-3", booted: .a, runningVersion: Fixture.one,
                status: [.a: Fixture.good, .b: Fixture.good], next: .a))
        _ = back.started()
        #expect(reports(back).map(\.eventType) == [40, 41])
        #expect(reports(back).last?.eventResult == 1)
        #expect(reports(back).last?.actID == "act-1")
        #expect(back.rollbackOrdered(id: "act-1").isEmpty, "an answer that still tells it changes nothing")
        #expect(back.record.held.map(\.version) == [Fixture.two])
    }

    @Test("a rollback that cannot be is refused once, with the reason")
    func refused() {
        var machine = Fixture.idle()
        for _ in 0..<3 { #expect(machine.rollbackOrdered(id: "act-2").isEmpty) }
        #expect(reports(machine).map(\.eventResult) == [0])
        #expect(reports(machine).first?.reason == "Slot b holds nothing good to go back to.")
    }

    @Test("while the engine is busy an act waits: it is told again")
    func busy() {
        var machine = Fixture.idle()
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        #expect(machine.rollbackOrdered(id: "act-3").isEmpty)
        #expect(reports(machine).isEmpty)
        #expect(machine.record.lastActID == nil)
    }

    @Test("a staged release that is withdrawn is given up once: the loader stays on what runs, and it is reported")
    func unstaged() {
        var machine = Fixture.staged()
        machine.update(status: [.a: Fixture.good, .b: Fixture.fresh], next: .b)
        #expect(machine.unstageOrdered(id: "act-6") == [.invalidate(.b), .prefer(.a)])
        #expect(machine.phase == .idle)
        #expect(machine.record.staged == nil)
        #expect(machine.missingActivation().isEmpty)
        #expect(machine.unstageOrdered(id: "act-6").isEmpty)
        #expect(reports(machine).map(\.eventType) == [41])
        #expect(reports(machine).map(\.eventResult) == [1])
        machine.offerAccepted(Fixture.offer(Fixture.three), into: .b)
        #expect(machine.writingBegins() == [.invalidate(.b)])
    }

    @Test("power lost between giving up a staged release and telling the loader: the loader is told at the next start")
    func unstagedAndCut() {
        var machine = Fixture.staged()
        _ = machine.unstageOrdered(id: "act-7")
        var again = Fixture.rebooted(machine.record, booted: .a, b: Fixture.fresh)
        #expect(again.started() == [.invalidate(.b), .prefer(.a)])
    }

    @Test("there is nothing to give up without a staged update, and while the engine writes it waits")
    func nothingToUnstage() {
        var machine = Fixture.idle()
        for _ in 0..<2 { #expect(machine.unstageOrdered(id: "act-8").isEmpty) }
        #expect(reports(machine).map(\.reason) == ["Nothing is staged."])
        var busy = Fixture.idle()
        busy.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        #expect(busy.unstageOrdered(id: "act-9").isEmpty)
        #expect(busy.record.lastActID == nil)
    }

    @Test("an act that is not known is refused once")
    func unknown() {
        var machine = Fixture.idle()
        for _ in 0..<2 { machine.unknownActOrdered(id: "act-4", name: "dance") }
        #expect(reports(machine).map(\.reason) == ["This engine does not know the act “dance”."])
    }

    @Test("lifting a hold frees what was rolled back from, and nothing that failed here")
    func holdLifted() {
        var machine = Fixture.updated()
        _ = machine.rollbackOrdered(id: "act-5")
        #expect(machine.record.held.count == 1)
        machine.rollbackHoldLifted(version: Fixture.three)
        #expect(machine.record.held.count == 1)
        machine.rollbackHoldLifted(version: Fixture.two)
        #expect(machine.record.held.isEmpty)
        var failed = Fixture.rebooted(Fixture.staged().record, booted: .a, b: Fixture.tried)
        _ = failed.started()
        failed.rollbackHoldLifted(version: Fixture.two)
        #expect(failed.record.held.map(\.cause) == [.failedHere])
    }
}
