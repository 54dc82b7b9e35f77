import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: orders to roll back")
struct RollbackContract {
    private func order(_ id: String = "r1", _ version: String = "1.0.0", at seconds: Int64 = 1) throws
        -> RollbackOrder
    {
        RollbackOrder(
            id: try RollbackID(id), version: try Version(version), orderedBy: "ada", orderedAt: .after(seconds),
            reason: "sehr langsam")
    }

    private func ask(
        _ store: any FleetStore, _ version: String, events: [ReportedEvent] = [], engine: String? = "martletd/1.0.0",
        at seconds: Int64
    ) async throws -> CheckInOutcome {
        try await store.checkIn(
            CheckIn(
                application: os, machine: try MachineID("m1"), track: "stable", version: try Version(version),
                architecture: .amd64, bootID: "boot \(version)", engine: engine, events: events,
                receivedAt: .after(seconds)))
    }

    private func give(_ store: any FleetStore, _ order: RollbackOrder) async throws {
        try await store.commit(.orderRollback(os, try MachineID("m1"), order))
    }

    @Test(
        "an order is kept, told with every answer until it is over, and then bars the release",
        arguments: StoreKind.allCases)
    func orderIsFollowed(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            #expect(try await ask(store, "2.0.0", at: 0).decision == .upToDate)
            let order = try order("r1", "2.0.0")
            try await give(store, order)
            #expect(try await store.show("m1")?.rollback == order)
            for second in [10, 11] as [Int64] {
                let outcome = try await ask(store, "2.0.0", at: second)
                #expect(outcome.hold == .rollbackPending)
                #expect(outcome.rollback?.id == order.id)
                #expect(outcome.rollback?.reason == "sehr langsam")
            }
            #expect(try await store.show("m1")?.rollback?.stateSince == .after(10))
            let back = try await ask(store, "1.0.0", at: 20)
            #expect(back.hold == .rolledBack)
            #expect(back.rollback == nil)
            let machine = try #require(await store.show("m1"))
            #expect(machine.engine == "martletd/1.0.0")
            #expect(machine.rollback?.state == .done)
            #expect(machine.withheld == [WithheldRelease(version: try Version("2.0.0"), since: .after(20))])
            let kinds = try await store.events(EventFilter(machine: machine.id), .first).items.map(\.kind)
            #expect(kinds.prefix(3).reversed() == [.rollback, .versionChanged, .rolledBack])
            let census = try await store.census(of: GroupName("web"), in: os)
            #expect(census.holds.filter { $0.value > 0 } == [.rolledBack: 1])
        }
    }

    @Test(
        "an order frees the place that the machine held, and costs the roll-out nothing",
        arguments: StoreKind.allCases)
    func orderFreesThePlace(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 1))
            #expect(try await ask(store, "1.0.0", at: 0).isOffer)
            try await give(store, order())
            #expect(try await ask(store, "1.0.0", at: 5).hold == .rollbackPending)
            #expect(try await store.rollout("2.0.0")?.inProgress == 0)
            #expect(try await store.rollout("2.0.0")?.failed == 0)
            #expect(try await store.check("m2", at: 6).isOffer)
        }
    }

    @Test("the machine's refusal reaches the record", arguments: StoreKind.allCases)
    func refusalIsKept(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            _ = try await ask(store, "1.0.0", at: 0)
            try await give(store, order())
            _ = try await ask(store, "1.0.0", at: 5)
            let id = try RollbackID("r1")
            let refusal = ReportedEvent(type: 41, result: 0, reason: "Slot b is empty.", rollback: id)
            #expect(try await ask(store, "1.0.0", events: [refusal], at: 6).isOffer)
            #expect(try await store.show("m1")?.rollback?.outcome == "Slot b is empty.")
            try await give(store, order("r2", at: 7))
            #expect(try await store.show("m1")?.rollback?.state == .pending)
        }
    }

    @Test("acts that do not fit are refused and change nothing", arguments: StoreKind.allCases)
    func misfitsAreRefused(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let machine = try MachineID("m1")
            await #expect(throws: FleetStoreError.notFound(.machine, "m1")) { try await give(store, order()) }
            _ = try await ask(store, "1.0.0", at: 0)
            let before = try await store.show("m1")
            let misfits: [FleetChange] = [
                .orderRollback(os, machine, try order("r1", "2.0.0")),
                .withdrawRollback(os, machine, by: "ada", at: .after(1)),
                .releaseMachine(os, machine, by: "ada", at: .after(1)),
            ]
            for misfit in misfits {
                await #expect {
                    try await store.commit(misfit)
                } throws: { error in
                    if case FleetStoreError.conflict = error { true } else { false }
                }
            }
            #expect(try await store.show("m1") == before)
            try await give(store, order())
            await #expect(throws: FleetStoreError.conflict("The machine “m1” is to roll back already.")) {
                try await give(store, order("r2", at: 2))
            }
            try await give(store, order("r3", at: 1 + RollbackOrder.lifetimeSeconds))
            #expect(try await store.show("m1")?.rollback?.id.rawValue == "r3")
        }
    }

    @Test(
        "a withdrawn order is told no more; a released machine is offered again and told so",
        arguments: StoreKind.allCases)
    func actsAreTakenBack(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let machine = try MachineID("m1")
            _ = try await ask(store, "2.0.0", at: 0)
            try await give(store, order("r1", "2.0.0"))
            try await store.commit(.withdrawRollback(os, machine, by: "bob", at: .after(2)))
            let after = try await ask(store, "2.0.0", at: 3)
            #expect(after.rollback == nil)
            #expect(after.decision == .upToDate)
            try await give(store, order("r2", "2.0.0", at: 4))
            _ = try await ask(store, "2.0.0", at: 5)
            #expect(try await ask(store, "1.0.0", at: 6).hold == .rolledBack)
            try await store.commit(.releaseMachine(os, machine, by: "bob", at: .after(7)))
            let offered = try await ask(store, "1.0.0", at: 8)
            #expect(offered.isOffer)
            #expect(offered.isReleased)
            _ = try await ask(store, "2.0.0", at: 9)
            #expect(try await store.show("m1")?.withheld == [])
        }
    }
}
