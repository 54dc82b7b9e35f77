import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: releases that are offered to nobody")
struct BlockContract {
    private let block = ReleaseBlock(by: "ada", at: .after(10), reason: "it eats disks")

    @Test(
        "a blocked release is offered to nobody from then on, and again once unblocked",
        arguments: StoreKind.allCases)
    func blockedIsNotOffered(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let version = try Version("2.0.0")
            #expect(try await store.check("m1").isOffer)
            try await store.commit(.blockRelease(os, version, block))
            #expect(try await store.release(version, of: os)?.block == block)
            #expect(try await store.releases(of: os, .first).items.map(\.block) == [block])
            for id in ["m1", "m2"] { #expect(try await store.check(id, at: 20).hold == .releaseBlocked) }
            #expect(try await store.rollout("2.0.0")?.inProgress == 0, "the place of m1 is free again")
            #expect(try await store.check("m3", "2.0.0", at: 20).decision == .upToDate)
            try await store.commit(.blockRelease(os, version, nil))
            #expect(try await store.release(version, of: os)?.block == nil)
            for id in ["m1", "m2"] { #expect(try await store.check(id, at: 30).isOffer) }
        }
    }

    @Test(
        "it is withdrawn from a machine that has it staged, until it says so, also where the channel moved on",
        arguments: StoreKind.allCases, [false, true])
    func blockReachesStaged(kind: StoreKind, movesOn: Bool) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 2))
            for (id, engine) in [("m1", "martletd/1.0"), ("stock", nil)] {
                try await store.ask(id, engine: engine)
                try await store.ask(id, engine: engine, events: [ReportedEvent(type: 3, result: 1)], at: 5)
            }
            try await store.commit(.blockRelease(os, try Version("2.0.0"), block))
            if movesOn {
                var group = try await store.web()
                group.policy.isEnabled = false
                try await store.commit(.updateGroup(group))
                try await store.addRelease("3.0.0")
                try await store.setChannel(to: "3.0.0")
            }
            #expect(try await store.ask("stock", engine: nil, at: 20).withdrawal == nil)
            let told = try await store.ask("m1", at: 20)
            let act = try #require(told.withdrawal)
            #expect(told.hold == (movesOn ? .updatesDisabled : .releaseBlocked))
            #expect(act.version.text == "2.0.0")
            #expect(act.reason == "it eats disks")
            #expect(try await store.ask("m1", at: 30).withdrawal == act, "told until it answers")
            let done = ReportedEvent(type: 41, result: 1, rollback: act.id)
            #expect(try await store.ask("m1", events: [done], at: 40).withdrawal == nil)
            #expect(try await store.show("m1")?.grant == nil)
            #expect(try await store.show("m1")?.stage == .held)
            #expect(try await store.rollout("2.0.0")?.inProgress == 1)
        }
    }

    @Test("no channel comes to it, no group goes back to it, no pin gets it", arguments: StoreKind.allCases)
    func blockedIsNoTarget(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.addRelease("3.0.0")
            try await store.commit(.blockRelease(os, try Version("3.0.0"), block))
            await #expect(throws: FleetStoreError.conflict("Release 3.0.0 is blocked.")) {
                try await store.setChannel(to: "3.0.0")
            }
            let undo = GroupUndo(
                from: try Version("2.0.0"), to: try Version("3.0.0"), orderedBy: "ada", orderedAt: .after(5),
                reason: nil)
            await #expect(throws: FleetStoreError.conflict("Release 3.0.0 is blocked.")) {
                try await store.commit(.undoGroup(os, try GroupName("web"), undo))
            }
            try await store.check("m1", "2.0.0")
            var pinned = MachineSettings()
            pinned.pin = try Version("3.0.0")
            try await store.commit(
                .changeMachine(
                    os, try MachineID("m1"), from: MachineSettings(), to: pinned, by: "ada", at: .after(1)))
            #expect(try await store.check("m1", "2.0.0", at: 20).hold == .releaseBlocked)
        }
    }

    @Test(
        "a block outlives its release: made again it is blocked, and its bits come in under no other version",
        arguments: StoreKind.allCases)
    func blocksAreKept(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let version = try Version("3.0.0")
            try await store.addRelease("3.0.0")
            try await store.commit(.blockRelease(os, version, block))
            let late = try makePayload("3.0.0", from: "2.0.0")
            try await store.commit(.addPayload(late))
            for source in [try Version("2.0.0"), nil] {
                try await store.commit(.deletePayload(os, version, .amd64, source: source))
            }
            try await store.commit(.deleteRelease(os, version))
            try await store.commit(
                .createRelease(Release(application: os, version: try Version("3.0.1"), notes: "", createdAt: start)))
            let error = FleetStoreError.conflict("These are the bits of 3.0.0, which was blocked by ada: it eats disks")
            for payload in [try makePayload("3.0.0"), late] {
                let twin = Payload(
                    application: os, version: try Version("3.0.1"), architecture: .amd64, source: payload.source,
                    sha256: payload.sha256, sha1: "", size: 1, fileName: "x", format: 2, addedAt: start)
                await #expect(throws: error) { try await store.commit(.addPayload(twin)) }
            }
            let repacked = Payload(
                application: os, version: try Version("3.0.1"), architecture: .amd64, sha256: try digest("repacked"), sha1: "",
                size: 1, fileName: "x", format: 2, contentDigest: try digest("makes 3.0.0"), addedAt: start)
            await #expect(throws: error) { try await store.commit(.addPayload(repacked)) }
            try await store.addRelease("3.0.0")
            #expect(try await store.release(version, of: os)?.block == block)
            await #expect(throws: FleetStoreError.conflict("Release 3.0.0 is blocked.")) {
                try await store.setChannel(to: "3.0.0")
            }
            try await store.commit(.blockRelease(os, version, nil))
            try await store.commit(.addPayload(repacked))
            try await store.setChannel(to: "3.0.0")
        }
    }

    @Test("what is so already is refused, and new notes do not lift a block", arguments: StoreKind.allCases)
    func actsAreChecked(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let version = try Version("2.0.0")
            await #expect(throws: FleetStoreError.notFound(.release, "9.0.0")) {
                try await store.commit(.blockRelease(os, try Version("9.0.0"), block))
            }
            await #expect(throws: FleetStoreError.conflict("Release 2.0.0 is not blocked.")) {
                try await store.commit(.blockRelease(os, version, nil))
            }
            try await store.commit(.blockRelease(os, version, block))
            await #expect(throws: FleetStoreError.conflict("Release 2.0.0 is blocked already.")) {
                try await store.commit(.blockRelease(os, version, block))
            }
            // As read before the block.
            let edit = Release(application: os, version: version, notes: "new", createdAt: start)
            try await store.commit(.updateRelease(edit))
            let release = try #require(await store.release(version, of: os))
            #expect(release.notes == "new")
            #expect(release.block == block)
        }
    }
}
