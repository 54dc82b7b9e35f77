import FleetModel
import FleetStorage
import RolloutPlanning
import Testing
import UpdateModel

@Suite("FleetStore contract: brakes, acts on roll-outs, stages with their own deadlines")
struct BrakeContract {
    private let failure = ReportedEvent(type: 3, result: 0, code: 44, reason: "sick")

    private func policy(_ change: (inout RolloutPolicy) -> Void) -> RolloutPolicy {
        var policy = RolloutPolicy(stopAfterFailures: nil)
        change(&policy)
        return policy
    }

    private func rolloutID(_ version: String = "2.0.0") throws -> RolloutID {
        RolloutID(application: os, group: try GroupName("web"), version: try Version(version))
    }

    @Test("a share of failures stops, once enough machines ended", arguments: StoreKind.allCases)
    func shareStops(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.brakes = Brakes(failurePercent: 25, failureSample: 4) })
            for id in ["m1", "m2", "m3", "m4"] { try await store.check(id) }
            try await store.check("m1", events: [failure], asks: false, at: 1)
            for id in ["m2", "m3"] { try await store.check(id, "2.0.0", boot: "b2", at: 2) }
            #expect(try await store.rollout("2.0.0")?.stop == nil, "1 of 3 is no sample")
            try await store.check("m4", events: [failure], asks: false, at: 3)
            let stop = try #require(await store.rollout("2.0.0")?.stop)
            #expect(stop.brake == .failureShare)
            #expect(
                stop.reason.hasPrefix(
                    "2 of 4 machines failed 2.0.0, and the group stops at 25 %: m1 (code 44): sick; m4"))
        }
    }

    @Test("a failure counts only with an open grant for that release, and once each", arguments: StoreKind.allCases)
    func onlyGrantedFailuresCount(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.stopAfterFailures = 2 })
            try await store.check("never-granted", "2.0.0")
            for second in 1..<5 {
                try await store.check("never-granted", "2.0.0", events: [failure], asks: false, at: Int64(second))
            }
            try await store.check("m1")
            for second in 1..<5 {
                try await store.check("m1", events: [failure, failure], asks: false, at: Int64(second))
            }
            let rollout = try await store.rollout("2.0.0")
            #expect(rollout?.failed == 1)
            #expect(rollout?.stop == nil)
        }
    }

    @Test(
        "each stage has its own deadline; time-outs stop by stage, name who was slow, and heal",
        arguments: StoreKind.allCases)
    func stagesTimeOut(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(
                policy {
                    $0.stageDeadlines = PerStage(downloading: 100)
                    $0.brakes = Brakes(timeOuts: PerStage(downloading: 2))
                })
            let started = ReportedEvent(type: 13, result: 1)
            for id in ["m1", "m2", "m3"] { try await store.check(id) }
            for id in ["m1", "m2"] { try await store.check(id, events: [started], asks: false, at: 10) }
            #expect(try await store.expireGrants(at: .after(109)) == 0)
            #expect(try await store.expireGrants(at: .after(110)) == 2)
            let rollout = try #require(await store.rollout("2.0.0"))
            #expect(rollout.timedOut == PerStage(downloading: 2))
            #expect(rollout.stop?.brake == .timeOuts)
            #expect(rollout.stop?.reason.contains("2 machines took too long at the stage “downloading”") == true)
            #expect(rollout.stop?.failures.map(\.machine.rawValue).sorted() == ["m1", "m2"])
            #expect(try await store.show("m3")?.stage == .offered, "it has a day")
            try await store.check("m1", "2.0.0", boot: "b2", at: 120)
            #expect(try await store.show("m1")?.stage == .complete)
            #expect(try await store.rollout("2.0.0")?.completed == 1)
        }
    }

    @Test("a machine that is slow again and again counts once", arguments: StoreKind.allCases)
    func slownessCountsOnce(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(
                policy {
                    $0.stageDeadlineSeconds = 100
                    $0.brakes = Brakes(timeOuts: PerStage(offered: 2))
                })
            for round in 0..<5 {
                try await store.check("m1", at: Int64(round * 1000))
                _ = try await store.expireGrants(at: .after(Int64(round * 1000 + 100)))
            }
            let rollout = try await store.rollout("2.0.0")
            #expect(rollout?.expired == 5)
            #expect(rollout?.timedOut == PerStage(offered: 1))
            #expect(rollout?.stop == nil)
        }
    }

    @Test(
        "machines that installed it and were not heard of again stop; one that comes back is silent no more",
        arguments: StoreKind.allCases)
    func silenceStops(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.brakes = Brakes(silent: 2, silenceSeconds: 600) })
            let installed = ReportedEvent(type: 3, result: 1)
            for id in ["m1", "m2", "m3"] {
                try await store.check(id)
                try await store.check(id, events: [installed], asks: false, at: 10)
            }
            try await store.check("m3", asks: false, at: 500)
            #expect(try await store.expireGrants(at: .after(609)) == 0)
            #expect(try await store.expireGrants(at: .after(610)) == 2)
            let stop = try #require(await store.rollout("2.0.0")?.stop)
            #expect(stop.brake == .silence)
            #expect(stop.reason.contains("2 machines installed 2.0.0 and did not come back"))
            #expect(stop.failures.map(\.machine.rawValue).sorted() == ["m1", "m2"])
            #expect(try await store.show("m3")?.stage == .installed)
            try await store.check("m1", "2.0.0", boot: "b2", at: 620)
            let rollout = try await store.rollout("2.0.0")
            #expect(rollout?.silent == 1)
            #expect(rollout?.completed == 1)
            #expect(rollout?.stop != nil, "what stopped it is for a person to judge")
            #expect(try await store.expireGrants(at: .after(630)) == 0)
        }
    }

    @Test(
        "an aborted release is withdrawn from a machine that has it staged, until it says so",
        arguments: StoreKind.allCases)
    func abortReachesStaged(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            for id in ["m1", "stock"] {
                try await store.ask(id, engine: id == "m1" ? "martletd/1.0" : nil)
                try await store.ask(
                    id, engine: id == "m1" ? "martletd/1.0" : nil, events: [ReportedEvent(type: 3, result: 1)], at: 5)
            }
            let abort = RolloutControl(kind: .aborted, by: "ada", at: .after(10), reason: "it eats disks")
            try await store.commit(.controlRollout(try rolloutID(), abort))
            #expect(try await store.ask("stock", engine: nil, at: 20).withdrawal == nil)
            let told = try await store.ask("m1", at: 20)
            let act = try #require(told.withdrawal)
            #expect(told.hold == .rolloutAborted)
            #expect(act.reason == "it eats disks")
            #expect(try await store.ask("m1", at: 30).withdrawal == act, "told until it answers")
            let done = ReportedEvent(type: 41, result: 1, rollback: act.id)
            #expect(try await store.ask("m1", events: [done], at: 40).withdrawal == nil)
            let machine = try await store.show("m1")
            #expect(machine?.grant == nil)
            #expect(machine?.stage == .held)
            #expect(try await store.rollout("2.0.0")?.inProgress == 1)
            await #expect(throws: FleetStoreError.self) {
                try await store.commit(.controlRollout(try rolloutID(), abort))
            }
        }
    }

    @Test(
        "an undo sends machines back under the same limit, by order or by payload, and ends with the channel",
        arguments: StoreKind.allCases)
    func undoGoesBack(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.maximumInProgress = 1 })
            try await store.addRelease("1.0.0")
            try await store.ask("m1", "2.0.0")
            try await store.ask("stock", "2.0.0", engine: nil)
            let undo = GroupUndo(
                from: try Version("2.0.0"), to: try Version("1.0.0"), orderedBy: "ada", orderedAt: .after(5),
                reason: "slow")
            try await store.commit(.undoGroup(os, try GroupName("web"), undo))
            let told = try await store.ask("m1", "2.0.0", at: 10)
            #expect(told.hold == .rollbackPending)
            #expect(told.rollback?.isUndo == true)
            #expect(told.rollback?.reason == "slow")
            #expect(try await store.ask("stock", "2.0.0", engine: nil, at: 11).hold == .limitInProgress)
            #expect(try await store.ask("m1", "2.0.0", at: 12).rollback?.id == told.rollback?.id)
            #expect(try await store.rollout("1.0.0")?.inProgress == 1)
            try await store.ask("m1", "1.0.0", boot: "b2", at: 20)
            #expect(try await store.show("m1")?.stage == .complete)
            #expect(try await store.show("m1")?.rollback?.state == .done)
            let offer = try await store.ask("stock", "2.0.0", engine: nil, at: 21)
            #expect(offer.decision == .offer(try makePayload("1.0.0")))
            try await store.ask("stock", "1.0.0", engine: nil, boot: "b2", at: 30)
            #expect(try await store.rollout("1.0.0")?.completed == 2)
            try await store.commit(.undoGroup(os, try GroupName("web"), nil))
            let again = try await store.ask("m1", "1.0.0", boot: "b2", at: 40)
            #expect(again.isOffer)
            #expect(again.isReleased, "the machine is told that its own hold is over")
        }
    }

    @Test(
        "a machine that refuses to go back fails there, with its reason, and frees its place",
        arguments: StoreKind.allCases)
    func refusedUndo(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.maximumInProgress = 1 })
            try await store.addRelease("1.0.0")
            try await store.ask("m1", "2.0.0")
            let undo = GroupUndo(
                from: try Version("2.0.0"), to: try Version("1.0.0"), orderedBy: "ada", orderedAt: .after(5),
                reason: nil)
            try await store.commit(.undoGroup(os, try GroupName("web"), undo))
            let order = try #require(await store.ask("m1", "2.0.0", at: 10).rollback)
            let refusal = ReportedEvent(type: 41, result: 0, reason: "Slot a holds nothing.", rollback: order.id)
            #expect(try await store.ask("m1", "2.0.0", events: [refusal], at: 20).hold == .failedHereBefore)
            #expect(try await store.rollout("1.0.0")?.inProgress == 0)
            #expect(try await store.rollout("1.0.0")?.failed == 1)
            #expect(try await store.show("m1")?.failures.first?.reason == "Slot a holds nothing.")
        }
    }
}

extension FleetStore {
    /// A check of a machine that takes orders, unless `engine` is something else.
    @discardableResult
    func ask(
        _ id: String, _ version: String = "1.0.0", engine: String? = "martletd/1.0", boot: String = "b1",
        events: [ReportedEvent] = [], at seconds: Int64 = 0
    ) async throws -> CheckInOutcome {
        try await checkIn(
            CheckIn(
                application: os, machine: try MachineID(id), track: "stable", version: try Version(version),
                architecture: .amd64, bootID: boot, engine: engine, events: events, receivedAt: .after(seconds)))
    }
}
