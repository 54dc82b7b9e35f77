import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import PayloadStore
import PayloadStoreFiles
import Testing
import UpdateModel

@Suite("Invariant 8: promotion moves exactly the bits that were tested")
struct PromotionTests {
    private let alpha = try? ChannelName("alpha")
    private let beta = try? ChannelName("beta")

    @Test("a promotion moves all architectures and records who, when, what, from and to")
    func promotionIsRecorded() async throws {
        let fleet = try await Fixture()
        let (alpha, beta) = (try #require(alpha), try #require(beta))
        let bits = try await fleet.publish("2.0.0", [.amd64, .arm64])
        _ = try await fleet.control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        fleet.time.advance(seconds: 60)
        let moved = try await fleet.control.promote(from: alpha, to: beta, of: os, by: admin)
        #expect(moved.version?.text == "2.0.0")
        let move = try #require(
            await fleet.control.channelMoves(of: os, channel: beta, .first, by: viewer).items.first)
        #expect(move.promotedFrom == alpha)
        #expect(move.previous == nil)
        #expect(move.movedBy == "ada")
        #expect(move.movedAt == fleet.time.now())
        #expect(move.evidence.map(\.sha256) == bits.map(\.sha256))
        let entry = try #require(await fleet.control.auditEntries(.first, by: admin).items.first)
        #expect(entry.action == "channel.promote")
        #expect(entry.actor == "ada")
        #expect(entry.detail.contains("from nothing to 2.0.0, promoted from alpha"))
        for payload in bits { #expect(entry.detail.contains(payload.sha256.hexadecimal)) }
    }

    @Test("stored bits that changed are refused, and no channel moves")
    func changedBitsAreRefused() async throws {
        let fleet = try await Fixture()
        let (alpha, beta) = (try #require(alpha), try #require(beta))
        let bits = try await fleet.publish("2.0.0", [.amd64, .arm64])
        _ = try await fleet.control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        fleet.payloads.damage(bits[1].sha256)
        let error = await refusal { _ = try await fleet.control.promote(from: alpha, to: beta, of: os, by: admin) }
        guard case .bitsDiffer(_, .arm64, bits[1].sha256, let found?) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found != bits[1].sha256)
        #expect(error?.kind == .conflict)
        #expect(try await fleet.control.channel(beta, of: os, by: viewer).version == nil)
        await fleet.payloads.delete(bits[0].sha256)
        let gone = await refusal {
            _ = try await fleet.control.setChannel(beta, of: os, to: Version("2.0.0"), by: admin)
        }
        guard case .bitsDiffer(_, .amd64, bits[0].sha256, nil) = gone else {
            Issue.record("\(String(describing: gone))")
            return
        }
    }

    @Test("a payload whose file was changed on the disk is refused")
    func fileChangedOnDiskIsRefused() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "promotion-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = MemoryFleetStore()
        let control = FleetControl(store: store, payloads: try FilePayloadStore(directory: directory, reserve: 0))
        _ = try await control.createApplication(id: os, name: "OS", by: admin)
        _ = try await control.createRelease(Version("2.0.0"), of: os, notes: "", by: admin)
        let upload = PayloadUpload(
            application: os, version: try Version("2.0.0"), architecture: .amd64, fileName: "update.crau")
        var chunks: [[UInt8]] = [[1, 2, 3]]
        let payload = try await control.addPayload(
            upload, by: admin, describe: { _ in PayloadDescription(format: 2, isDelta: false) },
            nextChunk: { chunks.popLast() })
        let name = payload.sha256.hexadecimal
        try Data([1, 2, 4]).write(to: URL(filePath: "\(directory)/\(name.prefix(2))/\(name)"))
        let error = await refusal {
            _ = try await control.setChannel(ChannelName("stable"), of: os, to: Version("2.0.0"), by: admin)
        }
        guard case .bitsDiffer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a delta must start from the bits of the release that it names, and make those of its own")
    func deltasAreOfTheirReleases() async throws {
        let fleet = try await Fixture()
        let (old, new) = (SHA256Digest(bytes: [UInt8](repeating: 1, count: 32)), SHA256Digest(bytes: [UInt8](repeating: 2, count: 32)))
        for (version, made) in [("1.0.0", old), ("2.0.0", new)] {
            try await fleet.publish(version, [])
            _ = try await fleet.upload(version, making: made)
        }
        let other = await refusal { _ = try await fleet.upload("2.0.0", from: "1.0.0", starting: new, making: new) }
        #expect(other?.kind == .invalid)
        #expect(other?.userMessage.text.contains("does not start from the bits of 1.0.0") == true)
        let made = await refusal { _ = try await fleet.upload("2.0.0", from: "1.0.0", starting: old, making: old) }
        #expect(made?.userMessage.text.contains("makes other bits") == true)
        let delta = try await fleet.upload("2.0.0", from: "1.0.0", starting: old, making: new)
        #expect(delta.isDelta)
        // From a release that this server never had there is nothing to compare with.
        #expect(try await fleet.upload("2.0.0", from: "0.9.0", starting: new, making: new).source?.text == "0.9.0")
    }

    @Test("a release without payloads, and a channel without a release, cannot be promoted")
    func emptyThingsAreRefused() async throws {
        let fleet = try await Fixture()
        let (alpha, beta) = (try #require(alpha), try #require(beta))
        try await fleet.publish("2.0.0", [])
        let empty = await refusal {
            _ = try await fleet.control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        }
        #expect(empty?.kind == .conflict)
        #expect(empty?.userMessage.text == "Release 2.0.0 has no payload.")
        let delta = PayloadUpload(
            application: os, version: try Version("2.0.0"), architecture: .amd64, source: try Version("1.0.0"),
            fileName: "delta.crau")
        var chunks = [[1, 2, 3] as [UInt8]][...]
        _ = try await fleet.control.addPayload(
            delta, by: publisher, describe: { _ in PayloadDescription(format: 2, isDelta: true) },
            nextChunk: { chunks.popFirst() })
        let deltaOnly = await refusal {
            _ = try await fleet.control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        }
        #expect(deltaOnly?.userMessage.text == "Release 2.0.0 has only a delta.")
        #expect(deltaOnly?.userMessage.hint?.contains("Add a full payload") == true)
        let unset = await refusal { _ = try await fleet.control.promote(from: alpha, to: beta, of: os, by: admin) }
        #expect(unset?.kind == .invalid)
        let missing = await refusal {
            _ = try await fleet.control.setChannel(alpha, of: os, to: Version("9.0.0"), by: admin)
        }
        #expect(missing?.kind == .notFound)
    }
}
