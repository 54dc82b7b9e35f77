import FleetModel
import FleetOperations
import FoundationEssentials
import FleetStorageSQLite
import FleetStorage
import PayloadStore
import Testing
import UpdateModel

@Suite("Private groups: secrets, and downloads that need a pass")
struct PrivacyTests {
    private func furnish() async throws -> (Fixture, GroupName, Payload) {
        let fleet = try await Fixture()
        let payload = try await fleet.publish("2.0.0")[0]
        let alpha = try ChannelName("alpha")
        _ = try await fleet.control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        let web = try GroupName("web")
        _ = try await fleet.control.createGroup(
            web, of: os, track: Track("stable"), channel: alpha, policy: RolloutPolicy(), by: admin)
        return (fleet, web, payload)
    }

    @Test("only an admin makes and revokes secrets; the text is in no record, and they are not too many")
    func secretsAreKept() async throws {
        let (fleet, web, _) = try await furnish()
        let control = fleet.control
        #expect(
            await refusal { _ = try await control.createGroupSecret(of: web, in: os, by: publisher) }?.kind == .forbidden)
        let issued = try await control.createGroupSecret(of: web, in: os, by: admin)
        #expect(issued.text.hasPrefix("gs_\(issued.secret.id)_"))
        #expect(issued.secret.digest == FleetControl.secretDigest(of: issued.text))
        let entry = try #require(await control.auditEntries(.first, by: admin).items.first)
        #expect(entry.action == "group.secret-create")
        #expect(!"\(entry)".contains(issued.text))
        for _ in 1..<GroupSecret.countMaximum { _ = try await control.createGroupSecret(of: web, in: os, by: admin) }
        #expect(await refusal { _ = try await control.createGroupSecret(of: web, in: os, by: admin) }?.kind == .invalid)
        try await control.revokeGroupSecret(issued.secret.id, of: web, in: os, by: admin)
        let again = await refusal { try await control.revokeGroupSecret(issued.secret.id, of: web, in: os, by: admin) }
        #expect(again?.kind == .notFound)
        #expect(try await control.group(web, of: os, by: viewer).secrets.count == GroupSecret.countMaximum - 1)
    }

    @Test("a payload is open until a group is private; then its own pass opens it, or a secret, and nothing else")
    func downloads() async throws {
        let (fleet, web, payload) = try await furnish()
        let control = fleet.control
        func open(pass: String? = nil, showing text: String? = nil) async -> OperationError.Kind? {
            await refusal {
                _ = try await control.openPayload(
                    payload.sha256, pass: pass, secret: text.map(FleetControl.secretDigest))
            }?.kind
        }
        #expect(await open() == nil)
        let issued = try await control.createGroupSecret(of: web, in: os, by: admin)
        #expect(await open() == .unauthenticated)
        let pass = try await control.payloadPass(for: payload.sha256)
        #expect(pass.utf8.count == 32)
        #expect(try await control.payloadPass(for: payload.sha256) == pass)
        let other = try await fleet.publish("3.0.0")[0]
        let otherPass = try await control.payloadPass(for: other.sha256)
        #expect(await open(pass: otherPass) == .unauthenticated)
        #expect(await open(pass: "") == .unauthenticated)
        #expect(await open(showing: "gs_x_y") == .unauthenticated)
        #expect(await open(pass: pass) == nil)
        #expect(await open(showing: issued.text) == nil)
        let slip = await refusal { try await control.revokeGroupSecret(issued.secret.id, of: web, in: os, by: admin) }
        #expect(slip?.kind == .invalid, "its last secret does not go by a slip")
        #expect(await open() == .unauthenticated)
        try await control.revokeGroupSecret(issued.secret.id, of: web, in: os, opensGroup: true, by: admin)
        #expect(await open() == nil)
    }

    @Test("the store is asked for the key of passes once, so that offers and downloads go on while it cannot write")
    func passesWaitForNoWriter() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "passes-\(UUID().uuidString).db").path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let store = try SQLiteFleetStore(path: path)
        let fleet = try await Fixture(store: store)
        let digest = try await fleet.publish("1.0.0")[0].sha256
        let pass = try await fleet.control.payloadPass(for: digest)
        try store.close()
        #expect(try await fleet.control.payloadPass(for: digest) == pass)
    }
}
