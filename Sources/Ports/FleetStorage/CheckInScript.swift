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
        if known == nil {
            guard try store.application(checkIn.application) != nil else { return outcome(.unknownApplication) }
            guard try store.machineCount() < limits.machinesMaximum else { return outcome(.fleetFull) }
            if let moment = arrivals.count(at: checkIn.receivedAt) {
                return outcome(.tooManyNewMachines, until: moment)
            }
        }
        let facts = try store.facts(track: checkIn.track, of: checkIn.application, for: checkIn.architecture)
        var step = try begin(known, id, version, facts, on: &store)
        step.observe(checkIn, version: version)
        for event in checkIn.events.prefix(Self.eventsMaximum) { step.apply(event) }
        step.reconcile()
        if checkIn.asksForUpdate { step.settleOrder() }
        step.move(to: facts?.group.name)
        let decision = checkIn.asksForUpdate ? try decide(&step, known, facts, on: &store) : nil
        let order = checkIn.asksForUpdate ? step.tellOrder() : nil
        try save(&step, replacing: known, on: &store)
        return CheckInOutcome(
            decision: decision, group: step.machine.group, stage: step.machine.stage, isNewMachine: known == nil,
            rollback: order, isReleased: step.isReleased(decision))
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
            let machine = Machine(
                application: checkIn.application, id: id, track: checkIn.track, group: nil, version: version,
                firstSeenAt: checkIn.receivedAt)
            var step = MachineStep(machine: machine, policy: .standard, rollouts: [], now: checkIn.receivedAt)
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
        let step = MachineStep(machine: known, policy: policy, rollouts: rollouts, now: checkIn.receivedAt)
        return try loadTarget(of: facts, into: step, on: &store)
    }

    /// A machine that runs its target already needs no roll-out.
    private func loadTarget(of facts: TrackFacts?, into step: MachineStep, on store: inout some FleetTransaction)
        throws -> MachineStep
    {
        guard checkIn.asksForUpdate, let id = targetID(facts), id.version != checkIn.version, step.rollouts[id] == nil
        else { return step }
        var step = step
        step.load(try store.rollout(id) ?? RolloutState(id: id))
        return step
    }

    private func targetID(_ facts: TrackFacts?) -> RolloutID? {
        guard let facts, let version = facts.version else { return nil }
        return RolloutID(application: checkIn.application, group: facts.group.name, version: version)
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
        var decision = try decision(for: step, known, facts, on: &store)
        if case .hold(.limitInProgress, _) = decision, try expire(in: facts.group, sparing: &step, on: &store) {
            decision = try self.decision(for: step, known, facts, on: &store)
        }
        step.record(decision)
        return decision
    }

    private func decision(
        for step: MachineStep, _ known: Machine?, _ facts: TrackFacts, on store: inout some FleetTransaction
    ) throws -> Decision {
        var target = RolloutTarget(policy: facts.group.policy, version: facts.version, payload: facts.payload)
        if let id = targetID(facts) { target.isStopped = step.rollouts[id]?.stop != nil }
        if facts.group.policy.maximumInProgress != nil, facts.version != step.machine.version {
            let taken = try store.count(.place, of: facts.group.name, in: checkIn.application)
            let isOwn = known?.group == facts.group.name && known?.grant?.holdsPlace == true
            target.placesTakenByOthers = taken - (isOwn ? 1 : 0)
        }
        return RolloutPlanner.decide(
            for: step.machine, target: target, isForced: checkIn.isForced, readsFormatTwo: checkIn.readsFormatTwo)
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
        let isUnchanged = machine == known && step.events.isEmpty && step.changedRollouts.isEmpty
        let lag = checkIn.receivedAt.seconds(since: machine.lastSeenAt)
        if isUnchanged, (0..<Machine.lastSeenLagSeconds).contains(lag) { return }
        machine.lastSeenAt = checkIn.receivedAt
        try store.replace(known, with: machine)
        try step.saveCounters(on: &store)
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
        let moment = now.adding(seconds: -group.policy.stageDeadlineSeconds)
        let silent = try store.placeHolders(of: group, since: moment, limit: limit).filter { $0.id != machine }
        for before in silent {
            guard let grant = before.grant else { continue }
            let id = RolloutID(application: before.application, group: group.name, version: grant.version)
            let rollout = try store.rollout(id) ?? RolloutState(id: id)
            var step = MachineStep(machine: before, policy: group.policy, rollouts: [rollout], now: now)
            step.expire()
            try store.replace(before, with: step.machine)
            try step.saveCounters(on: &store)
        }
        return silent.count
    }
}
