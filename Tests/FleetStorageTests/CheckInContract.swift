import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: check-ins")
struct CheckInContract {
    @Test("a machine is offered the delta from its exact release, others the full payload", arguments: StoreKind.allCases)
    func deltaFromExactRelease(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let (full, delta) = (try makePayload("2.0.0"), try makePayload("2.0.0", from: "1.0.0"))
            #expect(try await store.check("m1").decision == .offer(full))
            try await store.commit(.addPayload(delta))
            #expect(try await store.check("m1", at: 1).decision == .offer(delta))
            #expect(try await store.check("m2", "1.5.0", at: 2).decision == .offer(full))
        }
    }

    @Test("a delta is required where the policy says so", arguments: StoreKind.allCases)
    func deltaRequired(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var policy = RolloutPolicy()
            policy.deltas = .require
            try await store.furnish(policy)
            #expect(try await store.check("m1").hold == .noDelta)
        }
    }

    @Test("a machine is registered, offered its target, followed, and counted", arguments: StoreKind.allCases)
    func wholeUpdateIsKept(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let first = try await store.check("m1")
            #expect(first.isNewMachine)
            #expect(first.decision == .offer(try makePayload("2.0.0")))
            #expect(try await store.rollout("2.0.0")?.inProgress == 1)
            for event in [
                ReportedEvent(type: 13, result: 1), ReportedEvent(type: 14, result: 1),
                ReportedEvent(type: 3, result: 1),
            ] {
                #expect(try await store.check("m1", events: [event], asks: false, at: 10).decision == nil)
            }
            #expect(try await store.show("m1")?.stage == .installed)
            let done = ReportedEvent(type: 3, result: 2, previousVersion: "1.0.0")
            let last = try await store.check("m1", "2.0.0", boot: "b2", events: [done], at: 20)
            #expect(last.decision == .upToDate)
            #expect(last.stage == .complete)
            let rollout = try await store.rollout("2.0.0")
            #expect(rollout?.completed == 1)
            #expect(rollout?.inProgress == 0)
            let census = try await store.census(of: GroupName("web"), in: os)
            #expect(census.total == 1)
            #expect(census.versions == ["2.0.0": 1])
            #expect(census.stages.filter { $0.value > 0 } == [.complete: 1])
            let events = try await store.events(EventFilter(application: os), .first)
            #expect(
                events.items.map(\.kind) == [.complete, .installed, .downloaded, .downloading, .offered, .registered])
        }
    }

    @Test("every field of a machine comes back as it was", arguments: StoreKind.allCases)
    func machineIsKeptWhole(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            var checkIn = CheckIn(
                application: os, machine: try MachineID("m1"), track: "stable", version: try Version("1.0.0"),
                architecture: .amd64, bootID: "{b}", alias: "Küche", oem: "azure", address: "2001:db8::1",
                bootedSlot: .b, receivedAt: start)
            _ = try await store.checkIn(checkIn)
            checkIn.events = [ReportedEvent(type: 3, result: 0, code: 44, reason: "gate")]
            checkIn.asksForUpdate = false
            checkIn.receivedAt = .after(5)
            _ = try await store.checkIn(checkIn)
            let machine = try #require(await store.show("m1"))
            #expect(machine.alias == "Küche")
            #expect(machine.oem == "azure")
            #expect(machine.address == "2001:db8::1")
            #expect(machine.bootedSlot == .b)
            #expect(machine.bootID == "{b}")
            #expect(machine.architecture == .amd64)
            #expect(machine.firstSeenAt == start)
            #expect(machine.lastSeenAt == .after(5))
            #expect(machine.stage == .failed)
            #expect(machine.lastError == MachineError(code: 44, reason: "gate", at: .after(5)))
            #expect(machine.failures.map(\.version.text) == ["2.0.0"])
            #expect(machine.grant == nil)
        }
    }

    @Test("refusals name their reason and register nobody who cannot be", arguments: StoreKind.allCases)
    func refusalsHaveReasons(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var checkIn = CheckIn(
                application: os, machine: nil, track: "stable", version: try Version("1.0.0"),
                architecture: .amd64, receivedAt: start)
            #expect(try await store.checkIn(checkIn).hold == .unknownApplication)
            try await store.furnish()
            #expect(try await store.checkIn(checkIn).hold == .unknownMachineID)
            checkIn.machine = try MachineID(String(repeating: "x", count: 128))
            checkIn.version = nil
            #expect(try await store.checkIn(checkIn).hold == .unknownVersion)
            #expect(try await store.machines(MachineFilter(), .first).total == 0)
            checkIn.version = try Version("1.0.0")
            checkIn.architecture = nil
            #expect(try await store.checkIn(checkIn).hold == .noPayloadForArchitecture)
            #expect(try await store.check("m2", track: "nightly").hold == .unknownTrack)
            #expect(try await store.show("m2")?.hold == .unknownTrack)
            #expect(try await store.check("m3", "3.0.0").hold == .aheadOfChannel)
        }
    }

    @Test("Invariant 6: 200 machines at once never hold more places than there are", arguments: StoreKind.allCases)
    func limitHoldsUnderParallelRequests(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 7))
            let offers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 { group.addTask { try await store.check("m\(number)").isOffer } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(offers == 7)
            #expect(try await store.rollout("2.0.0")?.inProgress == 7)
            #expect(try await store.rollout("2.0.0")?.granted == 7)
            let census = try await store.census(of: GroupName("web"), in: os)
            #expect(census.stages[.offered] == 7)
            #expect(census.holds[.limitInProgress] == 193)
            #expect(census.total == 200)
        }
    }

    @Test("a place that is given back goes to the next machine", arguments: StoreKind.allCases)
    func freedPlaceIsReused(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 1, stopAfterFailures: nil))
            #expect(try await store.check("m1").isOffer)
            #expect(try await store.check("m1").isOffer, "asking again is offered again")
            #expect(try await store.check("m2").hold == .limitInProgress)
            try await store.check("m1", "2.0.0", boot: "b2", at: 5)
            #expect(try await store.check("m2", at: 6).isOffer)
        }
    }

    @Test("a silent machine's place is freed after its deadline, by whoever asks next", arguments: StoreKind.allCases)
    func deadlineFreesThePlace(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 1, stageDeadlineSeconds: 100))
            try await store.check("m1")
            #expect(try await store.check("m2", at: 99).hold == .limitInProgress)
            #expect(try await store.check("m2", at: 100).isOffer)
            #expect(try await store.show("m1")?.stage == .overdue)
            #expect(try await store.rollout("2.0.0")?.expired == 1)
            #expect(try await store.rollout("2.0.0")?.inProgress == 1)
            #expect(try await store.check("m1", at: 101).hold == .limitInProgress)
            try await store.check("m1", "2.0.0", boot: "b2", at: 102)
            #expect(try await store.show("m1")?.stage == .complete)
        }
    }

    @Test("the sweep frees places too, in portions", arguments: StoreKind.allCases)
    func sweepExpires(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(stageDeadlineSeconds: 100))
            for number in 0..<3 { try await store.check("m\(number)", at: Int64(number) * 40) }
            #expect(try await store.expireGrants(at: .after(150)) == 2)
            #expect(try await store.expireGrants(at: .after(150)) == 0)
            #expect(try await store.rollout("2.0.0")?.inProgress == 1)
        }
    }

    @Test("K failed machines stop the roll-out; resuming lets others go on", arguments: StoreKind.allCases)
    func stopRuleStops(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(stopAfterFailures: 2))
            let failure = ReportedEvent(type: 3, result: 0, code: 44, reason: "not healthy")
            for id in ["m1", "m2"] {
                #expect(try await store.check(id).isOffer)
                try await store.check(id, events: [failure], at: 5)
            }
            let stop = try #require(await store.rollout("2.0.0")?.stop)
            #expect(stop.failures.map(\.machine.rawValue) == ["m1", "m2"])
            #expect(stop.reason.contains("m2 (code 44): not healthy"))
            #expect(try await store.check("m3").hold == .rolloutStopped)
            let id = RolloutID(application: os, group: try GroupName("web"), version: try Version("2.0.0"))
            try await store.commit(.resumeRollouts([id], at: .after(6)))
            #expect(try await store.check("m3").isOffer)
            #expect(try await store.check("m1").hold == .failedHereBefore)
        }
    }

    @Test("a newer release supersedes open grants within the same limit", arguments: StoreKind.allCases)
    func newReleaseSupersedes(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 1))
            try await store.check("m1")
            try await store.addRelease("3.0.0")
            try await store.setChannel(to: "3.0.0")
            #expect(try await store.check("m2").hold == .limitInProgress, "the old release's place counts")
            #expect(try await store.check("m1").decision == .offer(try makePayload("3.0.0")))
            #expect(try await store.rollout("2.0.0")?.inProgress == 0)
            #expect(try await store.rollout("3.0.0")?.inProgress == 1)
        }
    }

    @Test(
        "a machine that changes its track changes its group, and its counters go along", arguments: StoreKind.allCases)
    func trackMoveMovesCounters(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 1))
            try await store.makeChannel("alpha")
            try await store.makeGroup("canary", track: "alpha", channel: "alpha")
            try await store.check("m1")
            #expect(try await store.check("m1", track: "alpha", at: 1).hold == .noRelease)
            #expect(try await store.show("m1")?.group?.rawValue == "canary")
            #expect(try await store.rollout("2.0.0")?.inProgress == 0)
            #expect(try await store.census(of: GroupName("web"), in: os).total == 0)
            let census = try await store.census(of: GroupName("canary"), in: os)
            #expect(census.total == 1)
            #expect(census.holds == [.noRelease: 1])
            #expect(try await store.check("m2", at: 2).isOffer, "its place is free")
        }
    }

    @Test("a flood of made-up machines is answered and not registered", arguments: StoreKind.allCases)
    func floodIsCapped(kind: StoreKind) async throws {
        try await kind.withStore(limits: FleetStoreLimits(machinesMaximum: 3)) { store in
            try await store.furnish()
            for number in 0..<10 { try await store.check("m\(number)") }
            #expect(try await store.check("m11").hold == .fleetFull)
            #expect(try await store.check("m2").isOffer, "who is known stays served")
            #expect(try await store.machines(MachineFilter(), .first).total == 3)
            try await store.commit(.forgetMachine(os, try MachineID("m0")))
            #expect(try await store.check("m11").isNewMachine)
        }
    }

    @Test("old events go when there are too many", arguments: StoreKind.allCases)
    func eventsAreBounded(kind: StoreKind) async throws {
        try await kind.withStore(limits: FleetStoreLimits(eventsMaximum: 50)) { store in
            try await store.furnish()
            for number in 0..<100 { try await store.check("m\(number)") }
            let events = try await store.events(EventFilter(), .first)
            #expect(events.total == 50)
            #expect(events.items.first?.number == 200)
        }
    }

    @Test("one machine cannot fill the store with events, and takes nobody else's", arguments: StoreKind.allCases)
    func eventsOfOneMachineAreBounded(kind: StoreKind) async throws {
        try await kind.withStore(limits: FleetStoreLimits(eventsMaximum: 100, eventsPerMachineMaximum: 5)) { store in
            try await store.furnish()
            try await store.check("quiet")
            for number in 0..<30 {
                try await store.check("loud", events: [ReportedEvent(type: 90, result: number + 20)])
            }
            let loud = try await store.events(EventFilter(machine: MachineID("loud")), .first)
            #expect(loud.items.map(\.result) == [49, 48, 47, 46, 45])
            #expect(try await store.events(EventFilter(machine: MachineID("quiet")), .first).total == 2)
        }
    }

    @Test(
        "more new machines than an hour may bring wait for the next; known ones are served",
        arguments: StoreKind.allCases)
    func newMachinesAreBoundedByTheHour(kind: StoreKind) async throws {
        try await kind.withStore(limits: FleetStoreLimits(newMachinesPerHourMaximum: 2)) { store in
            try await store.furnish()
            try await store.check("m1", at: 10)
            try await store.check("m2", at: 20)
            let refused = try await store.check("m3", at: 3609)
            #expect(refused.decision == .hold(.tooManyNewMachines, until: .after(3610)))
            #expect(!refused.isNewMachine)
            #expect(try await store.show("m3") == nil)
            #expect(try await store.check("m1", at: 3609).isOffer)
            #expect(try await store.check("m3", at: 3610).isNewMachine)
        }
    }

    @Test("an updater that reads format 1 only is not offered format 2", arguments: StoreKind.allCases)
    func stockClientIsNotOfferedFormatTwo(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let checkIn = CheckIn(
                application: os, machine: try MachineID("m1"), track: "stable", version: try Version("1.0.0"),
                architecture: .amd64, readsFormatTwo: false, receivedAt: start)
            #expect(try await store.checkIn(checkIn).hold == .payloadFormat)
            #expect(try await store.show("m1")?.hold == .payloadFormat)
        }
    }

    @Test("a check that changes nothing writes its time of sight at most once a minute", arguments: StoreKind.allCases)
    func lastSeenMayLag(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.check("m1", "2.0.0", at: 0)
            try await store.check("m1", "2.0.0", at: 59)
            #expect(try await store.show("m1")?.lastSeenAt == start)
            try await store.check("m1", "2.0.0", at: 60)
            #expect(try await store.show("m1")?.lastSeenAt == .after(60))
            try await store.check("m1", "2.0.0", at: 10)
            #expect(try await store.show("m1")?.lastSeenAt == .after(10), "a clock that was set back is followed")
        }
    }
}
