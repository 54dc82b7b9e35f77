internal import FleetModel
internal import RolloutPlanning
internal import UpdateModel

// Groups, their roll-outs and counters, and their machines.
extension MemoryFleetState {
    func group(_ name: GroupName, of application: ApplicationID) -> Group? {
        groups[Key(application: application, name: name)]
    }

    func firstGroup(following channel: ChannelName, of application: ApplicationID) -> GroupName? {
        groups.values.filter { $0.application == application && $0.channel == channel }.map(\.name)
            .min { $0.rawValue < $1.rawValue }
    }

    mutating func put(_ group: Group) { groups[Key(application: group.application, name: group.name)] = group }

    mutating func removeGroup(_ name: GroupName, of application: ApplicationID) {
        groups[Key(application: application, name: name)] = nil
        rollouts = rollouts.filter { $0.key.application != application || $0.key.group != name }
        census = census.filter { $0.key.application != application || $0.key.group != name }
    }

    func facts(track: String, of application: ApplicationID, for architecture: Architecture?) -> TrackFacts? {
        let match = groups.values.first { $0.application == application && $0.track.rawValue == track }
        guard let group = match else { return nil }
        let version = channel(group.channel, of: application)?.version
        let payload = version.flatMap { version in
            payloads(of: version, in: application).first { $0.architecture == architecture && !$0.isDelta }
        }
        return TrackFacts(group: group, version: version, payload: payload)
    }

    func rollout(_ id: RolloutID) -> RolloutState? { rollouts[id] }

    mutating func put(_ rollout: RolloutState) { rollouts[rollout.id] = rollout }

    func count(_ dimension: CensusKey.Dimension, of group: GroupName, in application: ApplicationID) -> Int {
        census[CensusKey(application: application, group: group, dimension: dimension)] ?? 0
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

    func placeHolders(of group: Group, since moment: Timestamp, limit: Int) -> [Machine] {
        let silent = machines.values.filter { machine in
            guard machine.application == group.application, machine.group == group.name,
                let grant = machine.grant, grant.holdsPlace
            else { return false }
            return grant.stageSince <= moment
        }
        return Array(silent.sorted { $0.id.rawValue < $1.id.rawValue }.prefix(limit))
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
