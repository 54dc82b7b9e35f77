import FleetModel
import FleetOperations
import FleetStorage
import Testing
import UpdateModel

@Suite("Orders to roll back: acts of operators")
struct RollbackTests {
    private func fleet(engine: String? = "martletd/1.0.0", version: String = "2.0.0") async throws -> Fixture {
        let fleet = try await Fixture()
        let stable = try ChannelName("stable")
        try await fleet.publish("2.0.0")
        _ = try await fleet.control.setChannel(stable, of: os, to: Version("2.0.0"), by: admin)
        _ = try await fleet.control.createGroup(
            GroupName("web"), of: os, track: Track("stable"), channel: stable, by: admin)
        _ = try await ask(fleet, version, engine: engine)
        return fleet
    }

    private func ask(
        _ fleet: Fixture, _ version: String, engine: String? = "martletd/1.0.0", events: [ReportedEvent] = []
    ) async throws -> CheckInOutcome {
        try await fleet.control.checkIn(
            CheckIn(
                application: os, machine: try MachineID("m1"), track: "stable", version: try Version(version),
                architecture: .amd64, engine: engine, events: events))
    }

    private func order(_ fleet: Fixture, reason: String? = nil, by caller: Caller = admin) async throws -> Machine {
        try await fleet.control.orderRollback(of: MachineID("m1"), in: os, reason: reason, by: caller)
    }

    @Test("an order is an admin's act, and is recorded with who, what and why")
    func orderIsRecorded() async throws {
        let fleet = try await fleet()
        let id = try MachineID("m1")
        for caller in [viewer, publisher] {
            let acts: [@Sendable () async throws -> Void] = [
                { _ = try await fleet.control.orderRollback(of: id, in: os, by: caller) },
                { _ = try await fleet.control.withdrawRollback(of: id, in: os, by: caller) },
                { _ = try await fleet.control.releaseMachine(id, of: os, by: caller) },
            ]
            for act in acts { #expect(await refusal(act)?.kind == .forbidden) }
        }
        let machine = try await order(fleet, reason: "loses its network")
        let rollback = try #require(machine.rollback)
        #expect(rollback.state == .pending)
        #expect(rollback.version.text == "2.0.0")
        #expect(rollback.orderedBy == "ada")
        let entry = try #require(await fleet.control.auditEntries(.first, by: admin).items.first)
        #expect(entry.action == "machine.rollback")
        #expect(entry.actor == "ada")
        #expect(entry.detail == "order \(rollback.id), back from 2.0.0: loses its network")
    }

    @Test("ids are drawn anew, so a machine that was forgotten does not take the next order for an old one")
    func idsDiffer() async throws {
        let fleet = try await fleet()
        var ids: Set<RollbackID> = []
        for _ in 0..<5 {
            ids.insert(try #require(try await order(fleet).rollback).id)
            try await fleet.control.forgetMachine(MachineID("m1"), of: os, by: admin)
            _ = try await ask(fleet, "2.0.0")
        }
        #expect(ids.count == 5)
        #expect(ids.allSatisfy { $0.rawValue.utf8.count == 16 })
    }

    @Test("a machine whose updater would pass over it is refused at once", arguments: [nil, "update_engine/0.4.10"])
    func stockMachineIsRefused(engine: String?) async throws {
        let fleet = try await fleet(engine: engine)
        let error = await refusal { _ = try await order(fleet) }
        #expect(error?.kind == .conflict)
        let updater = engine ?? "not martletd"
        #expect(error?.userMessage.text == "The machine “m1” takes no orders: its updater is \(updater).")
        #expect(try await fleet.control.machine(MachineID("m1"), of: os, by: viewer).rollback == nil)
    }

    @Test("one order at a time; it can be taken back, and after seven days a new one may be given")
    func oneOrderAtATime() async throws {
        let fleet = try await fleet()
        func withdraw() async throws -> Machine {
            try await fleet.control.withdrawRollback(of: try MachineID("m1"), in: os, by: admin)
        }
        #expect(await refusal { _ = try await withdraw() }?.kind == .conflict)
        _ = try await order(fleet)
        let second = await refusal { _ = try await order(fleet) }
        #expect(second?.userMessage.text == "The machine “m1” is to roll back already.")
        let withdrawn = try await withdraw()
        #expect(withdrawn.rollback?.state == .withdrawn)
        let audit = try #require(await fleet.control.auditEntries(.first, by: admin).items.first)
        #expect(audit.action == "machine.rollback-cancel")
        _ = try await order(fleet)
        fleet.time.advance(seconds: RollbackOrder.lifetimeSeconds)
        #expect(await refusal { _ = try await withdraw() }?.kind == .conflict)
        #expect(try await order(fleet).rollback?.state == .pending)
    }

    @Test("a reason is one clean line", arguments: ["", "a\u{1B}[31m", "a\nb", String(repeating: "a", count: 257)])
    func reasonIsChecked(reason: String) async throws {
        let fleet = try await fleet()
        #expect(await refusal { _ = try await order(fleet, reason: reason) }?.kind == .invalid)
        #expect(try await ask(fleet, "2.0.0").rollback == nil)
    }

    @Test("the release left is given free as a recorded act, once")
    func releaseIsRecorded() async throws {
        let fleet = try await fleet()
        let id = try MachineID("m1")
        #expect(await refusal { _ = try await fleet.control.releaseMachine(id, of: os, by: admin) }?.kind == .conflict)
        _ = try await order(fleet)
        _ = try await ask(fleet, "2.0.0")
        #expect(try await ask(fleet, "1.0.0").decision == .hold(.rolledBack, until: nil))
        _ = try await fleet.control.releaseMachine(id, of: os, by: admin)
        let audit = try #require(await fleet.control.auditEntries(.first, by: admin).items.first)
        #expect(audit.action == "machine.release")
        #expect(audit.detail == "2.0.0")
        #expect(await refusal { _ = try await fleet.control.releaseMachine(id, of: os, by: admin) }?.kind == .conflict)
        #expect(try await ask(fleet, "1.0.0").isReleased)
    }

    @Test("why a machine stands where it stands has one reason, with an end where one can be told")
    func explanationsHaveOneReason() async throws {
        let fleet = try await fleet(version: "1.0.0")
        let id = try MachineID("m1")
        func why(_ name: String = "m1") async throws -> MachineExplanation {
            try await fleet.control.explanation(of: try MachineID(name), in: os, by: viewer)
        }
        let began = fleet.time.now()
        #expect(try await why().reason == "offered")
        #expect(try await why().text == "It was offered 2.0.0; nothing was heard of it since.")
        var change = GroupChange()
        change.maximumInProgress = .some(1)
        change.stageDeadlineSeconds = 3600
        _ = try await fleet.control.changeGroup(GroupName("web"), of: os, change, by: admin)
        fleet.time.advance(seconds: 60)
        _ = try await fleet.check("m2")
        #expect(try await why("m2").reason == "limit-in-progress")
        #expect(try await why("m2").since == fleet.time.now())
        #expect(try await why("m2").until == began.adding(seconds: 3600), "the place of m1 is free by then")
        let order = try #require(try await order(fleet).rollback)
        _ = try await ask(fleet, "1.0.0")
        #expect(try await why().reason == "rollback-pending")
        #expect(try await why().until == order.expiresAt)
        _ = try await fleet.control.withdrawRollback(of: id, in: os, by: admin)
        #expect(try await why().reason == "held")
        _ = try await ask(fleet, "2.0.0")
        let complete = MachineExplanation(
            reason: "complete", text: "It runs its target, 2.0.0.", since: fleet.time.now())
        #expect(try await why() == complete)
        #expect(await refusal { _ = try await why("m9") }?.kind == .notFound)
    }
}
