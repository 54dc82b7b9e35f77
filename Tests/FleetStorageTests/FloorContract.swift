import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: releases that may not be passed over")
struct FloorContract {
    private func floor(_ channels: String...) throws -> ReleaseFloor {
        ReleaseFloor(
            by: "ada", at: .after(10), reason: "new partition table", channels: try channels.map { try ChannelName($0) })
    }

    /// The channel points at 4.0.0; 2.0.0 and 3.0.0 are there, too.
    private func furnish(_ store: any FleetStore, _ policy: RolloutPolicy = RolloutPolicy()) async throws {
        try await store.furnish(policy)
        for version in ["3.0.0", "4.0.0"] { try await store.addRelease(version) }
        try await store.setChannel(to: "4.0.0")
    }

    private func set(_ version: String, _ floor: ReleaseFloor?, on store: any FleetStore) async throws {
        try await store.commit(.setFloor(os, try Version(version), floor))
    }

    /// Which version a machine on `version` is offered.
    private func offer(_ store: any FleetStore, _ id: String, _ version: String, at seconds: Int64 = 0) async throws
        -> String?
    {
        try await store.check(id, version, boot: "on \(version)", at: seconds).offered
    }

    @Test("a machine takes every floor above it, lowest first, and only then the target", arguments: StoreKind.allCases)
    func floorsAreTakenInOrder(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await furnish(store)
            #expect(try await offer(store, "before", "1.0.0") == "4.0.0")
            for version in ["3.0.0", "2.0.0"] { try await set(version, floor(), on: store) }
            #expect(try await store.floors(of: os).map(\.version.text) == ["2.0.0", "3.0.0"])
            let told = try await store.check("m1", boot: "on 1.0.0")
            #expect(told.offered == "2.0.0")
            #expect(told.floor?.text == "2.0.0")
            #expect(try await offer(store, "m1", "2.0.0", at: 10) == "3.0.0")
            #expect(try await offer(store, "m1", "3.0.0", at: 20) == "4.0.0")
            #expect(try await store.check("m1", "4.0.0", boot: "last", at: 30).decision == .upToDate)
            for version in ["2.0.0", "3.0.0", "4.0.0"] {
                let rollout = try #require(await store.rollout(version))
                #expect(rollout.completed == 1, "\(version)")
            }
            #expect(try await offer(store, "m2", "2.5.0") == "3.0.0")
            try await set("3.0.0", nil, on: store)
            #expect(try await offer(store, "m2", "2.5.0", at: 10) == "4.0.0")
        }
    }

    @Test("a floor is its channels' alone; what has no order passes none", arguments: StoreKind.allCases)
    func floorsBelongToChannels(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await furnish(store)
            try await store.makeChannel("beta")
            try await set("2.0.0", floor("beta"), on: store)
            #expect(try await offer(store, "m1", "1.0.0") == "4.0.0")
            try await set("2.0.0", floor("beta", "stable"), on: store)
            #expect(try await offer(store, "m2", "1.0.0") == "2.0.0")
            #expect(try await offer(store, "odd", "zebra") == "4.0.0")
            await #expect(throws: FleetStoreError.inUse(.channel, "beta", by: "the floor 2.0.0")) {
                try await store.commit(.deleteChannel(os, try ChannelName("beta")))
            }
        }
    }

    /// Makes `id` no machine of the group any more: it is forgotten, or moved and heard of again.
    private func takeOut(_ id: String, running version: String, isForgotten: Bool, _ store: any FleetStore) async throws {
        if isForgotten { return try await store.commit(.forgetMachine(os, try MachineID(id))) }
        var moved = MachineSettings()
        moved.group = try GroupName("elsewhere")
        try await store.commit(
            .changeMachine(os, try MachineID(id), from: MachineSettings(), to: moved, by: "ada", at: .after(5)))
        _ = try await store.check(id, version, boot: "on \(version)", at: 5)
    }

    @Test(
        "who tried a floor or the target first and left the group keeps no place in the trial", arguments: StoreKind.allCases,
        [true, false])
    func leavingTheTrial(kind: StoreKind, isForgotten: Bool) async throws {
        try await kind.withStore { store in
            var policy = RolloutPolicy()
            policy.canary = Canary(size: 1, soakSeconds: 1000)
            try await furnish(store, policy)
            try await store.makeGroup("elsewhere", track: "elsewhere")
            for version in ["2.0.0", "3.0.0"] { try await set(version, floor(), on: store) }
            for (id, last) in [("a", "2.0.0"), ("b", "3.0.0"), ("c", "4.0.0")] {
                #expect(try await offer(store, id, "1.0.0") == "2.0.0", "\(id)")
                #expect(try await store.check("d").hold == .waitsForCanary)
                for version in ["2.0.0", "3.0.0", "4.0.0"] where version <= last {
                    _ = try await store.check(id, version, boot: "on \(version)", at: 3)
                }
                let waits: HoldReason = last == "4.0.0" ? .canarySoak : .waitsForCanary
                #expect(try await store.check("d", at: 4).hold == waits)
                try await takeOut(id, running: last, isForgotten: isForgotten, store)
            }
            #expect(try await offer(store, "d", "1.0.0", at: 6) == "2.0.0")
            for version in ["2.0.0", "3.0.0", "4.0.0"] {
                _ = try await store.check("d", version, boot: "on \(version)", at: 7)
            }
            #expect(try await store.check("e", at: 8).hold == .canarySoak)
            #expect(try await store.check("e", at: 1006).hold == .canarySoak, "the soak is that of the machine that is there")
            #expect(try await offer(store, "e", "1.0.0", at: 1009) == "2.0.0")
        }
    }

    @Test("a trial that failed beyond a floor goes on, once resumed, with another machine", arguments: StoreKind.allCases)
    func failedTrialGoesOn(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var policy = RolloutPolicy()
            policy.canary = Canary(size: 1, soakSeconds: 1000)
            try await furnish(store, policy)
            try await set("2.0.0", floor(), on: store)
            #expect(try await offer(store, "a", "1.0.0") == "2.0.0")
            #expect(try await offer(store, "a", "2.0.0", at: 1) == "4.0.0")
            let failure = ReportedEvent(type: 3, result: 0, code: 44)
            try await store.check("a", "2.0.0", boot: "on 2.0.0", events: [failure], at: 2)
            #expect(try await store.rollout("4.0.0")?.stop?.brake == .canary)
            let id = RolloutID(application: os, group: try GroupName("web"), version: try Version("4.0.0"))
            try await store.commit(.resumeRollouts([id], at: .after(3)))
            #expect(try await offer(store, "b", "1.0.0", at: 4) == "2.0.0")
            #expect(try await store.check("c", at: 5).hold == .waitsForCanary)
        }
    }

    @Test(
        "a leg counts for the floor: its places, its failures, its stop; the target's stop holds it, too",
        arguments: StoreKind.allCases)
    func legsAreCounted(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await furnish(store, RolloutPolicy(maximumInProgress: 2, stopAfterFailures: 1))
            try await set("2.0.0", floor(), on: store)
            for id in ["m1", "m2"] { #expect(try await offer(store, id, "1.0.0") == "2.0.0") }
            #expect(try await store.check("m3").hold == .limitInProgress)
            #expect(try await store.rollout("2.0.0")?.inProgress == 2)
            #expect(try await store.rollout("4.0.0")?.inProgress ?? 0 == 0)
            let failure = ReportedEvent(type: 3, result: 0, code: 44)
            #expect(try await store.check("m1", boot: "on 1.0.0", events: [failure], at: 5).hold == .failedHereBefore)
            #expect(try await store.rollout("2.0.0")?.stop?.brake == .failures)
            #expect(try await store.check("m3", at: 6).hold == .rolloutStopped)
            #expect(try await offer(store, "above", "3.0.0", at: 6) == "4.0.0", "the leg alone is stopped")
            try await store.commit(
                .resumeRollouts(
                    [RolloutID(application: os, group: try GroupName("web"), version: try Version("2.0.0"))],
                    at: .after(7)))
            try await store.commit(
                .controlRollout(
                    RolloutID(application: os, group: try GroupName("web"), version: try Version("4.0.0")),
                    RolloutControl(kind: .paused, by: "ada", at: .after(8), reason: nil)))
            #expect(try await store.check("m3", at: 9).hold == .rolloutPaused)
        }
    }

    @Test("a machine queues once: the ramp's and the canaries' gates are those of the target", arguments: StoreKind.allCases)
    func gatesAreTheTargets(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var policy = RolloutPolicy()
            policy.canary = Canary(size: 1, soakSeconds: 100)
            try await furnish(store, policy)
            try await set("2.0.0", floor(), on: store)
            #expect(try await offer(store, "m1", "1.0.0") == "2.0.0")
            #expect(try await store.show("m1")?.grant?.isCanary == true)
            #expect(try await store.check("m2").hold == .waitsForCanary)
            #expect(try await offer(store, "m1", "2.0.0", at: 10) == "4.0.0")
            #expect(try await store.check("m2", at: 11).hold == .waitsForCanary)
            #expect(try await store.check("m1", "4.0.0", boot: "last", at: 20).decision == .upToDate)
            #expect(try await store.check("m2", at: 21).hold == .canarySoak)
            #expect(try await offer(store, "m2", "1.0.0", at: 130) == "2.0.0")
            #expect(try await store.show("m2")?.grant?.isCanary == false)
            #expect(try await offer(store, "m2", "2.0.0", at: 131) == "4.0.0")
            // Another release begins anew, and the way there is tried anew.
            try await store.addRelease("5.0.0")
            try await store.setChannel(to: "5.0.0")
            #expect(try await offer(store, "m3", "1.0.0", at: 200) == "2.0.0")
            #expect(try await store.check("m4", at: 201).hold == .waitsForCanary)
        }
    }

    @Test(
        "what stands against the floor holds: a block, and no payload for the architecture; a delta of its own is taken",
        arguments: StoreKind.allCases)
    func payloadsAreTheFloors(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await furnish(store)
            try await store.addRelease("3.5.0", [.arm64])
            try await set("3.5.0", floor(), on: store)
            #expect(try await store.check("m1").hold == .noPayloadForArchitecture)
            try await set("3.5.0", nil, on: store)
            try await set("2.0.0", floor(), on: store)
            try await store.commit(.addPayload(try makePayload("2.0.0", from: "1.0.0")))
            let told = try await store.check("m1", at: 5)
            guard case .offer(let payload) = told.decision else { throw CancellationError() }
            #expect(payload.source?.text == "1.0.0")
            let block = ReleaseBlock(by: "ada", at: .after(10), reason: "it eats disks")
            try await store.commit(.blockRelease(os, try Version("2.0.0"), block))
            #expect(try await store.check("m1", at: 10).hold == .releaseBlocked)
            #expect(try await offer(store, "above", "3.0.0") == "4.0.0")
        }
    }

    @Test("a group that goes back passes no floor; a pinned machine passes those below its pin", arguments: StoreKind.allCases)
    func undoAndPins(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await furnish(store)
            try await set("3.0.0", floor(), on: store)
            try await store.check("m1", "4.0.0")
            let undo = GroupUndo(
                from: try Version("4.0.0"), to: try Version("2.0.0"), orderedBy: "ada", orderedAt: .after(5), reason: nil)
            try await store.commit(.undoGroup(os, try GroupName("web"), undo))
            #expect(try await offer(store, "m1", "4.0.0", at: 6) == "2.0.0")
            try await store.commit(.undoGroup(os, try GroupName("web"), nil))
            try await store.check("m2")
            var pinned = MachineSettings()
            pinned.pin = try Version("2.0.0")
            let id = try MachineID("m2")
            try await store.commit(.changeMachine(os, id, from: MachineSettings(), to: pinned, by: "ada", at: .after(1)))
            #expect(try await offer(store, "m2", "1.0.0", at: 10) == "2.0.0")
            var higher = pinned
            higher.pin = try Version("4.0.0")
            try await store.commit(.changeMachine(os, id, from: pinned, to: higher, by: "ada", at: .after(2)))
            #expect(try await offer(store, "m2", "1.0.0", at: 20) == "3.0.0")
        }
    }

    @Test("a group's downgrades and minimum are kept; the hold is counted", arguments: StoreKind.allCases)
    func policiesAreKept(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var policy = RolloutPolicy()
            policy.downgrade = .allow
            policy.minimumVersion = try Version("1.5.0")
            try await furnish(store, policy)
            #expect(try await store.web().policy == policy)
            #expect(try await offer(store, "ahead", "9.0.0") == "4.0.0")
            #expect(try await store.check("old", "1.4.0").hold == .belowMinimum)
            #expect(try await store.census(of: GroupName("web"), in: os).holds[.belowMinimum] == 1)
        }
    }

    @Test("a floor is in use; what is none cannot be lifted; there are not too many", arguments: StoreKind.allCases)
    func actsAreChecked(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await furnish(store)
            await #expect(throws: FleetStoreError.notFound(.release, "9.0.0")) {
                try await set("9.0.0", floor(), on: store)
            }
            await #expect(throws: FleetStoreError.notFound(.channel, "nowhere")) {
                try await set("2.0.0", floor("nowhere"), on: store)
            }
            await #expect(throws: FleetStoreError.conflict("Release 2.0.0 is no floor.")) {
                try await set("2.0.0", nil, on: store)
            }
            try await set("2.0.0", floor(), on: store)
            let user = "machines below it: it is a floor"
            await #expect(throws: FleetStoreError.inUse(.payload, "2.0.0 amd64", by: user)) {
                try await store.commit(.deletePayload(os, try Version("2.0.0"), .amd64, source: nil))
            }
            await #expect(throws: FleetStoreError.inUse(.release, "2.0.0", by: user)) {
                try await store.commit(.deleteRelease(os, try Version("2.0.0")))
            }
            // As read before: new notes leave it a floor.
            let edit = Release(application: os, version: try Version("2.0.0"), notes: "new", createdAt: start)
            try await store.commit(.updateRelease(edit))
            #expect(try await store.release(try Version("2.0.0"), of: os)?.floor == floor())
            for number in 1..<ReleaseFloor.countMaximum {
                try await store.addRelease("2.1.\(number)", [])
                try await set("2.1.\(number)", floor(), on: store)
            }
            await #expect(throws: FleetStoreError.self) { try await set("3.0.0", floor(), on: store) }
            try await set("2.0.0", floor("stable"), on: store)
        }
    }
}

extension CheckInOutcome {
    /// The version on offer.
    var offered: String? { if case .offer(let payload) = decision { payload.version.text } else { nil } }
}
