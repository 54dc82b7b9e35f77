internal import FleetModel
internal import RolloutPlanning
internal import UpdateModel

// Groups and roll-outs.
extension ChangeScript {
    func runGroups(on store: inout some FleetTransaction) throws {
        switch change {
        case .createGroup(let group): try put(group, isNew: true, on: &store)
        case .updateGroup(let group, let previous):
            let existing = try store.group(group.name, of: group.application)
            let isOther = previous != nil && existing != nil && existing != previous
            try refuse(isOther, .changed(.group, group.name.rawValue))
            try put(group, isNew: false, on: &store)
        case .setGroupSecrets(let application, let name, let previous, let secrets):
            guard var group = try store.group(name, of: application) else {
                throw FleetStoreError.notFound(.group, name.rawValue)
            }
            try refuse(group.secrets != previous, .changed(.group, name.rawValue))
            group.secrets = secrets
            try store.put(group)
        case .deleteGroup(let application, let name): try deleteGroup(name, application, on: &store)
        case .resumeRollouts(let ids, let moment, let seen):
            for (id, halt) in seen { try check(id, halt, on: &store) }
            // All of them are there before one is changed; one that is resumed may change another.
            for id in ids { _ = try existing(id, on: &store) }
            for id in ids { try resume(id, at: moment, on: &store) }
        case .controlRollout(let id, let control, let seen):
            try check(id, seen, on: &store)
            try put(control, on: id, &store)
        case .undoGroup(let application, let name, let undo): try undoGroup(name, application, undo, on: &store)
        default: break
        }
    }

    /// A release that comes to a group again spreads as it did the first time, not all at once; so do the floors on the
    /// way to it.
    func beginAnew(_ version: Version, in group: Group, on store: inout some FleetTransaction) throws {
        let floors = try store.floors(of: group.application).map(\.version)
        for version in Set(floors + [version]) {
            let id = RolloutID(application: group.application, group: group.name, version: version)
            guard var state = try store.rollout(id) else { continue }
            state.beginAnew()
            try store.put(state)
        }
    }

    private func put(_ group: Group, isNew: Bool, on store: inout some FleetTransaction) throws {
        try requireApplication(group.application, on: &store)
        let existing = try store.group(group.name, of: group.application)
        try refuse(isNew && existing != nil, .alreadyExists(.group, group.name.rawValue))
        try refuse(!isNew && existing == nil, .notFound(.group, group.name.rawValue))
        let channel = try store.channel(group.channel, of: group.application)
        try refuse(channel == nil, .notFound(.channel, group.channel.rawValue))
        let track = group.track.rawValue
        if let other = try store.facts(track: track, of: group.application, for: nil)?.group {
            try refuse(other.name != group.name, .inUse(.track, track, by: "the group “\(other.name)”"))
        }
        try checkOrder(of: group, on: &store)
        if let version = channel?.version, existing?.channel != group.channel {
            try beginAnew(version, in: group, on: &store)
        }
        try store.put(group)
    }

    /// Follows the groups that go before, up to ``orderMaximum``: none may wait for itself.
    private func checkOrder(of group: Group, on store: inout some FleetTransaction) throws {
        var next = group.policy.after?.group
        var count = 0
        while let name = next {
            let waits = name == group.name || count >= Self.orderMaximum
            try refuse(waits, .conflict("The group “\(group.name)” would wait for itself."))
            guard let before = try store.group(name, of: group.application) else {
                throw FleetStoreError.notFound(.group, name.rawValue)
            }
            next = before.policy.after?.group
            count += 1
        }
    }

    /// A longer row of groups that wait for each other is refused.
    private static let orderMaximum = 32

    private func deleteGroup(_ name: GroupName, _ id: ApplicationID, on store: inout some FleetTransaction) throws {
        try refuse(store.group(name, of: id) == nil, .notFound(.group, name.rawValue))
        let count = try store.count(.total, of: name, in: id)
        try refuse(count > 0, .inUse(.group, name.rawValue, by: count == 1 ? "a machine" : "\(count) machines"))
        if let next = try store.firstGroup(after: name, of: id) {
            throw FleetStoreError.inUse(.group, name.rawValue, by: "the group “\(next)”, which waits for it")
        }
        try store.removeGroup(name, of: id)
    }

    private func check(_ id: RolloutID, _ seen: RolloutHalt?, on store: inout some FleetTransaction) throws {
        guard let seen, RolloutHalt(try store.rollout(id)) != seen else { return }
        throw FleetStoreError.changed(.rollout, "\(id.version) in \(id.group)")
    }

    private func existing(_ id: RolloutID, on store: inout some FleetTransaction) throws -> RolloutState {
        guard let state = try store.rollout(id) else {
            throw FleetStoreError.notFound(.rollout, "\(id.version) in \(id.group)")
        }
        return state
    }

    private func resume(_ id: RolloutID, at moment: Timestamp, on store: inout some FleetTransaction) throws {
        var state = try existing(id, on: &store)
        state.resume(at: moment)
        try store.put(state)
        guard state.rampStartedAt == nil else { return }
        // Who tried a floor first and came no further, because the release failed there, leaves its place to another.
        for floor in try store.floors(of: id.application) where id.version.isNewer(than: floor.version) == true {
            let leg = RolloutID(application: id.application, group: id.group, version: floor.version)
            guard var passed = try store.rollout(leg) else { continue }
            passed.keepCanaries(atMost: state.canariesOpen + state.canariesDone)
            try store.put(passed)
        }
    }

    private func put(_ control: RolloutControl, on id: RolloutID, _ store: inout some FleetTransaction) throws {
        try refuse(store.group(id.group, of: id.application) == nil, .notFound(.group, id.group.rawValue))
        try refuse(store.release(id.version, of: id.application) == nil, .notFound(.release, id.version.text))
        var state = try store.rollout(id) ?? RolloutState(id: id)
        let isAborted = state.control?.kind == .aborted
        try refuse(isAborted, .conflict("The roll-out of \(id.version) is aborted already."))
        let isPaused = state.control != nil && control.kind == .paused
        try refuse(isPaused, .conflict("The roll-out of \(id.version) is paused already."))
        state.control = control
        try store.put(state)
    }

    private func undoGroup(
        _ name: GroupName, _ application: ApplicationID, _ undo: GroupUndo?, on store: inout some FleetTransaction
    ) throws {
        guard var group = try store.group(name, of: application) else {
            throw FleetStoreError.notFound(.group, name.rawValue)
        }
        if let undo {
            let current = try store.channel(group.channel, of: application)?.version
            try refuse(current != undo.from, .conflict("The channel “\(group.channel)” points elsewhere now."))
            let release = try store.release(undo.to, of: application)
            try refuse(release == nil, .notFound(.release, undo.to.text))
            try refuse(release?.block != nil, .conflict("Release \(undo.to) is blocked."))
            let id = RolloutID(application: application, group: name, version: undo.to)
            try store.put(try store.rollout(id)?.begunAgain() ?? RolloutState(id: id))
        }
        if undo == nil, let over = group.undo { try beginAnew(over.from, in: group, on: &store) }
        group.undo = undo
        try store.put(group)
    }
}

extension RolloutState {
    /// The same machines hold the same places; everything else counts from the beginning.
    fileprivate func begunAgain() -> RolloutState {
        var state = RolloutState(id: id)
        state.inProgress = inProgress
        state.canariesOpen = canariesOpen
        return state
    }
}
