import FleetModel
import RolloutPlanning
import Testing
import UpdateModel

@Suite("When a channel takes over what another has had")
struct FollowVerdictTests {
    private func channel(_ name: String, _ text: String?, settledAfter seconds: Int64 = 0) throws -> Channel {
        Channel(
            application: application, name: try ChannelName(name), version: text.map(version),
            changedAt: start.adding(seconds: seconds))
    }

    /// Alpha came to 2.0.0 at the start and soaks for 100 s; beta has 1.0.0 from before.
    private func verdict(
        at seconds: Int64 = 100, alpha: String? = "2.0.0", beta: String? = "1.0.0",
        passedOver: (version: String, seconds: Int64)? = nil,
        running: Int = 1, isHalted: Bool = false, isBlocked: Bool = false
    ) throws -> FollowVerdict {
        var rollout = RolloutState(id: rolloutID("2.0.0"))
        if isHalted { rollout.stop = RolloutStop(at: start, reason: "", failures: []) }
        let part = ReleaseRecord.Part(group: groupName("web"), running: running, rollout: rollout)
        let origin = try channel("alpha", alpha)
        var follower = try channel("beta", beta, settledAfter: -1000)
        follower.rules.passedOver = try passedOver.flatMap {
            FollowedRelease(of: try channel("alpha", $0.version, settledAfter: $0.seconds))
        }
        return .of(
            follower, following: origin,
            ChannelFollow(channel: origin.name, soakSeconds: 100, machines: 1), isBlocked: isBlocked,
            ReleaseRecord(since: start, parts: [part]), at: start.adding(seconds: seconds))
    }

    @Test("it is due once the release has soaked, and not a second before")
    func soak() throws {
        let two = version("2.0.0")
        #expect(try verdict(at: 99) == .soaking(two, until: start.adding(seconds: 100)))
        #expect(try verdict(at: 100) == .due(two))
        #expect(try verdict(beta: nil) == .due(two), "a channel without a release takes it")
    }

    @Test("nothing older, nothing without order, nothing blocked or halted, nothing that no machine has tried")
    func refusals() throws {
        let two = version("2.0.0")
        #expect(try verdict(alpha: nil) == .nothingThere)
        #expect(try verdict(beta: "2.0.0") == .upToDate)
        #expect(try verdict(beta: "3.0.0") == .notNewer(two))
        #expect(try verdict(beta: "zebra") == .notNewer(two))
        #expect(try verdict(isBlocked: true) == .blocked(two))
        #expect(try verdict(isHalted: true) == .halted(two, in: groupName("web")))
        #expect(try verdict(running: 0) == .tooFewMachines(two, running: 0, wanted: 1))
    }

    @Test("what a person decided against this coming of the release stands; what was decided about another does not keep it")
    func byHand() throws {
        let two = version("2.0.0")
        for seconds in [0, 99, 500] as [Int64] {
            #expect(try verdict(at: seconds, passedOver: ("2.0.0", 0)) == .decidedByHand(two))
        }
        #expect(try verdict(at: 500, beta: nil, passedOver: ("2.0.0", 0)) == .decidedByHand(two))
        #expect(try verdict(at: 500, passedOver: ("2.0.0", -50)) == .due(two), "the release came once more")
        #expect(try verdict(at: 500, passedOver: ("1.9.0", 0)) == .due(two))
    }
}
