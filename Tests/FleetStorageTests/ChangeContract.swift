import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: acts and lists")
struct ChangeContract {
    @Test("what is in use is not deleted, and says by what it is used", arguments: StoreKind.allCases)
    func inUseIsRefused(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let version = try Version("2.0.0")
            let (web, stable) = (try GroupName("web"), try ChannelName("stable"))
            try await store.check("m1")
            await expectRefusal(.inUse(.application, os.text, by: "at least one release")) {
                try await store.commit(.deleteApplication(os))
            }
            await expectRefusal(.inUse(.release, "2.0.0", by: "the channel “stable”")) {
                try await store.commit(.deleteRelease(os, version))
            }
            await expectRefusal(.inUse(.payload, "2.0.0 amd64", by: "the channel “stable”")) {
                try await store.commit(.deletePayload(os, version, .amd64, source: nil))
            }
            await expectRefusal(.inUse(.channel, "stable", by: "the group “web”")) {
                try await store.commit(.deleteChannel(os, stable))
            }
            await expectRefusal(.inUse(.group, "web", by: "a machine")) {
                try await store.commit(.deleteGroup(os, web))
            }
            try await store.commit(.forgetMachine(os, try MachineID("m1")))
            try await store.commit(.deleteGroup(os, web))
            try await store.commit(.deleteChannel(os, stable))
            await expectRefusal(.inUse(.release, "2.0.0", by: "a payload")) {
                try await store.commit(.deleteRelease(os, version))
            }
            try await store.commit(.deletePayload(os, version, .amd64, source: nil))
            try await store.commit(.deleteRelease(os, version))
            try await store.commit(.deleteApplication(os))
            #expect(try await store.applications(.first).total == 0)
            let again = Application(id: os, name: "OS", createdAt: start)
            try await store.commit(.createApplication(again, channels: [stable]))
            #expect(try await store.channel(stable, of: os)?.version == nil)
            try await store.commit(.deleteApplication(os))
            #expect(try await store.channels(of: os, .first).total == 0)
            #expect(try await store.rollout("2.0.0") == nil)
        }
    }

    @Test("names are unique, and what is missing is named", arguments: StoreKind.allCases)
    func namesAreChecked(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let early = Release(application: os, version: try Version("9.0.0"), notes: "", createdAt: start)
            await expectRefusal(.notFound(.application, os.text)) {
                try await store.commit(.createRelease(early))
            }
            try await store.furnish()
            let other = Application(id: try ApplicationID("other"), name: "OS", createdAt: start)
            await expectRefusal(.alreadyExists(.application, "OS")) {
                try await store.commit(.createApplication(other))
            }
            await expectRefusal(.alreadyExists(.payload, try makePayload("2.0.0").summary)) {
                try await store.commit(.addPayload(try makePayload("2.0.0")))
            }
            await expectRefusal(.notFound(.release, "9.0.0")) {
                try await store.commit(.addPayload(try makePayload("9.0.0")))
            }
            await expectRefusal(.inUse(.track, "stable", by: "the group “web”")) {
                try await store.makeGroup("twin", track: "stable")
            }
            await expectRefusal(.notFound(.channel, "nowhere")) {
                try await store.makeGroup("lost", track: "lost", channel: "nowhere")
            }
            await expectRefusal(.notFound(.machine, "m9")) {
                try await store.commit(.forgetMachine(os, try MachineID("m9")))
            }
        }
    }

    @Test(
        "a channel that was moved meanwhile is not moved over, nor to payloads that were not checked",
        arguments: StoreKind.allCases)
    func staleMoveIsRefused(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.addRelease("3.0.0", [.amd64, .arm64])
            func move(previous: String?, _ evidence: [VerifiedPayload]) throws -> FleetChange {
                .moveChannel(
                    ChannelMove(
                        application: os, channel: try ChannelName("stable"),
                        previous: try previous.map { try Version($0) }, version: try Version("3.0.0"),
                        promotedFrom: nil, movedBy: "tester", movedAt: start, evidence: evidence))
            }
            let both = try [Architecture.amd64, .arm64].map {
                VerifiedPayload(architecture: $0, sha256: try makePayload("3.0.0", $0).sha256)
            }
            await expectRefusal(.changed(.channel, "stable")) {
                try await store.commit(move(previous: nil, both))
            }
            await expectRefusal(.conflict("The payloads of 3.0.0 changed meanwhile.")) {
                try await store.commit(move(previous: "2.0.0", Array(both.prefix(1))))
            }
            #expect(try await store.channel(ChannelName("stable"), of: os)?.version?.text == "2.0.0")
            try await store.commit(move(previous: "2.0.0", both))
            let moves = try await store.channelMoves(of: os, channel: nil, .first)
            #expect(moves.items.map(\.version.text) == ["3.0.0", "2.0.0"])
            #expect(moves.items.first?.evidence == both)
        }
    }

    @Test("a group that somebody else changed meanwhile is not overwritten", arguments: StoreKind.allCases)
    func staleEditIsRefused(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(maximumInProgress: 3))
            let seen = try await store.web()
            var (first, second) = (seen, seen)
            first.policy.ramp = .linear(seconds: 60)
            second.policy.isEnabled = false
            try await store.commit(.updateGroup(first, from: seen))
            await expectRefusal(.changed(.group, "web")) {
                try await store.commit(.updateGroup(second, from: seen))
            }
            #expect(try await store.web() == first)
        }
    }

    @Test("an act and its record are made together or not at all", arguments: StoreKind.allCases)
    func actsAreRecorded(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let before = try await store.auditEntries(.first).total
            await expectRefusal(.notFound(.token, "none")) {
                try await store.commit(.deleteToken(try AccessTokenID("none")))
            }
            #expect(try await store.auditEntries(.first).total == before)
            let token = AccessToken(
                id: try AccessTokenID("t1"), name: "ci", role: .publisher, secretDigest: try digest("s"),
                createdAt: start)
            try await store.commit(.createToken(token), audit: audit("token.create"))
            let entries = try await store.auditEntries(.first)
            #expect(entries.total == before + 1)
            #expect(entries.items.first?.action == "token.create")
            #expect(try await store.tokens(.first).items == [token])
            try await store.commit(.deleteToken(token.id))
            #expect(try await store.token(token.id) == nil)
        }
    }

    @Test("lists are sorted, filtered, paged, and say how long they are", arguments: StoreKind.allCases)
    func listsPage(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.makeGroup("canary", track: "alpha")
            for number in 0..<25 { try await store.check("m\(100 + number)", number < 5 ? "2.0.0" : "1.0.0") }
            try await store.check("z", track: "alpha")
            let page = try await store.machines(MachineFilter(), PageRequest(limit: 10, offset: 20))
            #expect(page.total == 26)
            #expect(page.items.map(\.id.rawValue) == ["m120", "m121", "m122", "m123", "m124", "z"])
            let filters: [(MachineFilter, Int)] = [
                (MachineFilter(application: os), 26), (MachineFilter(group: try GroupName("web")), 25),
                (MachineFilter(stage: .complete), 5), (MachineFilter(version: try Version("1.0.0")), 21),
                (MachineFilter(application: os, group: try GroupName("canary"), stage: .offered), 1),
                (MachineFilter(application: try ApplicationID("other")), 0),
            ]
            for (filter, total) in filters {
                #expect(try await store.machines(filter, PageRequest(limit: 1)).total == total)
            }
            let events = try await store.events(EventFilter(machine: try MachineID("z")), .first)
            #expect(events.items.map(\.kind) == [.offered, .registered])
            #expect(try await store.events(EventFilter(group: try GroupName("canary")), .first).total == 2)
            #expect(try await store.groups(of: os, .first).items.map(\.name.rawValue) == ["canary", "web"])
            #expect(try await store.rollouts(of: GroupName("web"), in: os, .first).items.map(\.granted) == [20])
            #expect(try await store.payload(withDigest: makePayload("2.0.0").sha256) == makePayload("2.0.0"))
            #expect(try await store.application(named: "OS")?.id == os)
        }
    }

    @Test("a changed policy holds from the next check on", arguments: StoreKind.allCases)
    func policyChangesAtOnce(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            #expect(try await store.check("m1").isOffer)
            var group = try await store.web()
            group.policy.isEnabled = false
            try await store.commit(.updateGroup(group))
            #expect(try await store.check("m2").hold == .updatesDisabled)
            #expect(try await store.web() == group)
        }
    }

    private func expectRefusal(_ expected: FleetStoreError, _ body: () async throws -> Void) async {
        await #expect(throws: expected) { try await body() }
    }
}
