import FleetModel
import RolloutPlanning
import Testing
import UpdateModel

@Suite("What machines report")
struct ReportTests {
    private func report(_ type: Int, _ result: Int, code: Int64? = nil, previous: String? = nil) -> ReportedEvent {
        ReportedEvent(type: type, result: result, code: code, previousVersion: previous)
    }

    private func check(version text: String, boot: String = "boot-1") -> CheckIn {
        CheckIn(
            application: application, machine: machineID("m1"), track: "stable", version: version(text),
            architecture: .amd64, bootID: boot)
    }

    @Test("an update is followed from its offer to its completion")
    func wholeUpdateIsFollowed() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout], at: 10)
        step.apply(report(13, 1))
        #expect(step.machine.stage == .downloading)
        step.apply(report(14, 1))
        #expect(step.machine.stage == .downloaded)
        step.apply(report(3, 1))
        #expect(step.machine.stage == .installed)
        #expect(step.state("2.0.0").inProgress == 1)
        step.observe(check(version: "2.0.0", boot: "boot-2"), version: version("2.0.0"))
        step.apply(report(3, 2, previous: "1.0.0"))
        #expect(step.machine.stage == .complete)
        #expect(step.machine.grant == nil)
        #expect(step.state("2.0.0").completed == 1)
        #expect(step.state("2.0.0").inProgress == 0)
        #expect(step.events.map(\.kind) == [.downloading, .downloaded, .installed, .complete])
    }

    @Test("an updater that never says 13 or 14 is understood", arguments: [(3, 1), (800, 1), (14, 1)])
    func stagesMayBeSkipped(type: Int, result: Int) {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.apply(report(type, result))
        #expect(step.machine.stage == (type == 14 ? .downloaded : .installed))
    }

    @Test("the event of every check changes nothing", arguments: [nil, "", "0.0.0.0"] as [String?])
    func routineEventIsNothing(previous: String?) {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.apply(report(3, 2, previous: previous))
        #expect(step.machine == machine)
        #expect(step.events.isEmpty)
    }

    @Test("a completion whose report was lost is seen from the version")
    func lostCompletionHealsItself() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.observe(check(version: "2.0.0", boot: "boot-2"), version: version("2.0.0"))
        step.apply(report(3, 2, previous: ""))
        step.reconcile()
        #expect(step.machine.stage == .complete)
        #expect(step.state("2.0.0").completed == 1)
    }

    @Test("a machine that installed, rebooted and came back on its old version has failed, report or not")
    func silentFallBackIsAFailure() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.apply(report(3, 1))
        step.reconcile()
        #expect(step.machine.stage == .installed, "the same boot proves nothing")
        step.observe(check(version: "1.0.0", boot: "boot-2"), version: version("1.0.0"))
        step.reconcile()
        #expect(step.machine.stage == .failed)
        #expect(step.machine.failures.map(\.isFinal) == [true])
        #expect(step.state("2.0.0").failed == 1)
        // Its own word for it comes later: kept, and not counted again.
        step.apply(ReportedEvent(type: 3, result: 0, code: 44, version: version("2.0.0"), reason: "unhealthy"))
        #expect(step.machine.failures.map(\.reason) == ["unhealthy"])
        #expect(step.state("2.0.0").failed == 1)
    }

    @Test("a completed machine shows the version it reports, not the one it was granted")
    func reportedVersionWins() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.observe(check(version: "2.5.0", boot: "boot-2"), version: version("2.5.0"))
        step.apply(report(3, 2, previous: "1.0.0"))
        #expect(step.machine.version == version("2.5.0"))
        #expect(step.machine.grant == nil)
        #expect(step.state("2.0.0").completed == 0)
        #expect(step.state("2.0.0").inProgress == 0)
    }

    @Test("a failure counts once, and only under a grant")
    func failureCountsOnce() {
        var stranger = makeStep(machine())
        stranger.apply(report(3, 0, code: 44))
        #expect(stranger.changedRollouts.isEmpty)
        #expect(stranger.machine.stage == .registered)
        #expect(stranger.machine.lastError?.code == 44)

        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.apply(report(3, 0, code: 9))
        step.record(.offer(payload("2.0.0")))
        step.apply(report(3, 0, code: 9))
        #expect(step.state("2.0.0").failed == 1, "the same machine, the same release")
        #expect(step.state("2.0.0").granted == 2)
        #expect(step.state("2.0.0").inProgress == 0)
    }

    @Test(
        "codes about the check, the way or the release are told apart, whatever their flags",
        arguments: [
            (44, .release), (15, .release), (18, .release), (nil, .release), (9, .transfer), (20, .transfer),
            (34, .check), (268_435_490, .check), (2503, .check), (40, .check), (268_435_465, .transfer),
            (2_147_483_657, .transfer), (-2_147_483_639, .transfer), (Int64.max, .release), (Int64.min, .release),
        ] as [(Int64?, FailureClass)])
    func codesAreClassified(code: Int64?, expected: FailureClass) {
        #expect(FailureClass(code: code) == expected)
    }

    @Test(
        "damage on the way and faults of one machine count, and do not bar the release there",
        arguments: [4, 6, 7, 8, 9, 10, 11, 14, 20, 21, 22, 27, 29, 32, 33, 38, 43, 100] as [Int64])
    func passingFaultsDoNotBar(code: Int64) {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.apply(report(3, 0, code: code))
        #expect(step.state("2.0.0").failed == 1)
        #expect(step.machine.failures.map(\.isFinal) == [false])
    }

    @Test(
        "faults of the release bar it", arguments: [15, 16, 17, 18, 19, 23, 24, 25, 26, 28, 41, 42, 44, 77] as [Int64])
    func faultsOfTheReleaseBar(code: Int64) { #expect(FailureClass(code: code) == .release) }

    @Test("a stock client that is reset in the boot in which it installed says it fell back: that is no failure")
    func falseRollbackIsNoFailure() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.apply(report(3, 1))
        step.apply(report(3, 0, code: 44))
        #expect(step.machine.stage == .offered)
        #expect(step.machine.failures.isEmpty)
        #expect(step.state("2.0.0").failed == 0)
        #expect(step.state("2.0.0").inProgress == 1)
        var held = step
        held.record(.hold(.rolloutStopped, until: nil))
        #expect(held.machine.stage == .held)
        #expect(held.state("2.0.0").inProgress == 0)
        var named = makeStep(machine, rollouts: [rollout])
        named.apply(report(3, 1))
        named.apply(ReportedEvent(type: 3, result: 0, code: 44, version: version("2.0.0")))
        #expect(named.state("2.0.0").failed == 1, "who names the release means it")
        var later = makeStep(machine, rollouts: [rollout])
        later.apply(report(3, 1))
        later.observe(check(version: "1.0.0", boot: "boot-2"), version: version("1.0.0"))
        later.apply(report(3, 0, code: 44))
        #expect(later.state("2.0.0").failed == 1, "another boot is a fall back")
    }

    @Test("a machine that asks again while it downloads keeps its place and its deadline, and is shown as offered")
    func askingAgainGoesBackToOffered() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout], at: 10)
        step.apply(report(13, 1))
        step.apply(report(3, 0, code: 2503))
        #expect(step.machine.stage == .downloading)
        for round in 1...5 as ClosedRange<Int64> {
            step = makeStep(step.machine, rollouts: [step.state("2.0.0")], at: 10 + round * 100)
            step.record(.offer(payload("2.0.0")))
            #expect(step.machine.stage == .offered)
            step.apply(report(13, 1))
            #expect(step.machine.stage == .downloading)
            #expect(step.machine.grant?.stageSince == start.adding(seconds: 10), "no loop keeps a place for ever")
        }
        #expect(step.state("2.0.0").inProgress == 1)
        #expect(step.state("2.0.0").granted == 1)
        step.record(.hold(.updatesDisabled, until: nil))
        #expect(step.state("2.0.0").inProgress == 0)
    }

    @Test("a failed check does not end an update, and repeated every hour it is remembered once")
    func checkErrorsAreNoFailures() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        for _ in 0..<5 { step.apply(report(3, 0, code: 268_435_490)) }
        for _ in 0..<5 { step.apply(report(3, 9, code: 40)) }
        #expect(step.machine.grant != nil)
        #expect(step.state("2.0.0").failed == 0)
        #expect(step.events.map(\.kind) == [.error, .error])
    }

    @Test("the roll-out stops at the limit, and says which machines and which errors")
    func stopRuleNamesMachines() {
        let policy = RolloutPolicy(stopAfterFailures: 2)
        var rollout = RolloutState(id: rolloutID("2.0.0"))
        for number in 1...2 {
            #expect(rollout.stop == nil)
            var step = makeStep(machine(id: "m\(number)"), policy: policy, rollouts: [rollout])
            step.record(.offer(payload("2.0.0")))
            step.apply(ReportedEvent(type: 3, result: 0, code: 44, reason: "gate \(number) failed"))
            rollout = step.state("2.0.0")
        }
        let reason = rollout.stop?.reason ?? ""
        for part in ["2 machines", "2.0.0", "m1 (code 44): gate 1 failed", "m2 (code 44): gate 2 failed"] {
            #expect(reason.contains(part), "\(reason)")
        }
        rollout.resume(at: start)
        #expect(rollout.stop == nil)
        #expect(rollout.failed == 2)
        #expect(rollout.failedSinceResume == 0)
    }

    @Test("a silent machine loses its place, and its late report is credited all the same")
    func overdueMachineHealsItself() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout], at: 100_000)
        step.expire()
        #expect(step.machine.stage == .overdue)
        #expect(step.state("2.0.0").inProgress == 0)
        #expect(step.state("2.0.0").expired == 1)
        step.apply(report(13, 1))
        #expect(step.machine.stage == .downloading)
        #expect(step.state("2.0.0").inProgress == 0, "the place may be somebody else's by now")
        step.observe(check(version: "2.0.0", boot: "boot-2"), version: version("2.0.0"))
        step.reconcile()
        #expect(step.machine.stage == .complete)
        #expect(step.state("2.0.0").completed == 1)
    }

    @Test("going back a stage does not renew the deadline")
    func loopingMachineKeepsNoPlace() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout], at: 50)
        step.apply(report(14, 1))
        let since = step.machine.grant?.stageSince
        var later = makeStep(step.machine, rollouts: [step.state("2.0.0")], at: 500)
        later.apply(report(13, 1))
        #expect(later.machine.grant?.stageSince == since)
    }

    @Test("a newer release supersedes an open grant")
    func newerReleaseSupersedes() {
        let (machine, rollout) = granted()
        var step = makeStep(machine, rollouts: [rollout])
        step.record(.offer(payload("3.0.0")))
        #expect(step.machine.grant?.version == version("3.0.0"))
        #expect(step.state("2.0.0").inProgress == 0)
        #expect(step.state("3.0.0").inProgress == 1)
        #expect(step.events.map(\.kind) == [.superseded, .offered])
    }

    @Test("a machine that asks and is held gives its place back, unless it only waits for its reboot")
    func holdWithdraws() {
        let (machine, rollout) = granted()
        var asking = makeStep(machine, rollouts: [rollout])
        asking.record(.hold(.rolloutStopped, until: nil))
        #expect(asking.machine.grant == nil)
        #expect(asking.machine.stage == .held)
        #expect(asking.machine.hold == .rolloutStopped)
        var waiting = makeStep(machine, rollouts: [rollout])
        waiting.apply(report(3, 1))
        waiting.record(.hold(.rolloutStopped, until: nil))
        #expect(waiting.machine.stage == .installed)
        #expect(waiting.machine.grant != nil)
    }

    @Test("texts from machines are cut, between characters")
    func longTextsAreCut() {
        var step = makeStep(machine())
        var checkIn = check(version: "1.0.0")
        checkIn.alias = String(repeating: "é", count: 1000)
        step.observe(checkIn, version: version("1.0.0"))
        #expect(step.machine.alias == String(repeating: "é", count: 64))
        step.apply(ReportedEvent(type: 3, result: 0, code: 1, reason: String(repeating: "x", count: 100_000)))
        #expect(step.machine.lastError?.reason.utf8.count == 512)
    }

    @Test("counters follow every machine through random histories", arguments: 0..<100)
    func countersAddUp(seed: UInt64) {
        var chance = SeededChance(seed: seed)
        var machines = (0..<6).map { machine(id: "m\($0)") }
        var rollouts: [RolloutID: RolloutState] = [:]
        var census: [CensusKey: Int] = [:]
        for machine in machines {
            for (key, change) in CensusKey.changes(from: nil, to: machine) { census[key, default: 0] += change }
        }
        let policy = RolloutPolicy(maximumInProgress: 3, stopAfterFailures: 4)
        var channel = "2.0.0"
        for second in 0..<150 {
            if chance.below(40) == 0 { channel = chance.pick(["2.0.0", "3.0.0", "4.0.0"]) }
            let index = chance.below(machines.count)
            let before = machines[index]
            var step = MachineStep(
                machine: before, policy: policy, rollouts: Array(rollouts.values),
                now: start.adding(seconds: Int64(second)))
            act(&step, channel, machines, policy, &chance)
            machines[index] = step.machine
            rollouts.merge(step.rollouts) { _, new in new }
            for (key, change) in CensusKey.changes(from: before, to: step.machine) { census[key, default: 0] += change }
            let places = machines.filter { $0.grant?.holdsPlace == true }.count
            #expect(places <= 3, "Invariant 6, seed \(seed)")
            #expect(rollouts.values.reduce(0) { $0 + $1.inProgress } == places, "seed \(seed)")
            for state in rollouts.values {
                #expect(state.failed + state.completed <= state.granted, "seed \(seed)")
                if state.failedSinceResume >= 4 { #expect(state.stop != nil, "seed \(seed)") }
            }
            let counted = census.filter { $0.key.dimension == .stage }.values.reduce(0, +)
            #expect(counted == machines.count, "seed \(seed)")
            #expect(census.values.allSatisfy { $0 >= 0 }, "seed \(seed)")
        }
    }

    private func act(
        _ step: inout MachineStep, _ channel: String, _ machines: [Machine], _ policy: RolloutPolicy,
        _ chance: inout SeededChance
    ) {
        switch chance.below(8) {
        case 0: step.apply(report(13, 1))
        case 1: step.apply(report(14, 1))
        case 2: step.apply(report(3, 1))
        case 3: step.apply(report(3, 0, code: chance.pick([9, 44, 34, 1])))
        case 4: step.expire()
        case 5:
            guard let grant = step.machine.grant else { return }
            step.observe(check(version: grant.version.text, boot: "b\(chance.below(9))"), version: grant.version)
            step.reconcile()
        default:
            let id = step.machine.id
            let others = machines.filter { $0.id != id && $0.grant?.holdsPlace == true }.count
            var wanted = target(channel, policy: policy, isStopped: step.state(channel).stop != nil)
            wanted.placesTakenByOthers = others
            step.record(RolloutPlanner.decide(for: step.machine, target: wanted))
        }
    }
}
