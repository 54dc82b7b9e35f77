package import FleetModel
internal import RolloutPlanning
package import UpdateModel

/// What a check-in reads and writes, in one transaction; what it means is decided by `RolloutPlanning`.
package struct CheckInScript {
    let checkIn: CheckIn
    let limits: FleetStoreLimits
    let arrivals: ArrivalMeter

    /// More reports than this in one check-in are dropped.
    static let eventsMaximum = 64
    /// Places looked at for expiry in one go.
    package static let expiryBatch = 200

    /// - Parameter arrivals: the store's one meter.
    package init(_ checkIn: CheckIn, limits: FleetStoreLimits, arrivals: ArrivalMeter) {
        self.checkIn = checkIn
        self.limits = limits
        self.arrivals = arrivals
    }

    package func run(on store: inout some FleetTransaction) throws -> CheckInOutcome {
        guard let id = checkIn.machine, let version = checkIn.version else { return try refuse(on: &store) }
        let known = try store.machine(id, of: checkIn.application)
        if known == nil, try store.application(checkIn.application) == nil { return outcome(.unknownApplication) }
        let facts = try home(of: known, id, version, on: &store)
        guard try isAdmitted(known, to: facts, on: &store) else { return outcome(.secretRequired) }
        if known == nil {
            guard try store.machineCount() < limits.machinesMaximum else { return outcome(.fleetFull) }
            if let moment = arrivals.count(at: checkIn.receivedAt) {
                return outcome(.tooManyNewMachines, until: moment)
            }
        }
        var step = try begin(known, id, version, facts, on: &store)
        step.observe(checkIn, version: version)
        step.endSilence()
        for event in checkIn.events.prefix(Self.eventsMaximum) { step.apply(event) }
        step.reconcile()
        if checkIn.asksForUpdate { step.settleOrder() }
        step.move(to: facts?.group.name)
        let decision = checkIn.asksForUpdate ? try decide(&step, known, facts, on: &store) : nil
        let order = checkIn.asksForUpdate ? step.tellOrder() : nil
        let withdrawal = checkIn.asksForUpdate && order == nil ? step.tellWithdrawal() : nil
        try save(&step, replacing: known, on: &store)
        return CheckInOutcome(
            decision: decision, group: step.machine.group, stage: step.machine.stage, isNewMachine: known == nil,
            rollback: order, withdrawal: withdrawal, isReleased: step.isReleased(decision),
            floor: decision == nil ? nil : facts?.floor(above: step.machine.version)?.release.version,
            isPrivate: facts?.isPrivate == true)
    }

    /// Whether the machine showed what its group wants. What is known of a machine of a private group is changed by nobody
    /// who cannot show that, also not by naming another track; an operator who moves the machine lets it go.
    private func isAdmitted(_ known: Machine?, to facts: TrackFacts?, on store: inout some FleetTransaction) throws
        -> Bool
    {
        if let facts, !facts.group.admits(checkIn.secret) { return false }
        guard let old = known?.group, old != facts?.group.name, known?.settings.group != facts?.group.name || facts == nil
        else { return true }
        return try store.group(old, of: checkIn.application)?.admits(checkIn.secret) ?? true
    }

    /// Answers a machine that cannot be registered.
    private func refuse(on store: inout some FleetTransaction) throws -> CheckInOutcome {
        guard try store.application(checkIn.application) != nil else { return outcome(.unknownApplication) }
        return outcome(checkIn.machine == nil ? .unknownMachineID : .unknownVersion)
    }

    private func outcome(_ reason: HoldReason, until moment: Timestamp? = nil) -> CheckInOutcome {
        CheckInOutcome(
            decision: checkIn.asksForUpdate ? .hold(reason, until: moment) : nil, group: nil, stage: nil,
            isNewMachine: false)
    }

    private func begin(
        _ known: Machine?, _ id: MachineID, _ version: Version, _ facts: TrackFacts?,
        on store: inout some FleetTransaction
    ) throws -> MachineStep {
        guard let known else {
            var step = MachineStep(
                machine: newMachine(id, version), policy: .standard, rollouts: [], now: checkIn.receivedAt)
            step.move(to: facts?.group.name)
            step.welcome()
            return try loadTarget(of: facts, into: step, on: &store)
        }
        var policy = facts?.group.policy ?? .standard
        if let group = known.group, group != facts?.group.name {
            policy = try store.group(group, of: known.application)?.policy ?? .standard
        }
        var rollouts: [RolloutState] = []
        if let group = known.group, let grant = known.grant {
            let id = RolloutID(application: known.application, group: group, version: grant.version)
            rollouts = [try store.rollout(id) ?? RolloutState(id: id)]
        }
        var step = MachineStep(machine: known, policy: policy, rollouts: rollouts, now: checkIn.receivedAt)
        if let version = known.grant?.version {
            // The target's own block stands in its facts.
            let isTarget = version == facts?.version
            let block = isTarget ? facts?.block : try store.release(version, of: known.application)?.block
            step.load(block, of: version)
        }
        return try loadTarget(of: facts, into: step, on: &store)
    }

    /// A machine that runs its target already needs no roll-out; one below a floor needs that of the floor, too.
    private func loadTarget(of facts: TrackFacts?, into step: MachineStep, on store: inout some FleetTransaction)
        throws -> MachineStep
    {
        guard checkIn.asksForUpdate, let facts, let target = targetID(facts), let version = checkIn.version,
            target.version != version
        else { return step }
        var step = step
        let floor = facts.floor(above: version).map { rolloutID($0.release.version, facts) }
        for id in [target, floor].compactMap({ $0 }) where step.rollouts[id] == nil {
            step.load(try store.rollout(id) ?? RolloutState(id: id))
        }
        return step
    }

    private func targetID(_ facts: TrackFacts?) -> RolloutID? {
        guard let facts, let version = facts.version else { return nil }
        return rolloutID(version, facts)
    }

    private func rolloutID(_ version: Version, _ facts: TrackFacts) -> RolloutID {
        RolloutID(application: checkIn.application, group: facts.group.name, version: version)
    }
}

// The group.
extension CheckInScript {
    /// Where the machine belongs: where an operator moved it, else where its labels lead, else where its track does.
    private func home(
        of known: Machine?, _ id: MachineID, _ version: Version, on store: inout some FleetTransaction
    ) throws -> TrackFacts? {
        let (application, architecture) = (checkIn.application, checkIn.architecture)
        var facts: TrackFacts?
        if let group = known?.settings.group {
            facts = try store.facts(group: group, of: application, for: architecture)
        }
        if facts == nil, let group = try groupByLabels(known, id, version, on: &store) {
            facts = try store.facts(group: group, of: application, for: architecture)
        }
        guard var found = try facts ?? store.facts(track: checkIn.track, of: application, for: architecture) else {
            return nil
        }
        guard let pin = known?.settings.pin, pin != found.version else { return found }
        found.version = pin
        found.undo = nil
        found.isPinned = true
        found.block = try store.release(pin, of: application)?.block
        found.payloads = try store.payloads(of: pin, in: application).filter { $0.architecture == architecture }
        return found
    }

    /// The first by name whose query matches.
    private func groupByLabels(
        _ known: Machine?, _ id: MachineID, _ version: Version, on store: inout some FleetTransaction
    ) throws -> GroupName? {
        let groups = try store.labelGroups(of: checkIn.application)
        if groups.isEmpty { return nil }
        var seen = known ?? newMachine(id, version)
        seen.track = checkIn.track
        seen.architecture = checkIn.architecture ?? seen.architecture
        seen.oem = checkIn.oem
        let labels = seen.allLabels
        return groups.first { $0.labels?.matches(labels) == true }?.name
    }

    private func newMachine(_ id: MachineID, _ version: Version) -> Machine {
        Machine(
            application: checkIn.application, id: id, track: checkIn.track, group: nil, version: version,
            firstSeenAt: checkIn.receivedAt)
    }
}

// The decision.
extension CheckInScript {
    private func decide(
        _ step: inout MachineStep, _ known: Machine?, _ facts: TrackFacts?, on store: inout some FleetTransaction
    ) throws -> Decision {
        guard let facts else {
            step.record(.hold(.unknownTrack, until: nil))
            return .hold(.unknownTrack, until: nil)
        }
        var target = try target(for: &step, known, facts, on: &store)
        var decision = decision(for: step, target)
        if case .hold(.limitInProgress, _) = decision {
            if try expire(in: facts.group, sparing: &step, on: &store) {
                target = try self.target(for: &step, known, facts, on: &store)
                decision = self.decision(for: step, target)
            }
            if case .hold(.limitInProgress, _) = decision {
                decision = .hold(.limitInProgress, until: try store.firstDeadline(of: facts.group))
            }
        }
        return try record(decision, target, &step, on: &store)
    }

    private func decision(for step: MachineStep, _ target: RolloutTarget) -> Decision {
        RolloutPlanner.decide(
            for: step.machine, target: target, isForced: checkIn.isForced, readsFormatTwo: checkIn.readsFormatTwo)
    }

    /// Writes down what the machine is told. On the way back a machine that takes orders gets one in place of a payload.
    private func record(
        _ decision: Decision, _ target: RolloutTarget, _ step: inout MachineStep,
        on store: inout some FleetTransaction
    ) throws -> Decision {
        var decision = decision
        let isCanary = target.rollout?.isCanaryPhase(target.policy) == true
        if case .offer = decision, let undo = target.undo, step.machine.version == undo.from, step.machine.takesOrders {
            step.take(undo, isCanary: isCanary)
            decision = .hold(.rollbackPending, until: step.machine.holdUntil)
        } else {
            step.record(decision, isCanary: isCanary)
        }
        if step.placesTaken > 0, let rate = target.policy.rate, var meter = target.meter,
            let group = step.machine.group
        {
            meter.count(rate, at: target.now)
            try store.put(meter, of: group, in: checkIn.application)
        }
        if step.placesTaken > 0, case .offer(let payload) = decision { try book(payload, target, step, on: &store) }
        return decision
    }

    /// A place that leads to a download takes its bytes from the group's budget.
    private func book(
        _ payload: Payload, _ target: RolloutTarget, _ step: MachineStep, on store: inout some FleetTransaction
    ) throws {
        guard let rate = target.policy.downloadBytesPerSecond, let group = step.machine.group else { return }
        let meter = target.downloads ?? DownloadMeter(owedBytes: 0, at: target.now)
        try store.put(meter.booking(payload.size, rate, at: target.now), of: group, in: checkIn.application)
    }

    /// Everything that the decision needs. What is not needed is not read: most machines run their target.
    private func target(
        for step: inout MachineStep, _ known: Machine?, _ facts: TrackFacts, on store: inout some FleetTransaction
    ) throws -> RolloutTarget {
        let policy = facts.group.policy
        let floor = facts.floor(above: step.machine.version)
        let payloads = floor?.payloads ?? facts.payloads
        let payload = PayloadChoice.best(
            of: payloads, for: step.machine, policy.deltas, readsFormatTwo: checkIn.readsFormatTwo)
        var target = RolloutTarget(policy: policy, version: facts.version, payload: payload)
        target.hasPayloads = !payloads.isEmpty
        target.isPinned = facts.isPinned
        target.block = facts.block
        target.undo = facts.undo
        target.calendar = facts.calendar
        target.now = checkIn.receivedAt
        target.isClockTrusted = checkIn.isClockTrusted
        guard let id = targetID(facts), id.version != step.machine.version else { return target }
        if let release = floor?.release { target.floor = try leg(to: release, &step, facts, on: &store) }
        try load(into: &target, id, known, on: &store)
        var rollout = step.rollouts[id] ?? RolloutState(id: id)
        rollout.advance(with: target)
        step.update(rollout)
        target.rollout = rollout
        return target
    }

    /// The floor on the machine's way, with its own roll-out.
    private func leg(
        to release: Release, _ step: inout MachineStep, _ facts: TrackFacts, on store: inout some FleetTransaction
    ) throws -> RolloutTarget.Floor {
        let id = rolloutID(release.version, facts)
        var rollout = step.rollouts[id] ?? RolloutState(id: id)
        if rollout.canariesDone > 0, facts.group.policy.canary != nil {
            rollout.keepCanaries(atMost: try count(from: release.version, facts, on: &store))
            step.update(rollout)
        }
        return RolloutTarget.Floor(version: release.version, block: release.block, rollout: rollout)
    }

    /// The group's counters and meters, as far as its policy asks for them.
    private func load(
        into target: inout RolloutTarget, _ id: RolloutID, _ known: Machine?, on store: inout some FleetTransaction
    ) throws {
        let (policy, group) = (target.policy, id.group)
        if let order = policy.after { target.predecessor = try predecessor(order, id, on: &store) }
        if policy.canary != nil {
            target.groupSize = try store.count(.total, of: group, in: checkIn.application)
            target.sizeOnRelease = try store.count(.version, id.version.text, of: group, in: checkIn.application)
        }
        if let rate = policy.rate {
            target.meter = try store.meter(of: group, in: checkIn.application) ?? GrantMeter(rate)
        }
        if policy.downloadBytesPerSecond != nil {
            target.downloads = try store.downloads(of: group, in: checkIn.application)
        }
        if policy.maximumInProgress != nil {
            let taken = try store.count(.place, of: group, in: checkIn.application)
            let isOwn = known?.group == group && known?.grant?.holdsPlace == true
            target.placesTakenByOthers = taken - (isOwn ? 1 : 0)
        }
    }

    /// Machines of the group that run the floor `version`, a later one, or the target: none that went on from there is
    /// elsewhere.
    private func count(from version: Version, _ facts: TrackFacts, on store: inout some FleetTransaction) throws -> Int
    {
        let later = facts.floors.map(\.release.version).filter { $0 == version || $0.isNewer(than: version) == true }
        return try Set(later + [facts.version].compactMap { $0 }).reduce(0) { sum, release in
            try sum + store.count(.version, release.text, of: facts.group.name, in: checkIn.application)
        }
    }

    private func predecessor(_ order: GroupOrder, _ id: RolloutID, on store: inout some FleetTransaction) throws
        -> RolloutTarget.Predecessor
    {
        let rollout = try store.rollout(
            RolloutID(application: id.application, group: order.group, version: id.version))
        return RolloutTarget.Predecessor(
            size: try store.count(.total, of: order.group, in: id.application),
            sizeOnRelease: try store.count(.version, id.version.text, of: order.group, in: id.application),
            isHalted: rollout?.stop != nil || rollout?.control != nil)
    }

    /// Frees places that are overdue, other than the asking machine's own. The counters pass through the store, because
    /// both the machine and those others change them.
    private func expire(in group: Group, sparing step: inout MachineStep, on store: inout some FleetTransaction) throws
        -> Bool
    {
        try step.saveCounters(on: &store)
        let expiry = ExpiryScript(now: checkIn.receivedAt, limit: Self.expiryBatch)
        guard try expiry.run(group, sparing: step.machine.id, on: &store) > 0 else { return false }
        for id in step.rollouts.keys { step.load(try store.rollout(id) ?? RolloutState(id: id)) }
        return true
    }

    private func save(_ step: inout MachineStep, replacing known: Machine?, on store: inout some FleetTransaction)
        throws
    {
        var machine = step.machine
        let isUnchanged = machine.isSame(as: known) && step.events.isEmpty && step.changedRollouts.isEmpty
        let lag = checkIn.receivedAt.seconds(since: machine.lastSeenAt)
        if isUnchanged, (0..<Machine.lastSeenLagSeconds).contains(lag) { return }
        machine.lastSeenAt = checkIn.receivedAt
        try store.replace(known, with: machine)
        try step.saveCounters(on: &store)
    }
}

extension Machine {
    /// Whether nothing changed but an estimate, which is another at every check.
    fileprivate func isSame(as known: Machine?) -> Bool {
        guard var known else { return false }
        known.holdUntil = holdUntil
        return self == known
    }
}

extension MachineStep {
    /// Writes the roll-outs that changed and the events, and starts collecting anew.
    mutating func saveCounters(on store: inout some FleetTransaction) throws {
        for id in changedRollouts {
            if let state = rollouts[id] { try store.put(state) }
        }
        for event in events { try store.append(event) }
        markSaved()
    }
}

/// Frees the places of silent machines, in one transaction.
package struct ExpiryScript {
    let now: Timestamp
    let limit: Int

    package init(now: Timestamp, limit: Int) {
        self.now = now
        self.limit = limit
    }

    /// - Returns: how many places were freed in `group`.
    package func run(_ group: Group, sparing machine: MachineID? = nil, on store: inout some FleetTransaction) throws
        -> Int
    {
        var count = 0
        for stage in PerStage.stages where count < limit {
            let moment = now.adding(seconds: -group.policy.deadlineSeconds(of: stage))
            let late = try store.placeHolders(of: group, at: stage, since: moment, limit: limit - count)
            for before in late where before.id != machine {
                let isSilent = stage == .installed && before.lastSeenAt <= silence(group)
                try free(before, group, isSilent: isSilent, on: &store)
                count += 1
            }
        }
        guard group.policy.brakes.silent != nil, count < limit else { return count }
        for before in try store.silentMachines(of: group, since: silence(group), limit: limit - count)
        where before.id != machine {
            try free(before, group, isSilent: true, on: &store)
            count += 1
        }
        return count
    }

    private func silence(_ group: Group) -> Timestamp { now.adding(seconds: -group.policy.brakes.silenceSeconds) }

    private func free(_ before: Machine, _ group: Group, isSilent: Bool, on store: inout some FleetTransaction) throws {
        guard let grant = before.grant else { return }
        let id = RolloutID(application: before.application, group: group.name, version: grant.version)
        let rollout = try store.rollout(id) ?? RolloutState(id: id)
        var step = MachineStep(machine: before, policy: group.policy, rollouts: [rollout], now: now)
        if isSilent { step.fallSilent() } else { step.expire() }
        try store.replace(before, with: step.machine)
        try step.saveCounters(on: &store)
    }
}
