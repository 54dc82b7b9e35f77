import FleetModel
import FleetOperations
import FleetStorage
import Testing
import UpdateModel

@Suite("Blocked releases: who may, what is recorded, what is refused, what is told")
struct BlockTests {
    @Test("only an admin blocks; the act and its reason are recorded; the same twice is a conflict")
    func actsAreRecorded() async throws {
        let fleet = try await Fixture()
        try await fleet.publish("2.0.0")
        let version = try Version("2.0.0")
        let acts: [(Caller) async throws -> Void] = [
            { _ = try await fleet.control.blockRelease(version, of: os, reason: "bad", by: $0) },
            { _ = try await fleet.control.unblockRelease(version, of: os, by: $0) },
        ]
        for act in acts { #expect(await refusal { try await act(publisher) }?.kind == .forbidden) }
        let words = await refusal { _ = try await fleet.control.blockRelease(version, of: os, reason: "", by: admin) }
        #expect(words?.kind == .invalid)
        let blocked = try await fleet.control.blockRelease(version, of: os, reason: "it eats disks", by: admin)
        #expect(blocked.block == ReleaseBlock(by: "ada", at: fleet.time.now(), reason: "it eats disks"))
        #expect(await refusal { try await acts[0](admin) }?.kind == .conflict)
        #expect(try await fleet.control.unblockRelease(version, of: os, by: admin).block == nil)
        #expect(await refusal { try await acts[1](admin) }?.kind == .conflict)
        let entries = try await fleet.control.auditEntries(.first, by: admin).items.prefix(2)
        #expect(entries.map(\.action) == ["release.unblock", "release.block"])
        #expect(entries.map(\.detail) == ["", "it eats disks"])
        #expect(entries.last?.object == "\(os.canonical)/2.0.0")
    }

    @Test("no channel is set or promoted to it, and no group sent back to it; the refusal says who and why")
    func blockedIsNoTarget() async throws {
        let fleet = try await Fixture()
        for version in ["1.0.0", "2.0.0"] { try await fleet.publish(version) }
        let (old, new) = (try Version("1.0.0"), try Version("2.0.0"))
        let (alpha, stable) = (try ChannelName("alpha"), try ChannelName("stable"))
        for version in [old, new] { _ = try await fleet.control.setChannel(alpha, of: os, to: version, by: admin) }
        let web = try GroupName("web")
        _ = try await fleet.control.createGroup(
            web, of: os, track: Track("stable"), channel: alpha, policy: RolloutPolicy(), by: admin)
        for version in [old, new] {
            _ = try await fleet.control.blockRelease(version, of: os, reason: "it eats disks", by: admin)
        }
        let acts: [() async throws -> Void] = [
            { _ = try await fleet.control.setChannel(stable, of: os, to: new, by: admin) },
            { _ = try await fleet.control.promote(from: alpha, to: stable, of: os, by: admin) },
            { try await fleet.control.undo(web, in: os, by: admin) },
        ]
        for act in acts {
            let error = await refusal { try await act() }
            #expect(error?.kind == .conflict)
            #expect(error?.userMessage.text.contains("was blocked by ada: it eats disks") == true)
        }
        #expect(try await fleet.control.channel(stable, of: os, by: viewer).version == nil)
        #expect(try await fleet.check("m1").hold == .releaseBlocked)
        let why = try await fleet.control.explanation(of: try MachineID("m1"), in: os, by: viewer)
        #expect(why.reason == "release-blocked")
        #expect(why.text.hasSuffix("2.0.0, by ada: it eats disks"))
    }
}

extension CheckInOutcome {
    fileprivate var hold: HoldReason? { if case .hold(let reason, _) = decision { reason } else { nil } }
}
