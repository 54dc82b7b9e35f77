import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: payloads that lie elsewhere")
struct ElsewhereContract {
    private func payload(_ version: String, _ names: String...) throws -> Payload {
        var payload = try makePayload(version)
        payload.mirrors = try names.map { name in
            PayloadMirror(url: try PayloadURL("https://\(name).example/update.gz"), marks: ["\"1\"", "\"2\""])
        }
        return payload
    }

    private func change(_ payload: Payload, _ index: Int, to trouble: MirrorTrouble?, on store: any FleetStore)
        async throws
    {
        var mirror = payload.mirrors[index]
        mirror.trouble = trouble
        try await store.commit(
            .changeMirror(os, payload.version, .amd64, source: nil, from: payload.mirrors[index], to: mirror))
    }

    /// Channel `stable` at 2.0.0, which lies at `a` and `b`.
    private func furnish(_ store: any FleetStore) async throws -> Payload {
        try await store.furnish()
        try await store.commit(
            .createRelease(Release(application: os, version: try Version("3.0.0"), notes: "", createdAt: start)))
        let payload = try payload("3.0.0", "a", "b")
        try await store.commit(.addPayload(payload))
        try await store.setChannel(to: "3.0.0")
        return payload
    }

    @Test("places and what is known of them are kept; a machine is offered those that are not in trouble", arguments: StoreKind.allCases)
    func offers(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let payload = try await furnish(store)
            #expect(try await store.payloads(of: os, version: payload.version, .first).items == [payload])
            guard case .offer(let whole) = try await store.check("m1").decision else { throw CancellationError() }
            #expect(whole == payload)
            let gone = MirrorTrouble(kind: .unavailable, since: start, text: "404")
            try await change(payload, 0, to: gone, on: store)
            guard case .offer(let half) = try await store.check("m1", at: 1).decision else { throw CancellationError() }
            #expect(half.openMirrors.map(\.url) == [payload.mirrors[1].url])
            try await change(payload, 1, to: gone, on: store)
            #expect(try await store.check("m1", at: 2).hold == .payloadUnavailable)
            #expect(try await store.rollout("3.0.0")?.inProgress == 0, "its place is free for what can be had")
            #expect(try await store.census(of: GroupName("web"), in: os).holds[.payloadUnavailable] == 1)
            var healed = half
            healed.mirrors[1].trouble = gone
            try await store.commit(
                .changeMirror(
                    os, payload.version, .amd64, source: nil, from: healed.mirrors[1], to: payload.mirrors[1]))
            #expect(try await store.check("m1", at: 3).isOffer)
        }
    }

    @Test("who saw another state changes nothing", arguments: StoreKind.allCases)
    func conflicts(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let payload = try await furnish(store)
            try await change(payload, 0, to: MirrorTrouble(kind: .changed, since: start, text: "new"), on: store)
            await #expect(throws: FleetStoreError.changed(.payload, payload.mirrors[0].url.text)) {
                try await change(payload, 0, to: MirrorTrouble(kind: .unavailable, since: start, text: "404"), on: store)
            }
            await #expect(throws: FleetStoreError.notFound(.payload, "4.0.0 amd64")) {
                try await change(self.payload("4.0.0", "a"), 0, to: nil, on: store)
            }
        }
    }

    @Test("a payload that cannot be had comes before one of which other copies are there", arguments: StoreKind.allCases)
    func unavailableFirst(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let gone = MirrorTrouble(kind: .unavailable, since: start, text: "404")
            for (version, names, troubles) in [
                ("3.0.0", ["a", "b", "c"], 2), ("4.0.0", ["a", "b"], 1), ("5.0.0", ["a"], 1),
            ] {
                let release = Release(application: os, version: try Version(version), notes: "", createdAt: start)
                try await store.commit(.createRelease(release))
                var payload = try makePayload(version)
                payload.mirrors = try names.map { name in
                    PayloadMirror(url: try PayloadURL("https://\(name).example/update.gz"), marks: [])
                }
                try await store.commit(.addPayload(payload))
                for index in 0..<troubles { try await change(payload, index, to: gone, on: store) }
            }
            let listed = try await store.payloadsElsewhere(of: nil, .first).items
            #expect(listed.map(\.version.text) == ["5.0.0", "3.0.0", "4.0.0"])
            #expect(listed.map(\.isAvailable) == [false, true, true])
        }
    }

    @Test("those in trouble come first; what lies elsewhere is none of the server's own bits", arguments: StoreKind.allCases)
    func lists(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let payload = try await furnish(store)
            for version in ["1.1.0", "4.0.0"] {
                try await store.commit(
                    .createRelease(Release(application: os, version: try Version(version), notes: "", createdAt: start)))
                try await store.commit(.addPayload(try self.payload(version, "c")))
            }
            func listed() async throws -> [String] {
                let page = try await store.payloadsElsewhere(of: os, .first)
                #expect(page.total == 3)
                #expect(try await store.payloadsElsewhere(of: nil, .first).items == page.items)
                return page.items.map(\.version.text)
            }
            #expect(try await listed() == ["1.1.0", "3.0.0", "4.0.0"])
            try await change(payload, 0, to: MirrorTrouble(kind: .different, since: start, text: "7 bytes"), on: store)
            #expect(try await listed() == ["3.0.0", "1.1.0", "4.0.0"])
            #expect(try await store.payloadsElsewhere(of: ApplicationID("other"), .first).total == 0)
            #expect(try await store.payload(withDigest: payload.sha256) == nil)
            #expect(try await store.payload(withDigest: makePayload("2.0.0").sha256) != nil)
        }
    }
}
