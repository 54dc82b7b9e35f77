import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: how channels come to their releases")
struct ChannelContract {
    private func name(_ text: String) throws -> ChannelName { try ChannelName(text) }

    private func rules(following text: String?, secondPerson: Bool = false) throws -> ChannelRules {
        ChannelRules(
            follows: try text.map { ChannelFollow(channel: try name($0), soakSeconds: 60, machines: 2) },
            needsSecondPerson: secondPerson)
    }

    private func put(_ rules: ChannelRules, on text: String, _ store: any FleetStore) async throws {
        let channel = try #require(await store.channel(name(text), of: os))
        try await store.commit(.setChannelRules(os, channel.name, from: channel.rules, to: rules))
    }

    private func move(_ store: any FleetStore, _ text: String, to version: String) async throws -> ChannelMove {
        let channel = try #require(await store.channel(name(text), of: os))
        let all = try await store.payloads(of: os, version: Version(version), .first).items
        return ChannelMove(
            application: os, channel: channel.name, previous: channel.version, version: try Version(version),
            promotedFrom: try name("stable"), movedBy: "bob", movedAt: .after(100),
            evidence: all.map { VerifiedPayload(architecture: $0.architecture, sha256: $0.sha256) })
    }

    private func request(_ version: String, previous: String? = nil) throws -> MoveRequest {
        MoveRequest(
            version: try Version(version), previous: try previous.map { try Version($0) }, promotedFrom: try name("stable"),
            by: "ada", principal: "1", at: .after(50), reason: "a week without a word")
    }

    @Test("rules are kept; somebody else's change, a missing channel and a circle are refused", arguments: StoreKind.allCases)
    func rulesAreChecked(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            for text in ["beta", "lts"] { try await store.makeChannel(text) }
            try await put(rules(following: "stable"), on: "beta", store)
            #expect(try await store.channel(name("beta"), of: os)?.rules == rules(following: "stable"))
            #expect(try await store.channel(name("beta"), of: os)?.version == nil)
            await #expect(throws: FleetStoreError.changed(.channel, "beta")) {
                try await store.commit(
                    .setChannelRules(os, try name("beta"), from: ChannelRules(), to: try rules(following: "lts")))
            }
            await #expect(throws: FleetStoreError.notFound(.channel, "nowhere")) {
                try await put(rules(following: "nowhere"), on: "lts", store)
            }
            try await put(rules(following: "beta"), on: "lts", store)
            for circle in ["lts", "beta", "stable"] {
                await #expect(throws: FleetStoreError.conflict("The channel “stable” would follow itself.")) {
                    try await put(rules(following: circle), on: "stable", store)
                }
            }
            await #expect(throws: FleetStoreError.inUse(.channel, "beta", by: "the channel “lts”, which follows it")) {
                try await store.commit(.deleteChannel(os, try name("beta")))
            }
        }
    }

    @Test("a channel that needs a second person moves by what was asked for alone", arguments: StoreKind.allCases)
    func secondPerson(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.makeChannel("beta")
            await #expect(throws: FleetStoreError.self) {
                try await store.commit(.requestMove(os, try name("beta"), try request("2.0.0")))
            }
            try await put(rules(following: nil, secondPerson: true), on: "beta", store)
            let plain = try await move(store, "beta", to: "2.0.0")
            await #expect(throws: FleetStoreError.conflict("The channel “beta” is moved by a second person alone.")) {
                try await store.commit(.moveChannel(plain))
            }
            try await store.commit(.requestMove(os, try name("beta"), try request("2.0.0")))
            #expect(try await store.channel(name("beta"), of: os)?.request == request("2.0.0"))
            #expect(try await store.channels(of: os, .first).items.first?.request == request("2.0.0"))
            var other = plain
            other.request = try request("2.0.0", previous: "1.0.0")
            await #expect(throws: FleetStoreError.changed(.channel, "beta")) {
                try await store.commit(.moveChannel(other))
            }
            var asked = plain
            asked.request = try request("2.0.0")
            asked.reason = "a week without a word"
            try await store.commit(.moveChannel(asked))
            let moved = try #require(await store.channel(name("beta"), of: os))
            #expect(moved.version?.text == "2.0.0")
            #expect(moved.request == nil)
            #expect(moved.rules.needsSecondPerson)
            let kept = try #require(await store.channelMoves(of: os, channel: name("beta"), .first).items.first)
            #expect(kept.request == asked.request)
            #expect(kept.reason == "a week without a word")
        }
    }

    @Test("a request is turned down once; taking the rule away ends it", arguments: StoreKind.allCases)
    func requestsEnd(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.makeChannel("beta")
            try await put(rules(following: nil, secondPerson: true), on: "beta", store)
            let beta = try name("beta")
            try await store.commit(.requestMove(os, beta, try request("2.0.0")))
            try await store.commit(.withdrawMove(os, beta, try request("2.0.0")))
            await #expect(throws: FleetStoreError.changed(.channel, "beta")) {
                try await store.commit(.withdrawMove(os, beta, try request("2.0.0")))
            }
            await #expect(throws: FleetStoreError.changed(.channel, "beta")) {
                try await store.commit(.requestMove(os, beta, try request("2.0.0", previous: "1.0.0")))
            }
            try await store.commit(.requestMove(os, beta, try request("2.0.0")))
            try await put(ChannelRules(), on: "beta", store)
            #expect(try await store.channel(beta, of: os)?.request == nil)
        }
    }

    @Test("a move records what had become of the release in the groups of the channel it comes from", arguments: StoreKind.allCases)
    func evidence(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish(RolloutPolicy(stopAfterFailures: 2))
            try await store.makeChannel("beta")
            try await store.makeGroup("other", track: "other", channel: "beta")
            for id in ["m1", "m2", "bad"] { try await store.check(id) }
            for id in ["m1", "m2"] { try await store.check(id, "2.0.0", boot: "b2", at: 10) }
            try await store.check("bad", events: [ReportedEvent(type: 3, result: 0, code: 44)], at: 20)
            try await store.check("elsewhere", "2.0.0", track: "other")
            try await store.commit(.moveChannel(try await move(store, "beta", to: "2.0.0")))
            let record = try #require(await store.channelMoves(of: os, channel: name("beta"), .first).items.first?.record)
            #expect((record.running, record.completed, record.failed) == (2, 2, 1))
            #expect(record.parts.map(\.group.rawValue) == ["web"])
            #expect(record.since == start)
            #expect(record == (try await store.record(of: Version("2.0.0"), in: os, channel: name("stable"))))
            #expect(try await store.record(of: Version("2.0.0"), in: os, channel: nil).running == 3)
        }
    }

    @Test("the server's move is refused where its rule, its machines or its roll-out are not so", arguments: StoreKind.allCases)
    func followedMoves(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.makeChannel("beta")
            let follow = try #require(rules(following: "stable").follows)
            var followed = try await move(store, "beta", to: "2.0.0")
            followed.follow = follow
            let refused = followed
            await #expect(throws: FleetStoreError.changed(.channel, "beta")) {
                try await store.commit(.moveChannel(refused))
            }
            try await put(rules(following: "stable"), on: "beta", store)
            let few = FleetStoreError.conflict("2.0.0 runs on too few machines of “stable”.")
            await #expect(throws: few) { try await store.commit(.moveChannel(refused)) }
            for id in ["m1", "m2"] { try await store.check(id, "2.0.0") }
            let id = RolloutID(application: os, group: try GroupName("web"), version: try Version("2.0.0"))
            let pause = RolloutControl(kind: .paused, by: "ada", at: .after(1), reason: nil)
            try await store.commit(.controlRollout(id, pause))
            await #expect(throws: FleetStoreError.self) { try await store.commit(.moveChannel(refused)) }
            try await store.commit(.resumeRollouts([id], at: .after(2)))
            try await store.commit(.moveChannel(refused))
            #expect(try await store.channelMoves(of: os, channel: name("beta"), .first).items.first?.follow == follow)
        }
    }

    @Test("a move to where a channel stands is recorded, and moves no moment", arguments: StoreKind.allCases)
    func movedToWhereItStands(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.commit(.shiftMoments(seconds: 500))
            let before = try #require(await store.channel(name("stable"), of: os))
            try await store.commit(.moveChannel(try await move(store, "stable", to: "2.0.0")))
            #expect(try await store.channel(name("stable"), of: os) == before)
            #expect(try await store.channelMoves(of: os, channel: name("stable"), .first).total == 2)
        }
    }

    @Test("soaks are moved with the clock", arguments: StoreKind.allCases)
    func soaksAreShifted(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let before = try #require(await store.channel(name("stable"), of: os))
            #expect(before.settledAt == before.changedAt)
            try await store.commit(.shiftMoments(seconds: 500))
            let after = try #require(await store.channel(name("stable"), of: os))
            #expect(after.settledAt == before.settledAt.adding(seconds: 500))
            #expect(after.changedAt == before.changedAt)
        }
    }
}
