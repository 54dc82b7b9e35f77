internal import FleetModel
internal import RolloutPlanning
internal import UpdateModel

// Channels, groups, roll-outs.
extension ChangeScript {
    func runGroups(on store: inout some FleetTransaction) throws {
        switch change {
        case .createChannel(let channel): try create(channel, on: &store)
        case .moveChannel(let move): try make(move, on: &store)
        case .deleteChannel(let application, let name): try deleteChannel(name, application, on: &store)
        case .createGroup(let group): try put(group, isNew: true, on: &store)
        case .updateGroup(let group): try put(group, isNew: false, on: &store)
        case .deleteGroup(let application, let name): try deleteGroup(name, application, on: &store)
        case .resumeRollout(let id): try resume(id, on: &store)
        default: break
        }
    }

    private func create(_ channel: Channel, on store: inout some FleetTransaction) throws {
        try requireApplication(channel.application, on: &store)
        let existing = try store.channel(channel.name, of: channel.application)
        try refuse(existing != nil, .alreadyExists(.channel, channel.name.rawValue))
        try store.put(channel)
    }

    private func make(_ move: ChannelMove, on store: inout some FleetTransaction) throws {
        guard let channel = try store.channel(move.channel, of: move.application) else {
            throw FleetStoreError.notFound(.channel, move.channel.rawValue)
        }
        let release = try store.release(move.version, of: move.application)
        try refuse(release == nil, .notFound(.release, move.version.text))
        try refuse(
            channel.version != move.previous, .conflict("The channel “\(move.channel)” was moved by somebody else."))
        let payloads = try store.payloads(of: move.version, in: move.application).map {
            VerifiedPayload(architecture: $0.architecture, sha256: $0.sha256, source: $0.source)
        }
        try refuse(
            Set(payloads) != Set(move.evidence), .conflict("The payloads of \(move.version) changed meanwhile."))
        if let origin = move.promotedFrom {
            let version = try store.channel(origin, of: move.application)?.version
            try refuse(version != move.version, .conflict("The channel “\(origin)” points elsewhere now."))
        }
        try store.put(
            Channel(
                application: move.application, name: move.channel, version: move.version, changedAt: move.movedAt))
        try store.append(move)
    }

    private func deleteChannel(_ name: ChannelName, _ id: ApplicationID, on store: inout some FleetTransaction) throws {
        try refuse(store.channel(name, of: id) == nil, .notFound(.channel, name.rawValue))
        if let group = try store.firstGroup(following: name, of: id) {
            throw FleetStoreError.inUse(.channel, name.rawValue, by: "the group “\(group)”")
        }
        try store.removeChannel(name, of: id)
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
        try store.put(group)
    }

    private func deleteGroup(_ name: GroupName, _ id: ApplicationID, on store: inout some FleetTransaction) throws {
        try refuse(store.group(name, of: id) == nil, .notFound(.group, name.rawValue))
        let count = try store.count(.total, of: name, in: id)
        try refuse(count > 0, .inUse(.group, name.rawValue, by: count == 1 ? "a machine" : "\(count) machines"))
        try store.removeGroup(name, of: id)
    }

    private func resume(_ id: RolloutID, on store: inout some FleetTransaction) throws {
        guard var state = try store.rollout(id) else {
            throw FleetStoreError.notFound(.rollout, "\(id.version) in \(id.group)")
        }
        state.resume()
        try store.put(state)
    }
}
