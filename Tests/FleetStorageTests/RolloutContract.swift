import FleetModel
import FleetStorage
import RolloutPlanning
import Testing
import UpdateModel

@Suite("FleetStore contract: ramps, rates, canaries, windows, order")
struct RolloutContract {
    private func policy(_ change: (inout RolloutPolicy) -> Void) -> RolloutPolicy {
        var policy = RolloutPolicy(stopAfterFailures: nil)
        change(&policy)
        return policy
    }

    @Test("a whole policy and a whole roll-out come back as they were", arguments: StoreKind.allCases)
    func policyIsKeptWhole(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let policy = policy {
                $0.ramp = .steps([Ramp.Step(afterSeconds: 0, percent: 10), Ramp.Step(afterSeconds: 60, percent: 100)])
                $0.rate = GrantRate(maximum: 5, seconds: 60)
                $0.canary = Canary(size: 2, soakSeconds: 300, labels: LabelQuery("role=canary"))
                $0.windows = [OfferWindow(days: [.monday], fromMinute: 60, toMinute: 120)]
                $0.brakes = Brakes(failurePercent: 5, failureSample: 20, timeOuts: PerStage(downloading: 3), silent: 2)
                $0.stageDeadlines = PerStage(downloading: 600, installed: 86_400)
            }
            try await store.furnish(policy)
            var group = try await store.web()
            #expect(group.policy == policy)
            group.labels = LabelQuery("role=web")
            try await store.commit(.updateGroup(group))
            #expect(try await store.web() == group)
            let id = RolloutID(application: os, group: group.name, version: try Version("2.0.0"))
            let pause = RolloutControl(kind: .paused, by: "ada", at: .after(1), reason: "lunch")
            try await store.commit(.controlRollout(id, pause))
            #expect(try await store.rollout("2.0.0")?.control == pause)
            #expect(try await store.check("m1").hold == .rolloutPaused)
        }
    }

    @Test(
        "a linear ramp lets each machine in at the moment it was told, and keeps it in", arguments: StoreKind.allCases)
    func rampKeepsItsWord(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.ramp = .linear(seconds: 1000) })
            var untils: [String: Timestamp] = [:]
            for number in 0..<50 {
                let told = try await store.check("m\(number)").decision
                guard case .hold(.ramp, let until?) = told else {
                    Issue.record("\(String(describing: told)) at the very beginning")
                    continue
                }
                untils["m\(number)"] = until
            }
            for (id, until) in untils {
                let seconds = until.seconds(since: start)
                #expect(try await store.check(id, at: seconds - 1).hold == .ramp)
                #expect(try await store.show(id)?.holdUntil == until)
                #expect(try await store.check(id, at: seconds).isOffer)
                #expect(try await store.check(id, at: seconds + 1).isOffer)
            }
            #expect((try await store.rollout("2.0.0"))?.granted == 50)
        }
    }

    @Test("time in which a roll-out stood still is none of its ramp's", arguments: StoreKind.allCases)
    func pauseHoldsTheRamp(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.ramp = .linear(seconds: 1000) })
            let id = RolloutID(application: os, group: try GroupName("web"), version: try Version("2.0.0"))
            guard case .hold(.ramp, let until?) = try await store.check("m1").decision else {
                Issue.record("not held by the ramp")
                return
            }
            let pause = RolloutControl(kind: .paused, by: "ada", at: .after(0), reason: nil)
            try await store.commit(.controlRollout(id, pause))
            #expect(try await store.check("m1", at: 5000).hold == .rolloutPaused)
            try await store.commit(.resumeRollouts([id], at: .after(5000)))
            guard case .hold(.ramp, let later?) = try await store.check("m1", at: 5000).decision else {
                Issue.record("not held by the ramp")
                return
            }
            #expect(later == until.adding(seconds: 5000))
        }
    }

    @Test("a release that comes to a channel again ramps again", arguments: StoreKind.allCases)
    func rampsAgain(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.ramp = .linear(seconds: 1000) })
            try await store.addRelease("3.0.0")
            #expect(try await store.check("m1").hold == .ramp)
            try await store.setChannel(to: "3.0.0")
            try await store.setChannel(to: "2.0.0")
            guard case .hold(.ramp, let until?) = try await store.check("m1", at: 5000).decision else {
                Issue.record("not held by the ramp")
                return
            }
            #expect(until > .after(5000))
        }
    }

    @Test("Invariant 6: 200 machines at once get no more grants than the rate allows", arguments: StoreKind.allCases)
    func rateHoldsUnderParallelRequests(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.rate = GrantRate(maximum: 9, seconds: 160) })
            let offers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 { group.addTask { try await store.check("m\(number)").isOffer } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(offers == 9)
            guard case .hold(.limitRate, let until?) = try await store.check("late", at: 1).decision else {
                Issue.record("not held by the rate")
                return
            }
            #expect(try await store.check("late", at: until.seconds(since: start) - 1).hold == .limitRate)
            #expect(try await store.check("late", at: until.seconds(since: start)).isOffer)
        }
    }

    @Test(
        "Invariant 6: the canaries come first, as many as there may be, and the others after the soak",
        arguments: StoreKind.allCases)
    func canariesGoFirst(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.canary = Canary(size: 2, soakSeconds: 100) })
            for id in ["w1", "w2", "w3", "w4"] { try await store.check(id, "2.0.0") }
            let offers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 { group.addTask { try await store.check("m\(number)").isOffer } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(offers == 2)
            let first = try await store.machines(MachineFilter(stage: .offered), .first).items.map(\.id.rawValue)
            #expect(try await store.check("late", at: 10).hold == .waitsForCanary)
            try await store.check(first[0], "2.0.0", boot: "b2", at: 20)
            #expect(try await store.check("late", at: 21).hold == .waitsForCanary)
            try await store.check(first[1], "2.0.0", boot: "b2", at: 30)
            #expect(try await store.check("late", at: 31).decision == .hold(.canarySoak, until: .after(130)))
            #expect(try await store.check("late", at: 129).hold == .canarySoak)
            #expect(try await store.check("late", at: 130).isOffer)
        }
    }

    @Test("a canary that fails stops the roll-out and is named", arguments: StoreKind.allCases)
    func failedCanaryStops(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(policy { $0.canary = Canary(size: 2, soakSeconds: 100) })
            try await store.check("m1")
            try await store.check("m1", events: [ReportedEvent(type: 3, result: 0, code: 44, reason: "sick")], at: 5)
            let stop = try #require(await store.rollout("2.0.0")?.stop)
            #expect(stop.brake == .canary)
            #expect(stop.reason == "A machine that tried 2.0.0 first failed: m1 (code 44): sick")
            #expect(try await store.check("m2", at: 6).hold == .rolloutStopped)
        }
    }

    @Test("canaries are taken from those with the labels only", arguments: StoreKind.allCases)
    func canariesByLabel(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(
                policy { $0.canary = Canary(size: 1, soakSeconds: 0, labels: LabelQuery("oem=lab")) })
            try await store.check("w1", "2.0.0")
            #expect(try await store.check("m1").hold == .waitsForCanary)
            let chosen = CheckIn(
                application: os, machine: try MachineID("m2"), track: "stable", version: try Version("1.0.0"),
                architecture: .amd64, oem: "lab", receivedAt: start)
            #expect(try await store.checkIn(chosen).isOffer)
        }
    }

    @Test("outside its windows nothing new is offered, and what was granted goes on", arguments: StoreKind.allCases)
    func windowsHold(kind: StoreKind) async throws {
        try await kind.withStore { store in
            // `start` is 22:13:20.
            try await store.furnish(policy { $0.windows = [OfferWindow(fromMinute: 22 * 60, toMinute: 23 * 60)] })
            #expect(try await store.check("m1").isOffer)
            #expect(try await store.check("m2", at: 2800).decision == .hold(.outsideWindow, until: .after(85_600)))
            #expect(try await store.check("m1", at: 2800).isOffer)
            #expect(try await store.check("m2", at: 85_600).isOffer)
        }
    }

    @Test("a group waits until the other is done with the same release and has soaked", arguments: StoreKind.allCases)
    func groupsFollowEachOther(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let order = GroupOrder(group: try GroupName("web"), percent: 50, soakSeconds: 60)
            try await store.makeGroup("db", track: "db", policy { $0.after = order })
            #expect(try await store.check("d1", track: "db").decision == .hold(.waitsForGroup, until: nil))
            for id in ["m1", "m2"] { try await store.check(id) }
            #expect(try await store.check("d1", track: "db", at: 1).hold == .waitsForGroup)
            try await store.check("m1", "2.0.0", boot: "b2", at: 10)
            #expect(
                try await store.check("d1", track: "db", at: 20).decision == .hold(.waitsForGroup, until: .after(80)))
            let id = RolloutID(application: os, group: order.group, version: try Version("2.0.0"))
            try await store.commit(
                .controlRollout(id, RolloutControl(kind: .paused, by: "ada", at: .after(30), reason: nil)))
            #expect(try await store.check("d1", track: "db", at: 80).hold == .waitsForGroup)
            try await store.commit(.resumeRollouts([id], at: .after(90)))
            #expect(
                try await store.check("d1", track: "db", at: 100).decision == .hold(.waitsForGroup, until: .after(160)))
            #expect(try await store.check("d1", track: "db", at: 160).isOffer)
        }
    }

    @Test(
        "groups that would wait for themselves, or for nobody, are refused; one that is waited for stays",
        arguments: StoreKind.allCases)
    func ordersAreChecked(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let web = try GroupName("web")
            try await store.makeGroup("db", track: "db", policy { $0.after = GroupOrder(group: web) })
            var group = try await store.web()
            group.policy.after = GroupOrder(group: try GroupName("db"))
            await #expect(throws: FleetStoreError.self) { try await store.commit(.updateGroup(group)) }
            group.policy.after = GroupOrder(group: try GroupName("nowhere"))
            await #expect(throws: FleetStoreError.notFound(.group, "nowhere")) {
                try await store.commit(.updateGroup(group))
            }
            await #expect(throws: FleetStoreError.self) { try await store.commit(.deleteGroup(os, web)) }
        }
    }
}
