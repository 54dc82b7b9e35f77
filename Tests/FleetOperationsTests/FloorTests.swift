import FleetModel
import FleetOperations
import FleetStorage
import PayloadStore
import Testing
import UpdateModel

@Suite("Floors: who may, what is recorded, what is refused, what is told")
struct FloorTests {
    private func floor() throws -> Version { try Version("2.0.0") }

    /// Three releases; the group `web` follows `alpha` at 3.0.0.
    private func furnish() async throws -> Fixture {
        let fleet = try await Fixture()
        for version in ["1.0.0", "2.0.0", "3.0.0"] { try await fleet.publish(version) }
        let alpha = try ChannelName("alpha")
        _ = try await fleet.control.setChannel(alpha, of: os, to: Version("3.0.0"), by: admin)
        _ = try await fleet.control.createGroup(
            GroupName("web"), of: os, track: Track("stable"), channel: alpha,
            policy: RolloutPolicy(stopAfterFailures: 1), by: admin)
        return fleet
    }

    @Test("only an admin sets and lifts one; both are recorded with the reason and the channels")
    func actsAreRecorded() async throws {
        let fleet = try await furnish()
        let (control, version) = (fleet.control, try floor())
        let channels = try ["beta", "alpha", "beta"].map { try ChannelName($0) }
        let acts: [(Caller) async throws -> Void] = [
            { _ = try await control.setFloor(version, of: os, reason: "new keys", channels: channels, by: $0) },
            { _ = try await control.removeFloor(version, of: os, by: $0) },
        ]
        for act in acts { #expect(await refusal { try await act(publisher) }?.kind == .forbidden) }
        try await acts[0](admin)
        let set = try await control.release(version, of: os, by: viewer).floor
        #expect(set?.channels.map(\.rawValue) == ["alpha", "beta"])
        #expect(set?.by == "ada")
        try await acts[1](admin)
        #expect(await refusal { try await acts[1](admin) }?.kind == .conflict)
        let entries = try await control.auditEntries(.first, by: admin).items.prefix(2)
        #expect(entries.map(\.action) == ["release.unfloor", "release.floor"])
        #expect(entries.last?.detail == "alpha, beta: new keys")
    }

    @Test("one without order, without payload, blocked, or with bits that changed is refused")
    func refusals() async throws {
        let fleet = try await furnish()
        let control = fleet.control
        for (text, kind) in [("zebra", OperationError.Kind.invalid), ("4.0.0", .conflict)] {
            _ = try await control.createRelease(Version(text), of: os, notes: "", by: publisher)
            let error = await refusal { _ = try await control.setFloor(Version(text), of: os, reason: "x", by: admin) }
            #expect(error?.kind == kind, "\(text)")
        }
        #expect(
            await refusal { _ = try await control.setFloor(floor(), of: os, reason: "", by: admin) }?.kind == .invalid)
        _ = try await control.blockRelease(floor(), of: os, reason: "it eats disks", by: admin)
        let blocked = await refusal { _ = try await control.setFloor(floor(), of: os, reason: "x", by: admin) }
        #expect(blocked?.userMessage.text.contains("was blocked by ada") == true)
        let payload = try await fleet.control.payloads(of: os, version: Version("1.0.0"), .first, by: viewer).items[0]
        await fleet.payloads.delete(payload.sha256)
        let gone = await refusal { _ = try await control.setFloor(Version("1.0.0"), of: os, reason: "x", by: admin) }
        guard case .bitsDiffer = gone else { throw CancellationError() }
    }

    @Test("why names the floor and its reason; resume lets a stopped floor go on, and the group shows it")
    func whatIsTold() async throws {
        let fleet = try await furnish()
        let control = fleet.control
        let web = try GroupName("web")
        _ = try await control.setFloor(floor(), of: os, reason: "new keys", by: admin)
        guard case .offer(let payload) = try await fleet.check("m1").decision else { throw CancellationError() }
        #expect(payload.version == (try floor()))
        let words = "On its way to 3.0.0 it passes the floor 2.0.0: new keys"
        #expect(try await control.explanation(of: MachineID("m1"), in: os, by: viewer).text.hasSuffix(words))
        _ = try await fleet.check("m1", events: [ReportedEvent(type: 3, result: 0, code: 44)])
        _ = try await fleet.check("m2")
        let why = try await control.explanation(of: MachineID("m2"), in: os, by: viewer)
        #expect(why.reason == "rollout-stopped")
        #expect(why.text.hasSuffix(words))
        let group = try await control.group(web, of: os, by: viewer)
        #expect(try await control.floors(of: group, by: viewer).map { $0.rollout?.stop?.brake } == [.failures])
        try await control.resumeRollout(of: web, in: os, by: admin)
        #expect(await refusal { try await control.resumeRollout(of: web, in: os, by: admin) }?.kind == .conflict)
        guard case .offer = try await fleet.check("m2").decision else { throw CancellationError() }
    }

    @Test("who resumes what he saw lets no floor go on that stopped since; what he saw goes on in one act")
    func resumeIsOfWhatWasSeen() async throws {
        let fleet = try await furnish()
        let control = fleet.control
        let web = try GroupName("web")
        _ = try await control.setFloor(floor(), of: os, reason: "new keys", by: admin)
        _ = try await fleet.check("m1")
        try await control.controlRollout(of: web, in: os, .paused, by: admin)
        let group = try await control.group(web, of: os, by: viewer)
        let seen = try await control.rolloutSight(of: group, by: viewer)
        _ = try await fleet.check("m1", events: [ReportedEvent(type: 3, result: 0, code: 44)])
        let stale = await refusal { try await control.resumeRollout(of: web, in: os, ifStill: seen, by: admin) }
        #expect(stale?.kind == .changed)
        #expect(try await control.floors(of: group, by: viewer).first?.rollout?.stop != nil)
        #expect(try await control.currentRollout(of: group, by: viewer)?.control != nil, "all or nothing")
        let now = try await control.rolloutSight(of: group, by: viewer)
        try await control.resumeRollout(of: web, in: os, ifStill: now, by: admin)
        #expect(try await control.floors(of: group, by: viewer).first?.rollout?.stop == nil)
        #expect(try await control.currentRollout(of: group, by: viewer)?.control == nil)
        let entries = try await control.auditEntries(.first, by: admin).items.filter { $0.action == "rollout.resume" }
        #expect(entries.count == 1)
        #expect(entries.first?.detail.contains("2.0.0 had stopped") == true)
        #expect(entries.first?.detail.contains("3.0.0 was paused by ada") == true)
    }
}
