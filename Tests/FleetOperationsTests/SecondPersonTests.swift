import FleetModel
import FleetOperations
import FleetStorage
import Testing
import UpdateModel

@Suite("Moves that need a second person")
struct SecondPersonTests {
    private let bob = Caller(name: "bob", role: .admin)

    private func furnish() async throws -> (Fixture, ChannelName) {
        let fleet = try await Fixture()
        for version in ["1.0.0", "2.0.0"] { try await fleet.publish(version) }
        let (alpha, stable) = (try ChannelName("alpha"), try ChannelName("stable"))
        _ = try await fleet.control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        _ = try await fleet.control.setChannel(stable, of: os, to: Version("1.0.0"), by: admin)
        _ = try await fleet.control.changeChannel(stable, of: os, ChannelChange(needsSecondPerson: true), by: admin)
        return (fleet, stable)
    }

    @Test("who asked may not approve, whatever the name; another may, and both are recorded")
    func twoPeople() async throws {
        let (fleet, stable) = try await furnish()
        let control = fleet.control
        let asked = try await control.promote(
            from: ChannelName("alpha"), to: stable, of: os, reason: "a quiet week", by: admin)
        #expect(asked.version?.text == "1.0.0")
        #expect(asked.request?.version.text == "2.0.0")
        #expect(try await control.channel(stable, of: os, by: viewer) == asked)
        let same = await refusal { _ = try await control.approveMove(of: stable, in: os, to: Version("2.0.0"), by: admin) }
        #expect(same?.kind == .forbidden)
        #expect(same?.userMessage.text.contains("“ada” asked") == true)
        #expect(
            await refusal { _ = try await control.approveMove(of: stable, in: os, to: Version("1.0.0"), by: bob) }?.kind
                == .conflict, "only what is named is approved")
        let publisherToo = await refusal {
            _ = try await control.approveMove(of: stable, in: os, to: Version("2.0.0"), by: publisher)
        }
        #expect(publisherToo?.kind == .forbidden)
        let twin = Caller(name: "ada", role: .admin, principal: "another token")
        let moved = try await control.approveMove(of: stable, in: os, to: Version("2.0.0"), by: twin)
        #expect(moved.version?.text == "2.0.0")
        #expect(moved.request == nil)
        let move = try #require(await control.channelMoves(of: os, channel: stable, .first, by: viewer).items.first)
        #expect(move.request?.principal == "ada")
        #expect(move.promotedFrom?.rawValue == "alpha")
        #expect(move.reason == "a quiet week")
        let actions = try await control.auditEntries(.first, by: admin).items.prefix(2).map(\.action)
        #expect(actions == ["channel.approve", "channel.request"])
    }

    @Test("what changed meanwhile is not approved; what is turned down is gone")
    func changesMeanwhile() async throws {
        let (fleet, stable) = try await furnish()
        let control = fleet.control
        let alpha = try ChannelName("alpha")
        _ = try await control.promote(from: alpha, to: stable, of: os, by: admin)
        _ = try await control.setChannel(alpha, of: os, to: Version("1.0.0"), by: admin)
        let approve = { _ = try await control.approveMove(of: stable, in: os, to: Version("2.0.0"), by: bob) }
        #expect(await refusal(approve)?.kind == .conflict, "alpha points elsewhere now")
        _ = try await control.setChannel(alpha, of: os, to: Version("2.0.0"), by: admin)
        _ = try await control.blockRelease(Version("2.0.0"), of: os, reason: "no", by: admin)
        #expect(await refusal(approve)?.kind == .conflict)
        let rejected = try await control.rejectMove(of: stable, in: os, reason: "it is blocked", by: bob)
        #expect(rejected.request == nil)
        #expect(await refusal(approve)?.kind == .conflict)
        #expect(await refusal { _ = try await control.rejectMove(of: stable, in: os, by: bob) }?.kind == .conflict)
        #expect(try await control.channel(stable, of: os, by: viewer).version?.text == "1.0.0")
    }

    @Test("the holders of two tokens are two people, those of one are not")
    func tokensArePeople() async throws {
        let fleet = try await Fixture()
        var callers: [Caller] = []
        for _ in 0..<2 {
            let secret = try await fleet.control.createToken(name: "same", role: .admin, by: admin).secret
            for _ in 0..<2 { callers.append(try await fleet.control.authenticate(secret: secret)) }
        }
        #expect(callers[0].principal == callers[1].principal)
        #expect(callers[0].principal != callers[2].principal)
    }

    @Test("a soak that makes no sense is refused")
    func nonsense() async throws {
        let (fleet, stable) = try await furnish()
        for (seconds, machines) in [(-1, 1), (40_000_000, 1), (60, -1)] as [(Int64, Int)] {
            let follow = ChannelFollow(channel: try ChannelName("alpha"), soakSeconds: seconds, machines: machines)
            let error = await refusal {
                _ = try await fleet.control.changeChannel(
                    stable, of: os, ChannelChange(follows: .some(follow)), by: admin)
            }
            #expect(error?.kind == .invalid)
        }
    }
}
