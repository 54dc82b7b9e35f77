import FleetModel
import FleetOperations
import FleetStorage
import PayloadStore
import RolloutPlanning
import Testing
import UpdateModel

/// A random fleet under random policies, acts and clocks, driven through the very code that the server runs. After every
/// check-in the invariants are looked at from outside, with counts of its own.
final class FleetSimulation {
    let seed: UInt64
    var chance: SeededChance
    let fleet: Fixture
    var machines: [SimulatedMachine] = []
    let versions: [Version]
    /// By group: when each place was taken, in microseconds of the time that never jumps. A rate never changes during a run.
    var grants: [GroupName: [Int64]] = [:]
    /// By group: what each place that led to a download booked, and when, in microseconds of the same time. Nor does a budget.
    var downloads: [GroupName: [(moment: Int64, bytes: UInt64)]] = [:]
    /// What each machine was last told, as far as the store must know it.
    var told: [MachineID: CheckInOutcome] = [:]

    static let groups = ["web", "db", "lab"].compactMap { try? GroupName($0) }

    init(seed: UInt64, store: any FleetStore) async throws {
        self.seed = seed
        chance = SeededChance(seed: seed)
        fleet = try await Fixture(store: store)
        versions = try ["1.0.0", "2.0.0", "3.0.0", "4.0.0"].map { try Version($0) }
        try await furnish()
    }

    var now: Timestamp { fleet.control.now }

    private func furnish() async throws {
        let (alpha, beta) = (try ChannelName("alpha"), try ChannelName("beta"))
        for version in versions where version != versions[2] { try await publish(version) }
        try await publishElsewhere(versions[2])
        for channel in [alpha, beta] {
            _ = try await fleet.control.setChannel(channel, of: os, to: versions[1], by: admin)
        }
        for name in Self.groups {
            var policy = randomPolicy()
            if name.rawValue == "db", chance.isOne(in: 2) {
                policy.after = GroupOrder(
                    group: Self.groups[0], percent: 10 + chance.below(60), soakSeconds: Int64(chance.below(600)))
            }
            _ = try await fleet.control.createGroup(
                name, of: os, track: Track(name.rawValue), channel: name.rawValue == "lab" ? alpha : beta,
                policy: policy,
                labels: name.rawValue == "lab" ? LabelQuery("role=lab") : nil, by: admin)
        }
        for number in 0..<30 {
            let character = chance.isOne(in: 2) ? .honest : chance.pick(SimulatedMachine.Character.allCases + [.failing])
            machines.append(
                SimulatedMachine(
                    id: try MachineID("m\(number)"), character: character,
                    track: chance.pick(["web", "web", "db", "lab"]),
                    engine: chance.isOne(in: 2) ? "martletd/1.0" : nil, version: versions[chance.below(2)]))
        }
    }

    private func randomPolicy() -> RolloutPolicy {
        var policy = RolloutPolicy(
            maximumInProgress: chance.maybe(1 + chance.below(4)),
            stopAfterFailures: chance.isOne(in: 3) ? 1 + chance.below(3) : nil,
            stageDeadlineSeconds: Int64(60 + chance.below(3000)))
        if chance.isOne(in: 2) {
            policy.rate = GrantRate(maximum: 1 + chance.below(4), seconds: Int64(30 + chance.below(900)))
        }
        if chance.isOne(in: 3) { policy.downloadBytesPerSecond = UInt64(1000 + chance.below(9000)) }
        if chance.isOne(in: 2) { policy.ramp = randomRamp() }
        if chance.isOne(in: 2) {
            policy.canary = Canary(size: 1 + chance.below(2), soakSeconds: Int64(chance.below(4000)))
        }
        if chance.isOne(in: 3) {
            let from = chance.below(1440)
            policy.windows = [OfferWindow(fromMinute: from, toMinute: (from + 600) % 1440 + 1)]
        }
        policy.brakes = Brakes(
            failurePercent: chance.maybe(20 + chance.below(60)), failureSample: 1 + chance.below(3),
            timeOuts: PerStage(offered: chance.maybe(1 + chance.below(6))), silent: chance.maybe(1 + chance.below(3)),
            silenceSeconds: 300)
        return policy
    }

    private func randomRamp() -> Ramp {
        if chance.isOne(in: 2) { return .linear(seconds: Int64(60 + chance.below(7200))) }
        return .steps([
            Ramp.Step(afterSeconds: Int64(chance.below(60)), percent: chance.below(50)),
            Ramp.Step(afterSeconds: Int64(100 + chance.below(3000)), percent: 50 + chance.below(51)),
        ])
    }

    /// One thing happens.
    func step() async throws {
        switch chance.below(100) {
        case 0..<70: try await checkIn(chance.below(machines.count))
        case 70..<85: fleet.time.advance(seconds: Int64(chance.below(chance.isOne(in: 5) ? 4000 : 120)))
        case 85..<90: _ = try await fleet.control.expireGrants()
        case 90..<92: fleet.time.jump(seconds: Int64(chance.below(100_000) + 100) * (chance.isOne(in: 2) ? 1 : -1))
        case 92..<94: _ = try? await fleet.control.acceptClock(by: admin)  // There may be no alarm.
        default: await act()
        }
    }

    /// An operator does something. Much of it is refused, as much of what people try is.
    private func act() async {
        let (control, group) = (fleet.control, chance.pick(Self.groups))
        let machine = chance.pick(machines).id
        switch chance.below(20) {
        case 0: try? await control.controlRollout(of: group, in: os, .paused, by: admin)
        case 1: try? await control.controlRollout(of: group, in: os, .aborted, by: admin)
        case 2...5: try? await control.resumeRollout(of: group, in: os, by: admin)
        case 6: try? await control.undo(group, in: os, to: chance.maybe(versions[0]), by: admin)
        case 7: try? await control.endUndo(group, in: os, by: admin)
        case 8...9: await promote()
        case 10: _ = try? await control.changeMachine(machine, of: os, randomChange(), by: admin)
        case 11: _ = try? await control.orderRollback(of: machine, in: os, by: admin)
        case 12:
            var change = GroupChange()
            change.maximumInProgress = .some(chance.maybe(1 + chance.below(4)))
            change.isEnabled = !chance.isOne(in: 5)
            change.downgrade = chance.isOne(in: 4) ? .allow : .never
            change.minimumVersion = .some(chance.isOne(in: 8) ? versions[1] : nil)
            _ = try? await control.changeGroup(group, of: os, change, by: admin)
        case 13 where chance.isOne(in: 2): _ = try? await control.blockRelease(chance.pick(versions), of: os, reason: "bad", by: admin)
        case 13...15:
            for version in versions { _ = try? await control.unblockRelease(version, of: os, by: admin) }
        case 16: await moveFloor()
        case 17...18: await changeElsewhere()
        default:
            try? await control.forgetMachine(machine, of: os, by: admin)
            told[machine] = nil
        }
    }

    private func publish(_ version: Version) async throws {
        _ = try await fleet.control.createRelease(version, of: os, notes: "", by: publisher)
        let bits = String(repeating: version.text, count: 5000 + chance.below(20_000))
        _ = try await fleet.upload(version.text, bits: bits)
    }

    /// One release lies on another server.
    private func publishElsewhere(_ version: Version) async throws {
        let url = try PayloadURL(Self.elsewhere)
        fleet.remote.put(Self.elsewhereBits, mark: "1", at: url)
        _ = try await fleet.control.createRelease(version, of: os, notes: "", by: publisher)
        _ = try await fleet.add(version.text, at: [url])
    }

    private static let elsewhere = "https://mirror.example/update.crau"
    private static let elsewhereBits = Array("bits that lie elsewhere".utf8)

    /// The other server loses the file, has another one, or has it again; and this one looks.
    private func changeElsewhere() async {
        guard let url = try? PayloadURL(Self.elsewhere) else { return }
        let bits = chance.pick([Self.elsewhereBits, Self.elsewhereBits, nil, Array("other bits, as many of th".utf8.prefix(23))])
        fleet.remote.put(bits, mark: chance.pick(["1", "2", "3"]), at: url)
        _ = try? await fleet.control.probePayloads()
        _ = try? await fleet.control.readChangedPayloads()
    }

    /// A release becomes a floor of every channel or of one, or is none any more.
    private func moveFloor() async {
        let version = chance.pick(versions)
        if chance.isOne(in: 2) {
            _ = try? await fleet.control.removeFloor(version, of: os, by: admin)
        } else {
            let channels = try? [ChannelName(chance.pick(["alpha", "beta"]))]
            _ = try? await fleet.control.setFloor(
                version, of: os, reason: "keys", channels: chance.maybe(channels ?? []) ?? [], by: admin)
        }
    }

    private func randomChange() -> MachineChange {
        var change = MachineChange()
        change.labels = ["role": chance.maybe("lab")]
        change.isHeld = chance.isOne(in: 4)
        change.pin = .some(chance.isOne(in: 4) ? chance.pick(versions) : nil)
        change.group = .some(chance.isOne(in: 4) ? chance.pick(Self.groups) : nil)
        return change
    }

    /// Invariant 8: the bits that move are those that were added, or nothing moves.
    private func promote() async {
        guard let alpha = try? ChannelName("alpha"), let beta = try? ChannelName("beta") else { return }
        let control = fleet.control
        _ = try? await control.setChannel(alpha, of: os, to: chance.pick(versions), by: admin)
        guard let before = try? await control.channel(beta, of: os, by: viewer),
            let wanted = try? await control.channel(alpha, of: os, by: viewer).version,
            let payload = try? await control.payloads(of: os, version: wanted, .first, by: viewer).items.first
        else { return }
        let moved = try? await control.promote(from: alpha, to: beta, of: os, by: admin)
        let moves = try? await control.channelMoves(of: os, channel: beta, .first, by: viewer).items
        if moved == nil {
            let after = try? await control.channel(beta, of: os, by: viewer)
            #expect(after?.version == before.version, "invariant 8, seed \(seed)")
        } else {
            #expect(moves?.first?.evidence.map(\.sha256) == [payload.sha256], "invariant 8, seed \(seed)")
        }
    }
}
