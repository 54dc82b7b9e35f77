internal import FleetModel
internal import RolloutPlanning
internal import UpdateModel

// Groups, their roll-outs and counters, and their machines.
extension MemoryFleetState {
    func group(_ name: GroupName, of application: ApplicationID) -> Group? {
        groups[Key(application: application, name: name)]
    }

    func firstGroup(following channel: ChannelName, of application: ApplicationID) -> GroupName? {
        groups(following: channel, of: application).first?.name
    }

    func groups(following channel: ChannelName, of application: ApplicationID) -> [Group] {
        groups.values.filter { $0.application == application && $0.channel == channel }
            .sorted { $0.name.rawValue < $1.name.rawValue }
    }

    func groups(of application: ApplicationID) -> [Group] {
        groups.values.filter { $0.application == application }.sorted { $0.name.rawValue < $1.name.rawValue }
    }

    mutating func put(_ group: Group) { groups[Key(application: group.application, name: group.name)] = group }

    mutating func removeGroup(_ name: GroupName, of application: ApplicationID) {
        groups[Key(application: application, name: name)] = nil
        meters[Key(application: application, name: name)] = nil
        downloadMeters[Key(application: application, name: name)] = nil
        rollouts = rollouts.filter { $0.key.application != application || $0.key.group != name }
        census = census.filter { $0.key.application != application || $0.key.group != name }
    }

    func facts(track: String, of application: ApplicationID, for architecture: Architecture?) -> TrackFacts? {
        groups.values.first { $0.application == application && $0.track.rawValue == track }
            .map { facts($0, for: architecture) }
    }

    func facts(group: GroupName, of application: ApplicationID, for architecture: Architecture?) -> TrackFacts? {
        self.group(group, of: application).map { facts($0, for: architecture) }
    }

    func hasPrivateGroup(_ application: ApplicationID) -> Bool {
        groups.values.contains { $0.application == application && $0.isPrivate }
    }

    private func facts(_ group: Group, for architecture: Architecture?) -> TrackFacts {
        let version = channel(group.channel, of: group.application)?.version
        var facts = TrackFacts(group: group, version: version, zones: zones)
        facts.block = facts.version.flatMap { release($0, of: group.application)?.block }
        facts.payloads = facts.version.map { version in
            payloads(of: version, in: group.application).filter { $0.architecture == architecture }
        } ?? []
        facts.isPrivate = hasPrivateGroup(group.application)
        facts.floors = floors(of: group.application).filter { $0.floor?.concerns(group.channel) == true }.map { release in
            let payloads = payloads(of: release.version, in: group.application)
            return TrackFacts.Floor(release: release, payloads: payloads.filter { $0.architecture == architecture })
        }
        return facts
    }

    func labelGroups(of application: ApplicationID) -> [Group] {
        groups.values.filter { $0.application == application && $0.labels != nil }
            .sorted { $0.name.rawValue < $1.name.rawValue }
    }

    func firstGroup(after group: GroupName, of application: ApplicationID) -> GroupName? {
        groups.values.filter { $0.application == application && $0.policy.after?.group == group }.map(\.name)
            .min { $0.rawValue < $1.rawValue }
    }

    func meter(of group: GroupName, in application: ApplicationID) -> GrantMeter? {
        meters[Key(application: application, name: group)]
    }

    mutating func put(_ meter: GrantMeter, of group: GroupName, in application: ApplicationID) {
        meters[Key(application: application, name: group)] = meter
    }

    func downloads(of group: GroupName, in application: ApplicationID) -> DownloadMeter? {
        downloadMeters[Key(application: application, name: group)]
    }

    mutating func put(_ meter: DownloadMeter, of group: GroupName, in application: ApplicationID) {
        downloadMeters[Key(application: application, name: group)] = meter
    }

    func rollout(_ id: RolloutID) -> RolloutState? { rollouts[id] }

    mutating func put(_ rollout: RolloutState) { rollouts[rollout.id] = rollout }

    func count(
        _ dimension: CensusKey.Dimension, _ value: String, of group: GroupName, in application: ApplicationID
    ) -> Int {
        census[CensusKey(application: application, group: group, dimension: dimension, value: value)] ?? 0
    }

    func machineCount() -> Int { machines.count }

    func machine(_ id: MachineID, of application: ApplicationID) -> Machine? {
        machines[Key(application: application, name: id)]
    }

    mutating func replace(_ before: Machine?, with after: Machine?) {
        for (key, change) in CensusKey.changes(from: before, to: after) {
            let count = census[key, default: 0] + change
            census[key] = count == 0 ? nil : count
        }
        if let machine = before ?? after {
            machines[Key(application: machine.application, name: machine.id)] = after
        }
    }

    func placeHolders(of group: Group, at stage: MachineStage, since moment: Timestamp, limit: Int) -> [Machine] {
        holders(of: group, at: stage, limit) {
            $0.grant?.stageSince ?? .epoch
        } where: {
            $0 <= moment
        }
    }

    func silentMachines(of group: Group, since moment: Timestamp, limit: Int) -> [Machine] {
        holders(of: group, at: .installed, limit) {
            $0.lastSeenAt
        } where: {
            $0 <= moment
        }
    }

    private func holders(
        of group: Group, at stage: MachineStage, _ limit: Int, by moment: (Machine) -> Timestamp,
        where isWanted: (Timestamp) -> Bool
    ) -> [Machine] {
        let all = machines.values.filter { machine in
            machine.application == group.application && machine.group == group.name && machine.stage == stage
                && machine.grant?.holdsPlace == true && isWanted(moment(machine))
        }
        return Array(all.sorted { (moment($0), $0.id.rawValue) < (moment($1), $1.id.rawValue) }.prefix(limit))
    }

    mutating func shiftMoments(seconds: Int64) {
        for id in rollouts.keys { rollouts[id]?.shiftMoments(seconds: seconds) }
        meters = meters.mapValues { $0.shifted(seconds: seconds) }
        clockMark = clockMark?.shifted(seconds: seconds)
        clockAlarm = nil
        downloadMeters = downloadMeters.mapValues { $0.shifted(seconds: seconds) }
        for (key, channel) in channels { channels[key]?.settledAt = channel.settledAt.adding(seconds: seconds) }
        for (key, machine) in machines where machine.grant?.holdsPlace == true {
            machines[key]?.grant?.stageSince = (machine.grant?.stageSince ?? .epoch).adding(seconds: seconds)
            machines[key]?.lastSeenAt = machine.lastSeenAt.adding(seconds: seconds)
        }
    }

    mutating func append(_ event: MachineEvent) {
        lastEventNumber += 1
        var event = event
        event.number = lastEventNumber
        events.append(event)
        let key = Key(application: event.application, name: event.machine)
        eventCounts[key, default: 0] += 1
        if eventCounts[key, default: 0] > limits.eventsPerMachineMaximum { removeOldestEvent(of: key) }
        while events.count > limits.eventsMaximum {
            let oldest = events.removeFirst()
            countEvent(-1, of: Key(application: oldest.application, name: oldest.machine))
        }
    }

    private mutating func removeOldestEvent(of key: Key<MachineID>) {
        let oldest = events.firstIndex { $0.machine == key.name && $0.application == key.application }
        guard let oldest else { return }
        events.remove(at: oldest)
        countEvent(-1, of: key)
    }

    private mutating func countEvent(_ change: Int, of key: Key<MachineID>) {
        let count = eventCounts[key, default: 0] + change
        eventCounts[key] = count > 0 ? count : nil
    }

    mutating func removeEvents(of machine: MachineID, in application: ApplicationID) {
        events.removeAll { $0.machine == machine && $0.application == application }
        eventCounts[Key(application: application, name: machine)] = nil
    }
}
