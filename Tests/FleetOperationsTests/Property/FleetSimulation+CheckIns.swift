import FleetModel
import FleetOperations
import FleetStorage
import RolloutPlanning
import Testing
import UpdateModel

extension FleetSimulation {
    func checkIn(_ index: Int) async throws {
        var machine = machines[index]
        if machine.character == .silent, machine.progress > 2 { return }
        let events = machine.nextEvents(&chance)
        let isForced = chance.isOne(in: 20)
        let before = try await fleet.store.machine(machine.id, of: os)
        let outcome = try await fleet.control.checkIn(
            CheckIn(
                application: os, machine: machine.id, track: machine.track, version: machine.version,
                architecture: .amd64, bootID: machine.bootID, engine: machine.engine, events: events,
                asksForUpdate: !chance.isOne(in: 10), isForced: isForced))
        try await look(at: outcome, of: machine, before: before, isForced: isForced)
        take(outcome, by: &machine)
        machines[index] = machine
        told[machine.id] = outcome
    }

    private func take(_ outcome: CheckInOutcome, by machine: inout SimulatedMachine) {
        machine.order = outcome.rollback
        machine.withdrawal = outcome.withdrawal?.id
        guard case .offer(let payload) = outcome.decision, machine.update != payload.version else { return }
        machine.update = payload.version
        machine.progress = 0
    }

    /// Looks at one answer from outside.
    private func look(
        at outcome: CheckInOutcome, of machine: SimulatedMachine, before: Machine?, isForced: Bool
    ) async throws {
        let after = try #require(await fleet.store.machine(machine.id, of: os), "invariant 7, seed \(seed)")
        #expect(after.stage == outcome.stage && after.group == outcome.group, "invariant 7, seed \(seed)")
        guard let name = outcome.group, let group = try await fleet.store.group(name, of: os) else { return }
        let target = try await self.target(of: after, in: group)
        try lookAtReason(outcome, after, target)
        guard case .offer(let payload) = outcome.decision else {
            return try await lookAtPlace(before, after, group, target)
        }
        #expect(try await payload.version == nextStep(of: after, to: target, in: group), "seed \(seed)")
        #expect(payload.isAvailable, "sent to where it is not, seed \(seed)")
        for version in [payload.version, target].compactMap({ $0 }) {
            let release = try await fleet.store.release(version, of: os)
            #expect(release?.block == nil, "\(version) is blocked, seed \(seed)")
        }
        let isUndo = group.undo?.from == after.version && group.undo?.to == payload.version
        let mayGoDown = isUndo || (group.policy.downgrade == .allow && (machine.engine == nil || isForced))
        #expect(mayGoDown || after.version.isNewer(than: payload.version) != true, "a downgrade, seed \(seed)")
        #expect(group.policy.minimumVersion?.isNewer(than: after.version) != true, "below the minimum, seed \(seed)")
        let hasFailed = after.failures.contains { $0.version == payload.version && $0.isFinal }
        #expect(!hasFailed || isForced, "invariant 5, seed \(seed)")
        let isWithheld = after.withheld.contains { !$0.isReleased && $0.bars(payload.version) }
        #expect(!isWithheld || isForced || group.undo?.to == target, "invariant 5, seed \(seed)")
        #expect(after.settings.hold == nil, "seed \(seed)")
        try await lookAtPlace(before, after, group, target, payload)
    }

    /// The target, or the lowest floor of the group's channel between it and the machine.
    private func nextStep(of machine: Machine, to target: Version?, in group: Group) async throws -> Version? {
        var next = target
        for version in versions.reversed() where target?.isNewer(than: version) == true {
            let floor = try await fleet.store.release(version, of: os)?.floor
            guard let floor, floor.channels.isEmpty || floor.channels.contains(group.channel) else { continue }
            if version.isNewer(than: machine.version) == true { next = version }
        }
        return next
    }

    /// What the machine is to run, worked out anew.
    private func target(of machine: Machine, in group: Group) async throws -> Version? {
        if let pin = machine.settings.pin { return pin }
        let version = try await fleet.store.channel(group.channel, of: os)?.version
        if let undo = group.undo, undo.from == version { return undo.to }
        return version
    }

    /// Invariant 9: up to date, or offered, or exactly one reason, which the store knows too.
    private func lookAtReason(_ outcome: CheckInOutcome, _ machine: Machine, _ target: Version?) throws {
        switch outcome.decision {
        case nil: break
        case .upToDate:
            #expect(machine.version == target, "invariant 9, seed \(seed)")
            #expect(machine.hold == nil, "invariant 9, seed \(seed)")
        case .hold(let reason, let until):
            #expect(machine.hold == reason, "invariant 9, seed \(seed)")
            #expect(
                machine.version != target || reason == .pinned || reason == .rollbackPending,
                "invariant 9, seed \(seed)")
            #expect(until.map { $0 > now } ?? true, "invariant 9: an end in the past for \(reason), seed \(seed)")
        case .offer:
            #expect(machine.hold == nil && machine.version != target, "invariant 9, seed \(seed)")
        }
    }
}

// Invariant 6.
extension FleetSimulation {
    /// What opens with time is the target's; a machine on its way to a floor has the floor's counters beside it.
    /// - Parameter payload: what the machine was told to download.
    private func lookAtPlace(
        _ before: Machine?, _ after: Machine, _ group: Group, _ target: Version?, _ payload: Payload? = nil
    ) async throws {
        guard let grant = after.grant, grant.holdsPlace else { return }
        let had = before?.group == after.group ? before?.grant : nil
        if had?.holdsPlace == true, had?.version == grant.version, had?.grantedAt == grant.grantedAt { return }
        let policy = group.policy
        let leg = try await rollout(grant.version, group.name)
        let whole = try await rollout(try #require(target, "seed \(seed)"), group.name)
        for rollout in [leg, whole] {
            #expect(policy.isEnabled && rollout.stop == nil && rollout.control == nil, "seed \(seed)")
        }
        #expect(fleet.control.clockAlarm == nil, "granted while the clock is not believed, seed \(seed)")
        let isExchange = had?.holdsPlace == true
        if let limit = policy.maximumInProgress, !isExchange {
            let others = try await holders(of: group.name).filter { $0.id != after.id }.count
            #expect(others < limit, "invariant 6: in progress, seed \(seed)")
        }
        lookAtRate(policy, group.name)
        if let payload { lookAtDownloads(policy, group.name, payload) }
        lookAtGates(policy, whole, leg, after, grant)
    }

    private func rollout(_ version: Version, _ group: GroupName) async throws -> RolloutState {
        let id = RolloutID(application: os, group: group, version: version)
        return try #require(await fleet.store.rollout(id), "seed \(seed)")
    }

    private func lookAtRate(_ policy: RolloutPolicy, _ name: GroupName) {
        guard let rate = policy.rate else { return }
        // By time that really passes, whatever the clock says.
        let moment = fleet.time.mark.uptimeMicroseconds
        grants[name, default: []].append(moment)
        let within = grants[name, default: []].count { moment - $0 < rate.seconds * 1_000_000 }
        #expect(within <= rate.maximum, "invariant 6: the rate, seed \(seed)")
    }

    /// In no span of time that ends with a grant was more booked than the budget allows for it.
    private func lookAtDownloads(_ policy: RolloutPolicy, _ name: GroupName, _ payload: Payload) {
        guard let rate = policy.downloadBytesPerSecond else { return }
        let moment = fleet.time.mark.uptimeMicroseconds
        var bytes: UInt64 = 0
        for booked in downloads[name, default: []].reversed() {
            bytes += booked.bytes
            let paid = rate * UInt64(moment - booked.moment)
            #expect(bytes * 1_000_000 <= paid, "invariant 6: the download budget, seed \(seed)")
        }
        downloads[name, default: []].append((moment, payload.size))
    }

    private func lookAtGates(
        _ policy: RolloutPolicy, _ rollout: RolloutState, _ leg: RolloutState, _ machine: Machine, _ grant: Grant
    ) {
        #expect(policy.after == nil || rollout.turnAt != nil, "out of turn, seed \(seed)")
        #expect(Self.isOpen(policy.windows, at: now), "outside the hours, seed \(seed)")
        if let canary = policy.canary, rollout.rampStartedAt == nil {
            #expect(grant.isCanary, "seed \(seed)")
            #expect(leg.canariesOpen + leg.canariesDone <= canary.size, "invariant 6: canaries, seed \(seed)")
        }
        guard let ramp = policy.ramp, let start = rollout.rampStartedAt else { return }
        let place = RampPlace.of(machine: machine.id.rawValue, version: rollout.id.version.text)
        #expect(place < ramp.share(after: now.seconds(since: start)), "invariant 6: the ramp, seed \(seed)")
    }

    /// All windows of these runs are daily and in universal time.
    private static func isOpen(_ windows: [OfferWindow], at now: Timestamp) -> Bool {
        let minute = Int(now.seconds(since: .epoch) % 86_400) / 60
        return windows.isEmpty
            || windows.contains { window in
                window.fromMinute < window.toMinute
                    ? (window.fromMinute..<window.toMinute).contains(minute)
                    : minute >= window.fromMinute || minute < window.toMinute
            }
    }

    private func holders(of group: GroupName) async throws -> [Machine] {
        try await fleet.store.machines(MachineFilter(application: os, group: group), .first).items
            .filter { $0.grant?.holdsPlace == true }
    }

    /// The brakes that stand now.
    func brakes() async throws -> [Brake] {
        var brakes: [Brake] = []
        for name in Self.groups {
            brakes += try await fleet.store.rollouts(of: name, in: os, .first).items.compactMap { $0.stop?.brake }
        }
        return brakes
    }

    /// Every counter that is kept as things happen is what counting gives.
    func recount() async throws {
        for name in Self.groups {
            let machines = try await fleet.store.machines(MachineFilter(application: os, group: name), .first).items
            let census = try await fleet.store.census(of: name, in: os)
            #expect(census.total == machines.count, "seed \(seed)")
            #expect(census.clones == machines.count { $0.clone != nil }, "seed \(seed)")
            #expect(census.holds.filter { $0.value > 0 } == Self.count(machines) { $0.hold }, "seed \(seed)")
            #expect(census.stages.filter { $0.value > 0 } == Self.count(machines) { $0.stage }, "seed \(seed)")
            #expect(census.versions.filter { $0.value > 0 } == Self.count(machines) { $0.version.text }, "seed \(seed)")
            for rollout in try await fleet.store.rollouts(of: name, in: os, .first).items {
                let places = machines.filter { $0.grant?.holdsPlace == true && $0.grant?.version == rollout.id.version }
                #expect(rollout.inProgress == places.count, "\(rollout.id), seed \(seed)")
                #expect(
                    rollout.canariesOpen == places.count { $0.grant?.isCanary == true }, "\(rollout.id), seed \(seed)")
            }
        }
    }

    private static func count<Key: Hashable>(_ machines: [Machine], _ key: (Machine) -> Key?) -> [Key: Int] {
        machines.reduce(into: [:]) { counts, machine in
            if let key = key(machine) { counts[key, default: 0] += 1 }
        }
    }

    /// Invariant 7: `store` knows all that machines were told.
    func compare(with store: any FleetStore) async throws {
        for (id, outcome) in told {
            let machine = try #require(await store.machine(id, of: os), "invariant 7, seed \(seed)")
            if case .offer(let payload) = outcome.decision, machine.stage.isInProgress {
                #expect(machine.grant?.version == payload.version, "invariant 7, seed \(seed)")
            }
            #expect(try await fleet.store.machine(id, of: os) == machine, "invariant 7, seed \(seed)")
        }
    }
}
