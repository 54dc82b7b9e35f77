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
