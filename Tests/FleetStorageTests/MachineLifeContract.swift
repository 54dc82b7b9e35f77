import FleetModel
import FleetStorage
import RolloutPlanning
import Testing
import UpdateModel

@Suite("FleetStore contract: labels, moves, pins, holds, clones, clocks")
struct MachineLifeContract {
    private func set(
        _ store: any FleetStore, _ id: String = "m1", at seconds: Int64 = 1, _ change: (inout MachineSettings) -> Void
    ) async throws {
        let previous = try #require(await store.show(id)).settings
        var settings = previous
        change(&settings)
        try await store.commit(
            .changeMachine(os, try MachineID(id), from: previous, to: settings, by: "ada", at: .after(seconds)))
    }

    @Test(
        "a held machine is offered nothing and says who holds it; freed, it is offered again",
        arguments: StoreKind.allCases)
    func heldMachine(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.check("m1", "0.9.0")
            try await set(store) { $0.hold = OperatorHold(by: "ada", at: .after(1), reason: "disk") }
            #expect(try await store.check("m1", "0.9.0", at: 2).hold == .heldByOperator)
            #expect(try await store.rollout("2.0.0")?.inProgress == 0, "its place is free again")
            #expect(try await store.show("m1")?.settings.hold?.reason == "disk")
            try await set(store, at: 3) { $0.hold = nil }
            #expect(try await store.show("m1")?.hold == nil)
            #expect(try await store.check("m1", "0.9.0", at: 4).isOffer)
        }
    }

    @Test("a pinned machine goes to its release and stays there", arguments: StoreKind.allCases)
    func pinnedMachine(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.addRelease("1.5.0")
            try await store.check("m1")
            try await set(store) { $0.pin = try? Version("1.5.0") }
            #expect(try await store.check("m1", at: 2).decision == .offer(try makePayload("1.5.0")))
            #expect(try await store.check("m1", "1.5.0", boot: "b2", at: 3).hold == .pinned)
            #expect(try await store.rollout("1.5.0")?.completed == 1)
            await #expect(throws: FleetStoreError.notFound(.release, "7.0.0")) {
                try await set(store) { $0.pin = try? Version("7.0.0") }
            }
            try await set(store, at: 4) { $0.pin = nil }
            #expect(
                try await store.check("m1", "1.5.0", boot: "b2", at: 5).decision == .offer(try makePayload("2.0.0")))
        }
    }

    @Test("labels lead to a group before the track does, and a move before both", arguments: StoreKind.allCases)
    func homes(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.makeGroup("lab", track: "lab")
            try await store.makeGroup("shelf", track: "shelf")
            var lab = try #require(await store.group(try GroupName("lab"), of: os))
            lab.labels = LabelQuery("role=lab,!old")
            try await store.commit(.updateGroup(lab))
            #expect(try await store.check("m1").group?.rawValue == "web")
            try await set(store) { $0.labels = ["role": "lab"] }
            #expect(try await store.check("m1", at: 2).group?.rawValue == "lab")
            #expect(try await store.census(of: GroupName("web"), in: os).total == 0)
            #expect(try await store.census(of: GroupName("lab"), in: os).total == 1)
            #expect(try await store.rollout("2.0.0")?.inProgress == 0)
            try await set(store, at: 3) { $0.labels["old"] = "yes" }
            #expect(try await store.check("m1", at: 4).group?.rawValue == "web")
            try await set(store, at: 5) { $0.group = try? GroupName("shelf") }
            #expect(try await store.check("m1", at: 6).group?.rawValue == "shelf")
            await #expect(throws: FleetStoreError.notFound(.group, "nowhere")) {
                try await set(store) { $0.group = try? GroupName("nowhere") }
            }
        }
    }

    @Test("what somebody else changed meanwhile is a conflict, not overwritten", arguments: StoreKind.allCases)
    func lateChange(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.check("m1")
            let before = MachineSettings()
            try await set(store) { $0.labels = ["a": "b"] }
            await #expect(throws: FleetStoreError.changed(.machine, "m1")) {
                try await store.commit(
                    .changeMachine(os, try MachineID("m1"), from: before, to: before, by: "eve", at: .after(2)))
            }
        }
    }

    @Test(
        "two boots that take turns are clones and counted apart; a machine that reboots is none",
        arguments: StoreKind.allCases)
    func clones(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            for (second, boot) in ["b1", "b2", "b3", "b4"].enumerated() {
                try await store.check("honest", boot: boot, at: Int64(second))
            }
            #expect(try await store.show("honest")?.clone == nil)
            for second in 0..<6 {
                try await store.check("twins", boot: second.isMultiple(of: 2) ? "x" : "y", at: Int64(second))
            }
            let twins = try #require(await store.show("twins"))
            #expect(twins.clone?.count == 4)
            #expect(Set(twins.clone?.boots ?? []) == ["x", "y"])
            #expect(try await store.census(of: GroupName("web"), in: os).clones == 1)
            var filter = MachineFilter()
            filter.isClone = true
            #expect(try await store.machines(filter, .first).items.map(\.id.rawValue) == ["twins"])
            try await store.check("twins", boot: "x", at: 6 + 7 * 86_400)
            try await store.check("twins", boot: "x", at: 7 + 14 * 86_400)
            #expect(try await store.census(of: GroupName("web"), in: os).clones == 0)
        }
    }

    @Test(
        "while the clock is not believed nothing is granted; accepted, nothing has expired and no ramp has moved",
        arguments: StoreKind.allCases)
    func clockJumps(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var policy = RolloutPolicy(stopAfterFailures: nil, stageDeadlineSeconds: 100)
            policy.ramp = .linear(seconds: 1000)
            policy.rate = GrantRate(maximum: 1, seconds: 60)
            try await store.furnish(policy)
            var inside: String?
            for number in 0..<200 where inside == nil {
                if try await store.check("m\(number)", at: 500).isOffer { inside = "m\(number)" }
                if inside == nil, try await store.check("m\(number)", at: 990).isOffer { inside = "m\(number)" }
            }
            let granted = try #require(inside)
            var doubtful = CheckIn(
                application: os, machine: try MachineID("late"), track: "stable", version: try Version("1.0.0"),
                architecture: .amd64, receivedAt: .after(995))
            doubtful.isClockTrusted = false
            #expect(try await store.checkIn(doubtful).hold == .clockJumped)
            let before = try #require(await store.rollout("2.0.0"))
            try await store.commit(.shiftMoments(seconds: 86_400))
            let after = try #require(await store.rollout("2.0.0"))
            #expect(after.rampStartedAt == before.rampStartedAt?.adding(seconds: 86_400))
            #expect(try await store.expireGrants(at: .after(86_400 + 995)) == 0)
            #expect(try await store.show(granted)?.grant?.holdsPlace == true)
            #expect([.limitRate, .ramp].contains(try await store.check("late", at: 86_400 + 996).hold))
        }
    }

    @Test("machines that make up versions do not make a group's counters endless", arguments: StoreKind.allCases)
    func absurdVersions(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            for number in 0..<250 { try await store.check("liar\(number)", "0.0.\(number)") }
            for number in 0..<3 { try await store.check("m\(number)", "1.0.0") }
            let census = try await store.census(of: GroupName("web"), in: os)
            #expect(census.total == 253)
            #expect(census.versions.count == GroupCensus.versionsMaximum)
            #expect(census.versions["1.0.0"] == 3, "the common ones come first")
        }
    }

    @Test("the marks of the clock are kept", arguments: StoreKind.allCases)
    func clockMarks(kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await store.clockMark() == nil)
            let mark = ClockMark(moment: start, uptimeMicroseconds: 5, boot: "b")
            try await store.put(mark)
            #expect(try await store.clockMark() == mark)
            let alarm = ClockAlarm(at: start, clock: .after(9999))
            try await store.put(alarm)
            #expect(try await store.clockAlarm() == alarm)
            try await store.put(nil as ClockAlarm?)
            #expect(try await store.clockAlarm() == nil)
        }
    }
}
