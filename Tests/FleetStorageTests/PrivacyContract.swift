import FleetModel
import FleetStorage
import Testing
import UpdateModel

@Suite("FleetStore contract: private groups")
struct PrivacyContract {
    private func secret(_ id: String) throws -> GroupSecret {
        GroupSecret(id: try GroupSecretID(id), digest: try digest(id), by: "ada", at: .after(1))
    }

    private func set(_ secrets: [GroupSecret], on store: any FleetStore) async throws {
        try await store.commit(
            .setGroupSecrets(os, try GroupName("web"), from: store.web().secrets, to: secrets))
    }

    private func check(_ store: any FleetStore, _ id: String, track: String = "stable", showing shown: String?)
        async throws -> CheckInOutcome
    {
        var checkIn = CheckIn(
            application: os, machine: try MachineID(id), track: track, version: try Version("1.0.0"), architecture: .amd64,
            receivedAt: .after(5))
        checkIn.secret = try shown.map { try digest($0) }
        return try await store.checkIn(checkIn)
    }

    @Test("who shows none of the secrets is told so, and nothing of it is recorded", arguments: StoreKind.allCases)
    func secretsAreRequired(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await set([secret("one"), secret("two")], on: store)
            #expect(try await store.web().secrets == [secret("one"), secret("two")])
            for shown in [nil, "three"] {
                #expect(try await check(store, "m1", showing: shown).hold == .secretRequired)
            }
            #expect(try await store.machines(MachineFilter(), .first).total == 0)
            for (id, shown) in [("m1", "one"), ("m2", "two")] {
                let told = try await check(store, id, showing: shown)
                #expect(told.isOffer && told.isPrivate)
            }
            try await set([secret("two")], on: store)
            #expect(try await check(store, "m1", showing: "one").hold == .secretRequired)
            try await set([], on: store)
            let open = try await check(store, "m1", showing: nil)
            #expect(open.isOffer && !open.isPrivate)
            await #expect(throws: FleetStoreError.changed(.group, "web")) {
                try await store.commit(.setGroupSecrets(os, try GroupName("web"), from: [try secret("one")], to: []))
            }
        }
    }

    @Test("nobody without the secret moves a machine out of a private group, but an operator does", arguments: StoreKind.allCases)
    func machinesStay(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            try await store.makeGroup("open", track: "open")
            try await set([secret("one")], on: store)
            _ = try await check(store, "m1", showing: "one")
            #expect(try await check(store, "m1", track: "open", showing: nil).hold == .secretRequired)
            #expect(try await check(store, "m1", track: "nowhere", showing: nil).hold == .secretRequired)
            #expect(try await store.show("m1")?.group?.rawValue == "web")
            let other = try await check(store, "m2", track: "open", showing: nil)
            #expect(other.isOffer && other.isPrivate, "the payload is closed to all")
            var moved = MachineSettings()
            moved.group = try GroupName("open")
            let id = try MachineID("m1")
            try await store.commit(.changeMachine(os, id, from: MachineSettings(), to: moved, by: "ada", at: .after(6)))
            #expect(try await check(store, "m1", showing: nil).group?.rawValue == "open")
            _ = try await check(store, "m3", showing: "one")
            #expect(try await check(store, "m3", track: "open", showing: "one").group?.rawValue == "open")
        }
    }

    @Test("the key of passes is made once; who has a payload and which groups are private is told", arguments: StoreKind.allCases)
    func lookUps(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.furnish()
            let first = try await store.payloadKey(orKeeping: [1, 2, 3])
            #expect(first == [1, 2, 3])
            #expect(try await store.payloadKey(orKeeping: [9]) == first)
            #expect(try await store.applications(withPayload: makePayload("2.0.0").sha256) == [os])
            #expect(try await store.applications(withPayload: makePayload("3.0.0").sha256) == [])
            #expect(try await store.privateGroups(of: os).isEmpty)
            try await set([secret("one")], on: store)
            #expect(try await store.privateGroups(of: os).map(\.name.rawValue) == ["web"])
        }
    }
}
