import FleetModel
import RolloutPlanning
import Testing
import TimeZoneFormat
import UpdateModel

@Suite("Invariant 9: a machine that is not on its target has exactly one leading reason")
struct DecisionTests {
    @Test("a download budget that is taken holds whoever would download, and nobody else")
    func downloadBudget() {
        var policy = RolloutPolicy()
        policy.downloadBytesPerSecond = 10
        var target = target(policy: policy)
        target.downloads = DownloadMeter(owedBytes: 100, at: start)
        let end = start.adding(seconds: 10)
        #expect(RolloutPlanner.decide(for: machine(), target: target) == .hold(.limitDownloads, until: end))
        #expect(RolloutPlanner.decide(for: granted().machine, target: target) == .offer(payload("2.0.0")))
        target.now = end
        #expect(RolloutPlanner.decide(for: machine(), target: target) == .offer(payload("2.0.0")))
        // Back to what stands in the other slot.
        target.now = start
        target.undo = GroupUndo(from: version("3.0.0"), to: version("2.0.0"), orderedBy: "ada", orderedAt: start, reason: nil)
        var ahead = machine("3.0.0")
        #expect(RolloutPlanner.decide(for: ahead, target: target) == .hold(.limitDownloads, until: end))
        ahead.engine = "martletd/1.0"
        #expect(RolloutPlanner.decide(for: ahead, target: target) == .offer(payload("2.0.0")))
    }

    @Test("the reason is the first that applies", arguments: HoldReason.allCases)
    func firstReasonWins(reason: HoldReason) {
        guard Self.rank(reason) >= Self.rank(.rollbackPending),
            ![.notOrdered, .aheadOfChannel, .pinned].contains(reason)
        else { return }
        // Everything that is wrong from `reason` on is wrong at once; only `reason` is told.
        func isWrong(_ other: HoldReason) -> Bool { Self.rank(other) >= Self.rank(reason) }
        var wanted = target(reason == .noRelease ? nil : "2.0.0")
        if [.noPayloadForArchitecture, .noDelta].contains(reason) { wanted.payload = nil }
        wanted.hasPayloads = reason != .noPayloadForArchitecture
        if reason == .payloadFormat { wanted.payload = payload("2.0.0", format: 2) }
        if isWrong(.payloadUnavailable) { wanted.payload = wanted.payload.flatMap { try? $0.lying(at: "https://a/x", .changed) } }
        if isWrong(.releaseBlocked) { wanted.block = ReleaseBlock(by: "ada", at: start, reason: "no") }
        if isWrong(.belowMinimum) { wanted.policy.minimumVersion = version("1.5.0") }
        wanted.policy.isEnabled = !isWrong(.updatesDisabled)
        wanted.isClockTrusted = !isWrong(.clockJumped)
        wanted.rollout = Self.rollout(isWrong)
        Self.closeGates(of: &wanted, isWrong)
        let decision = RolloutPlanner.decide(
            for: Self.troubled(isWrong, isOrdered: reason == .rollbackPending), target: wanted,
            readsFormatTwo: !isWrong(.payloadFormat))
        guard case .hold(let told, _) = decision else {
            Issue.record("offered in spite of \(reason)")
            return
        }
        #expect(told == reason)
    }

    private static func troubled(_ isWrong: (HoldReason) -> Bool, isOrdered: Bool) -> Machine {
        var machine = machine()
        if isWrong(.failedHereBefore) {
            machine.failures = [
                ReleaseFailure(version: version("2.0.0"), code: 44, reason: "no", at: start, isFinal: true)
            ]
        }
        if isWrong(.rolledBack) { machine.withheld = [WithheldRelease(version: version("2.0.0"), since: start)] }
        if isWrong(.heldByOperator) { machine.settings.hold = OperatorHold(by: "ada", at: start, reason: nil) }
        if isOrdered { machine.rollback = rollbackOrder() }
        return machine
    }

    private static func rollout(_ isWrong: (HoldReason) -> Bool) -> RolloutState {
        var rollout = RolloutState(id: rolloutID("2.0.0"))
        if isWrong(.rolloutStopped) { rollout.stop = RolloutStop(at: start, reason: "", failures: []) }
        if isWrong(.rolloutPaused) {
            let kind: RolloutControl.Kind = isWrong(.rolloutAborted) ? .aborted : .paused
            rollout.control = RolloutControl(kind: kind, by: "ada", at: start, reason: nil)
        }
        rollout.turnAt = isWrong(.waitsForGroup) ? nil : start
        rollout.canariesOpen = 1
        rollout.canariesDoneAt = isWrong(.waitsForCanary) ? nil : start
        rollout.rampStartedAt = isWrong(.canarySoak) ? nil : isWrong(.ramp) ? start : start.adding(seconds: -3600)
        return rollout
    }

    private static func closeGates(of wanted: inout RolloutTarget, _ isWrong: (HoldReason) -> Bool) {
        wanted.policy.after = GroupOrder(group: groupName("first"))
        wanted.policy.canary = Canary(size: 1, soakSeconds: 60)
        wanted.policy.ramp = .linear(seconds: 3600)
        wanted.policy.rate = GrantRate(maximum: 1, seconds: 60)
        wanted.policy.maximumInProgress = 3
        wanted.placesTakenByOthers = 3
        if isWrong(.outsideWindow) {
            // `start` is in the afternoon.
            wanted.calendar = OfferCalendar([OfferWindow(fromMinute: 0, toMinute: 1)]) { _ in .universal }
        }
        wanted.policy.downloadBytesPerSecond = 1000
        if isWrong(.limitDownloads) { wanted.downloads = DownloadMeter(owedBytes: 5000, at: start) }
        guard let rate = wanted.policy.rate, isWrong(.limitRate) else { return }
        var meter = GrantMeter(rate)
        meter.count(rate, at: start)
        wanted.meter = meter
    }

    static func rank(_ reason: HoldReason) -> Int { HoldReason.allCases.firstIndex(of: reason) ?? 0 }

    @Test(
        "versions order as SemVer when both parse, and otherwise only differ",
        arguments: [
            ("1.0.0", "2.0.0", nil), ("2.0.0", "2.0.0", nil), ("3.0.0", "2.0.0", .aheadOfChannel),
            ("2.0.0-beta.1", "2.0.0", nil), ("2.0.0", "2.0.0-beta.1", .aheadOfChannel),
            ("2.0.0+a", "2.0.0+b", .notOrdered),
            ("zebra", "apple", nil), ("zebra", "2.0.0", nil), ("0.0.0", "2.0.0", nil),
        ] as [(String, String, HoldReason?)])
    func versionsDecide(mine: String, theirs: String, reason: HoldReason?) {
        let decision = RolloutPlanner.decide(for: machine(mine), target: target(theirs))
        if let reason {
            #expect(decision == .hold(reason, until: nil))
        } else if mine == theirs {
            #expect(decision == .upToDate)
        } else {
            #expect(decision == .offer(payload(theirs)))
        }
    }

    @Test("down goes who may and would: never without the policy, an updater that judges for itself only when forced")
    func downgradesAreAllowed() {
        var wanted = target("1.0.0")
        var ahead = machine("2.0.0")
        let held = Decision.hold(.aheadOfChannel, until: nil)
        #expect(RolloutPlanner.decide(for: ahead, target: wanted, isForced: true) == held)
        wanted.policy.downgrade = .allow
        #expect(RolloutPlanner.decide(for: ahead, target: wanted) == .offer(payload("1.0.0")))
        wanted.policy.maximumInProgress = 0
        #expect(RolloutPlanner.decide(for: ahead, target: wanted) == .hold(.limitInProgress, until: nil))
        wanted.policy.maximumInProgress = nil
        ahead.engine = "martletd/1.0.0"
        #expect(RolloutPlanner.decide(for: ahead, target: wanted) == held)
        #expect(RolloutPlanner.decide(for: ahead, target: wanted, isForced: true) == .offer(payload("1.0.0")))
        ahead.failures = [ReleaseFailure(version: version("1.0.0"), code: 44, reason: "", at: start, isFinal: true)]
        ahead.engine = nil
        #expect(RolloutPlanner.decide(for: ahead, target: wanted) == .hold(.failedHereBefore, until: nil))
    }

    @Test("who is below the minimum is offered nothing, floors neither; what has no order is below nothing")
    func minimumIsHeeded() {
        var wanted = target("3.0.0")
        wanted.policy.minimumVersion = version("2.0.0")
        wanted.floor = RolloutTarget.Floor(version: version("1.5.0"), rollout: RolloutState(id: rolloutID("1.5.0")))
        let held = Decision.hold(.belowMinimum, until: nil)
        for isForced in [false, true] {
            #expect(RolloutPlanner.decide(for: machine(), target: wanted, isForced: isForced) == held)
        }
        wanted.floor = nil
        for text in ["2.0.0", "2.5.0", "zebra"] {
            #expect(RolloutPlanner.decide(for: machine(text), target: wanted) == .offer(payload("3.0.0")))
        }
        #expect(RolloutPlanner.decide(for: machine("2.0.0-beta.1"), target: wanted) == held)
    }

    @Test("Invariant 5: a release that failed here is not offered again, except when a person insists")
    func failedReleaseIsNotOfferedAgain() {
        var machine = machine()
        machine.failures = [ReleaseFailure(version: version("2.0.0"), code: 44, reason: "", at: start, isFinal: true)]
        #expect(RolloutPlanner.decide(for: machine, target: target()) == .hold(.failedHereBefore, until: nil))
        #expect(RolloutPlanner.decide(for: machine, target: target(), isForced: true) == .offer(payload("2.0.0")))
        #expect(RolloutPlanner.decide(for: machine, target: target("3.0.0")) == .offer(payload("3.0.0")))
    }

    @Test("a blocked release is offered to nobody: not to who holds a place, and not when a person insists")
    func blockedReleaseIsNotOffered() {
        var wanted = target()
        wanted.block = ReleaseBlock(by: "ada", at: start, reason: "it loses its disks")
        for machine in [machine(), granted().machine] {
            for isForced in [false, true] {
                let decision = RolloutPlanner.decide(for: machine, target: wanted, isForced: isForced)
                #expect(decision == .hold(.releaseBlocked, until: nil))
            }
        }
        #expect(RolloutPlanner.decide(for: machine("2.0.0"), target: wanted) == .upToDate)
    }

    @Test("of two legs, what stands against the target holds both; a failure of the target alone does not hold the floor")
    func floorsAreJudgedWithTheTarget() {
        var wanted = target("3.0.0")
        wanted.floor = RolloutTarget.Floor(version: version("2.0.0"), rollout: RolloutState(id: rolloutID("2.0.0")))
        wanted.payload = payload("2.0.0")
        var machine = machine()
        machine.failures = [ReleaseFailure(version: version("3.0.0"), code: 44, reason: "", at: start, isFinal: true)]
        #expect(RolloutPlanner.decide(for: machine, target: wanted) == .offer(payload("2.0.0")))
        var stopped = wanted
        stopped.rollout = RolloutState(id: rolloutID("3.0.0"))
        stopped.rollout?.stop = RolloutStop(at: start, reason: "", failures: [])
        #expect(RolloutPlanner.decide(for: machine, target: stopped) == .hold(.rolloutStopped, until: nil))
        var blocked = wanted
        blocked.block = ReleaseBlock(by: "ada", at: start, reason: "no")
        #expect(RolloutPlanner.decide(for: machine, target: blocked) == .hold(.releaseBlocked, until: nil))
        machine.failures = [ReleaseFailure(version: version("2.0.0"), code: 44, reason: "", at: start, isFinal: true)]
        #expect(RolloutPlanner.decide(for: machine, target: wanted) == .hold(.failedHereBefore, until: nil))
    }

    @Test("during the trial a floor is for machines that can go on to the target")
    func floorsAreTriedByWhoGoesOn() {
        var wanted = target("3.0.0")
        wanted.floor = RolloutTarget.Floor(version: version("2.0.0"), rollout: RolloutState(id: rolloutID("2.0.0")))
        wanted.payload = payload("2.0.0")
        wanted.policy.canary = Canary(size: 1, soakSeconds: 60)
        #expect(RolloutPlanner.decide(for: machine(), target: wanted) == .offer(payload("2.0.0")))
        var failed = machine()
        failed.failures = [ReleaseFailure(version: version("3.0.0"), code: 44, reason: "", at: start, isFinal: true)]
        #expect(RolloutPlanner.decide(for: failed, target: wanted) == .hold(.waitsForCanary, until: nil))
    }

    @Test("a download that broke may be tried again")
    func passingFailureIsNoBar() {
        var machine = machine()
        machine.failures = [ReleaseFailure(version: version("2.0.0"), code: 9, reason: "", at: start, isFinal: false)]
        #expect(RolloutPlanner.decide(for: machine, target: target()) == .offer(payload("2.0.0")))
    }

    @Test("who holds a place is offered the same again, and may exchange it for a newer release")
    func placeHoldersAreOfferedAgain() {
        let policy = RolloutPolicy(maximumInProgress: 1)
        let holder = granted(policy).machine
        #expect(RolloutPlanner.decide(for: holder, target: target(policy: policy)) == .offer(payload("2.0.0")))
        #expect(RolloutPlanner.decide(for: holder, target: target("3.0.0", policy: policy)) == .offer(payload("3.0.0")))
        #expect(
            RolloutPlanner.decide(for: machine(), target: target(policy: policy, taken: 1))
                == .hold(.limitInProgress, until: nil))
    }

    @Test("format 2 is offered only to updaters that read it; format 1 to all")
    func formatIsHeeded() {
        var wanted = target()
        #expect(
            RolloutPlanner.decide(for: machine(), target: wanted, readsFormatTwo: false) == .offer(payload("2.0.0")))
        wanted.payload = payload("2.0.0", format: 2)
        #expect(
            RolloutPlanner.decide(for: machine(), target: wanted, readsFormatTwo: false)
                == .hold(.payloadFormat, until: nil))
        #expect(RolloutPlanner.decide(for: machine(), target: wanted) == .offer(payload("2.0.0", format: 2)))
    }

    @Test("a limit of 0 offers nothing")
    func zeroLimitOffersNothing() {
        let policy = RolloutPolicy(maximumInProgress: 0)
        #expect(
            RolloutPlanner.decide(for: machine(), target: target(policy: policy)) == .hold(.limitInProgress, until: nil)
        )
    }

    @Test("the decision depends on its inputs only", arguments: 0..<200)
    func decisionIsPure(seed: UInt64) {
        var chance = SeededChance(seed: seed)
        let versions = ["1.0.0", "2.0.0", "3.0.0", "odd", "2.0.0+x"]
        var machine = machine(chance.pick(versions))
        if chance.flip() {
            machine.failures = [
                ReleaseFailure(
                    version: version(chance.pick(versions)), code: 1, reason: "", at: start, isFinal: chance.flip())
            ]
        }
        let policy = RolloutPolicy(isEnabled: chance.flip(), maximumInProgress: chance.flip() ? chance.below(4) : nil)
        let isStopped = chance.flip()
        var wanted = target(chance.flip() ? chance.pick(versions) : nil, policy: policy, isStopped: isStopped)
        wanted.placesTakenByOthers = chance.below(5)
        let decision = RolloutPlanner.decide(for: machine, target: wanted)
        #expect(decision == RolloutPlanner.decide(for: machine, target: wanted), "seed \(seed)")
        switch decision {
        case .offer(let payload):
            #expect(payload.version == wanted.version && payload.version != machine.version, "seed \(seed)")
            #expect(policy.isEnabled && !isStopped, "seed \(seed)")
            #expect(wanted.placesTakenByOthers < policy.maximumInProgress ?? .max, "seed \(seed)")
            #expect(machine.version.isNewer(than: payload.version) != true, "a downgrade, seed \(seed)")
        case .upToDate: #expect(machine.version == wanted.version, "seed \(seed)")
        case .hold: #expect(machine.version != wanted.version, "seed \(seed)")
        }
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededChance: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func flip() -> Bool { below(2) == 0 }
    mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }
}
