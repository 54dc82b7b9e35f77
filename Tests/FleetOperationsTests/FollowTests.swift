import FleetModel
import FleetOperations
import FleetStorage
import PayloadStore
import Testing
import UpdateModel

@Suite("Channels that follow others, by the server's tick")
struct FollowTests {
    private let day: Int64 = 86_400

    private func name(_ text: String) throws -> ChannelName { try ChannelName(text) }

    /// Alpha is at 1.0.0 and has the group; beta follows it after three days on one machine.
    private func furnish(secondPerson: Bool = false) async throws -> Fixture {
        let fleet = try await Fixture()
        for version in ["1.0.0", "2.0.0"] { try await fleet.publish(version) }
        for channel in ["alpha", "beta"] {
            _ = try await fleet.control.setChannel(name(channel), of: os, to: Version("1.0.0"), by: admin)
        }
        _ = try await fleet.control.createGroup(
            GroupName("web"), of: os, track: Track("stable"), channel: name("alpha"), policy: RolloutPolicy(), by: admin)
        let follow = ChannelFollow(channel: try name("alpha"), soakSeconds: 3 * day, machines: 1)
        _ = try await fleet.control.changeChannel(
            name("beta"), of: os, ChannelChange(follows: .some(follow), needsSecondPerson: secondPerson), by: admin)
        fleet.time.advance(seconds: 5)
        return fleet
    }

    /// Alpha comes to 2.0.0, and a machine runs it.
    private func release(_ fleet: Fixture) async throws {
        _ = try await fleet.control.setChannel(name("alpha"), of: os, to: Version("2.0.0"), by: admin)
        _ = try await fleet.check("m1", "2.0.0")
    }

    private func beta(_ fleet: Fixture) async throws -> String? {
        try await fleet.control.channel(name("beta"), of: os, by: viewer).version?.text
    }

    @Test("it moves when the soak is over, with who, why and the evidence; and only once")
    func follows() async throws {
        let fleet = try await furnish()
        try await release(fleet)
        #expect(try await fleet.control.followChannels().isEmpty)
        let soaking = try #require(
            await fleet.control.followStanding(of: fleet.control.channel(name("beta"), of: os, by: viewer), by: viewer))
        #expect(soaking.state == "soaking")
        #expect(soaking.until == fleet.time.now().adding(seconds: 3 * day))
        fleet.time.advance(seconds: 3 * day)
        #expect(try await fleet.control.followChannels().count == 1)
        #expect(try await beta(fleet) == "2.0.0")
        #expect(try await fleet.control.followChannels().isEmpty)
        let move = try #require(await fleet.control.channelMoves(of: os, channel: name("beta"), .first, by: viewer).items.first)
        #expect(move.movedBy == "server")
        #expect(move.follow?.soakSeconds == 3 * day)
        #expect(move.record?.running == 1)
        #expect(move.evidence.count == 1)
        #expect(try await fleet.control.auditEntries(.first, by: admin).items.first?.action == "channel.follow")
    }

    @Test("a clock that jumped moves nothing, and accepted it has not soaked the less", arguments: [40, -40] as [Int64])
    func jumpedClock(days: Int64) async throws {
        let fleet = try await furnish()
        try await release(fleet)
        fleet.time.jump(seconds: days * day)
        #expect(try await fleet.control.followChannels().isEmpty)
        try await fleet.control.acceptClock(by: admin)
        fleet.time.advance(seconds: 3 * day - 1)
        #expect(try await fleet.control.followChannels().isEmpty)
        #expect(try await beta(fleet) == "1.0.0")
        fleet.time.advance(seconds: 1)
        #expect(try await fleet.control.followChannels().count == 1)
    }

    @Test("a newer release soaks anew; a stopped roll-out, no machine and a block keep it; a person's word stands")
    func whatKeepsIt() async throws {
        let fleet = try await furnish()
        let control = fleet.control
        _ = try await control.setChannel(name("alpha"), of: os, to: Version("2.0.0"), by: admin)
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().isEmpty, "no machine ran it")
        _ = try await fleet.check("m1", "2.0.0")
        try await control.controlRollout(of: GroupName("web"), in: os, .paused, by: admin)
        #expect(try await control.followChannels().isEmpty)
        try await control.resumeRollout(of: GroupName("web"), in: os, by: admin)
        _ = try await control.blockRelease(Version("2.0.0"), of: os, reason: "no", by: admin)
        #expect(try await control.followChannels().isEmpty)
        _ = try await control.unblockRelease(Version("2.0.0"), of: os, by: admin)
        #expect(try await control.followChannels().count == 1)
        _ = try await control.setChannel(name("beta"), of: os, to: Version("1.0.0"), reason: "too slow", by: admin)
        fleet.time.advance(seconds: day)
        #expect(try await control.followChannels().isEmpty, "it was taken back by hand")
        try await fleet.publish("3.0.0")
        _ = try await control.setChannel(name("alpha"), of: os, to: Version("3.0.0"), by: admin)
        _ = try await fleet.check("m1", "3.0.0")
        fleet.time.advance(seconds: 3 * day - 1)
        #expect(try await control.followChannels().isEmpty)
        fleet.time.advance(seconds: 1)
        #expect(try await control.followChannels().count == 1)
        #expect(try await beta(fleet) == "3.0.0")
    }

    @Test(
        "a step back and another choice, made by hand before the release is due, stand until the origin's next release",
        arguments: ["1.0.0", "1.5.0"])
    func decidedBeforeItIsDue(choice: String) async throws {
        let fleet = try await furnish()
        let control = fleet.control
        try await fleet.publish("1.5.0")
        try await release(fleet)
        fleet.time.advance(seconds: day)
        if choice == "1.0.0" {
            _ = try await control.setChannel(name("beta"), of: os, to: Version("2.0.0"), by: admin)
            fleet.time.advance(seconds: 60)
        }
        let moved = try await control.setChannel(name("beta"), of: os, to: Version(choice), by: admin)
        #expect(try await control.channel(name("beta"), of: os, by: viewer) == moved, "who moved it is told what is kept")
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().isEmpty)
        #expect(try await control.followStanding(of: moved, by: viewer)?.state == "decided-by-hand")
        #expect(try await beta(fleet) == choice)
        try await fleet.publish("3.0.0")
        _ = try await control.setChannel(name("alpha"), of: os, to: Version("3.0.0"), by: admin)
        _ = try await fleet.check("m1", "3.0.0")
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().count == 1)
        #expect(try await beta(fleet) == "3.0.0")
    }

    @Test("where a channel stood before it came to follow, or before the release came, is no decision against that")
    func decidedEarlier() async throws {
        let fleet = try await furnish()
        let control = fleet.control
        try await fleet.publish("1.5.0")
        _ = try await control.setChannel(name("beta"), of: os, to: Version("1.5.0"), by: admin)
        try await release(fleet)
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().count == 1, "the release came later")
        _ = try await control.setChannel(name("beta"), of: os, to: Version("1.0.0"), by: admin)
        let follow = ChannelFollow(channel: try name("alpha"), soakSeconds: day, machines: 1)
        _ = try await control.changeChannel(name("beta"), of: os, ChannelChange(follows: .some(follow)), by: admin)
        #expect(try await control.followChannels().count == 1, "a new rule is a fresh start")
    }

    @Test("a channel that is set to what it has already came to nothing new: decisions stand, and the soak goes on")
    func setAgain() async throws {
        for isDecided in [false, true] {
            let fleet = try await furnish()
            let control = fleet.control
            func set(_ channel: String, _ version: String) async throws -> Channel {
                try await control.setChannel(name(channel), of: os, to: Version(version), by: admin)
            }
            try await release(fleet)
            let came = try await control.channel(name("alpha"), of: os, by: viewer)
            fleet.time.advance(seconds: 2 * day)
            if isDecided { _ = try await set("beta", "1.0.0") }
            #expect(try await set("alpha", "2.0.0") == came)
            fleet.time.advance(seconds: day)
            #expect(try await control.followChannels().count == (isDecided ? 0 : 1))
            fleet.time.advance(seconds: 3 * day)
            #expect(try await control.followChannels().isEmpty)
            #expect(try await beta(fleet) == (isDecided ? "1.0.0" : "2.0.0"))
        }
    }

    @Test("what was turned down is not asked for again by a channel that points nowhere, nor is what came since turned down")
    func turnedDownAtFirst() async throws {
        let fleet = try await furnish()
        let control = fleet.control
        let gamma = try name("gamma")
        let follow = ChannelFollow(channel: try name("alpha"), soakSeconds: 3 * day, machines: 0)
        let rules = ChannelChange(follows: .some(follow), needsSecondPerson: true)
        _ = try await control.changeChannel(gamma, of: os, rules, by: admin)
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().count == 1)
        _ = try await control.rejectMove(of: gamma, in: os, by: admin)
        #expect(try await control.followChannels().isEmpty)
        for _ in 0..<2 { try await release(fleet) }
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().count == 2, "beta, and gamma asks")
        try await fleet.publish("3.0.0")
        _ = try await control.setChannel(name("alpha"), of: os, to: Version("3.0.0"), by: admin)
        _ = try await control.rejectMove(of: gamma, in: os, by: admin)
        fleet.time.advance(seconds: 3 * day)
        _ = try await control.followChannels()
        #expect(try await control.channel(gamma, of: os, by: viewer).request?.version.text == "3.0.0")
    }

    @Test("a release that the origin's group goes back from is not taken over")
    func undone() async throws {
        let fleet = try await furnish()
        try await release(fleet)
        fleet.time.advance(seconds: 3 * day - 60)
        try await fleet.control.undo(GroupName("web"), in: os, by: admin)
        fleet.time.advance(seconds: 60)
        #expect(try await fleet.control.followChannels().isEmpty)
        #expect(try await beta(fleet) == "1.0.0")
    }

    @Test("a server that has just come up lets the machines have their say first")
    func justStarted() async throws {
        let fleet = try await furnish()
        try await release(fleet)
        fleet.time.advance(seconds: 3 * day)
        let again = FleetControl(store: fleet.store, payloads: fleet.payloads, time: fleet.time)
        #expect(try await again.followChannels().isEmpty)
        fleet.time.advance(seconds: 3599)
        #expect(try await again.followChannels().isEmpty)
        fleet.time.advance(seconds: 1)
        #expect(try await again.followChannels().count == 1)
    }

    @Test("what a person asks for is not replaced by the server, and what was turned down is not asked for again")
    func decisions() async throws {
        let fleet = try await furnish(secondPerson: true)
        let control = fleet.control
        try await fleet.publish("1.5.0")
        try await release(fleet)
        _ = try await control.setChannel(name("beta"), of: os, to: Version("1.5.0"), by: admin)
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().isEmpty)
        #expect(try await control.channel(name("beta"), of: os, by: viewer).request?.version.text == "1.5.0")
        _ = try await control.rejectMove(of: name("beta"), in: os, by: admin)
        #expect(try await control.followChannels().count == 1)
        _ = try await control.rejectMove(of: name("beta"), in: os, reason: "not on a Friday", by: admin)
        fleet.time.advance(seconds: day)
        #expect(try await control.followChannels().isEmpty)
        try await fleet.publish("3.0.0")
        _ = try await control.setChannel(name("alpha"), of: os, to: Version("3.0.0"), by: admin)
        _ = try await fleet.check("m1", "3.0.0")
        fleet.time.advance(seconds: 3 * day)
        #expect(try await control.followChannels().count == 1)
        let follow = ChannelFollow(channel: try name("alpha"), soakSeconds: 2 * day, machines: 1)
        _ = try await control.changeChannel(name("beta"), of: os, ChannelChange(follows: .some(follow)), by: admin)
        #expect(try await control.channel(name("beta"), of: os, by: viewer).request == nil)
        #expect(try await control.followChannels().count == 1, "by the new rule")
    }

    @Test("bits that changed are told, move nothing, and are not read again within the hour")
    func changedBits() async throws {
        let fleet = try await furnish()
        try await release(fleet)
        fleet.time.advance(seconds: 3 * day)
        let payload = try await fleet.control.payloads(of: os, version: Version("2.0.0"), .first, by: viewer).items[0]
        await fleet.payloads.delete(payload.sha256)
        let outcomes = try await fleet.control.followChannels()
        guard case .failure(.bitsDiffer)? = outcomes.first?.result else { throw CancellationError() }
        #expect(try await fleet.control.followChannels().isEmpty)
        fleet.time.advance(seconds: 3600)
        #expect(try await fleet.control.followChannels().count == 1)
        #expect(try await beta(fleet) == "1.0.0")
    }

    @Test("where a second person is needed the server asks, once, and anybody may approve but who made it follow")
    func asks() async throws {
        let fleet = try await furnish(secondPerson: true)
        try await release(fleet)
        fleet.time.advance(seconds: 3 * day)
        #expect(try await fleet.control.followChannels().count == 1)
        #expect(try await fleet.control.followChannels().isEmpty)
        #expect(try await beta(fleet) == "1.0.0")
        let asked = try await fleet.control.channel(name("beta"), of: os, by: viewer).request
        #expect(asked?.by == "server")
        let same = await refusal {
            _ = try await fleet.control.approveMove(of: name("beta"), in: os, to: Version("2.0.0"), by: admin)
        }
        #expect(same?.kind == .forbidden)
        #expect(same?.userMessage.text.contains("“ada”") == true)
        let bob = Caller(name: "bob", role: .admin)
        _ = try await fleet.control.changeChannel(
            name("beta"), of: os, ChannelChange(needsSecondPerson: true), by: bob)
        _ = try await fleet.control.approveMove(of: name("beta"), in: os, to: Version("2.0.0"), by: bob)
        #expect(try await beta(fleet) == "2.0.0")
    }
}
