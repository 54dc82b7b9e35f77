package import FleetModel
internal import FleetStorage
package import UpdateModel

/// A floor of a group's channel that lies below the group's target, and how far its roll-out is.
package struct FloorStanding: Hashable, Sendable {
    package let release: Release
    /// `nil` before a machine of the group needed it.
    package let rollout: RolloutState?
}

// Releases that may not be passed over.
extension FleetControl {
    /// Makes machines on older releases take this one first, and only then what their channel points at. Its payloads are
    /// read again and hashed first, as those of a channel's release are: from now on it is on offer.
    /// - Parameter channels: whose machines pass through it; empty for every channel. What was said before is replaced.
    package func setFloor(
        _ version: Version, of application: ApplicationID, reason: String, channels: [ChannelName] = [],
        by caller: Caller
    ) async throws(OperationError) -> Release {
        try require(.admin, of: caller)
        let reason = try TextRule.label.check(reason, "The reason")
        guard version.semantic != nil else {
            throw .invalid(
                "\(version) cannot be a floor: no machine can be told to be below or above it.",
                hint: "A floor's version follows Semantic Versioning, such as 2.0.0.")
        }
        try await requireUnblocked(version, of: application, by: caller)
        _ = try await verifiedPayloads(of: version, in: application)
        let names = Set(channels).sorted { $0.rawValue < $1.rawValue }
        let floor = ReleaseFloor(by: caller.name, at: now, reason: reason, channels: names)
        let place = names.isEmpty ? "every channel" : names.map(\.rawValue).joined(separator: ", ")
        let object = Self.object(application, version.text)
        try await commit(
            .setFloor(application, version, floor), by: caller, "release.floor", on: object, "\(place): \(reason)")
        return try await release(version, of: application, by: caller)
    }

    /// Lets machines pass it over again.
    package func removeFloor(_ version: Version, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Release
    {
        try require(.admin, of: caller)
        let object = Self.object(application, version.text)
        try await commit(.setFloor(application, version, nil), by: caller, "release.unfloor", on: object)
        return try await release(version, of: application, by: caller)
    }

    /// The floors that machines of the group pass on their way to its target, lowest first.
    package func floors(of group: Group, by caller: Caller) async throws(OperationError) -> [FloorStanding] {
        try require(.viewer, of: caller)
        guard let target = try await targetVersion(of: group, by: caller) else { return [] }
        var standings: [FloorStanding] = []
        for release in try await floors(below: target, in: group) {
            let id = RolloutID(application: group.application, group: group.name, version: release.version)
            let rollout = try await reading { () async throws(FleetStoreError) in try await store.rollout(id) }
            standings.append(FloorStanding(release: release, rollout: rollout))
        }
        return standings
    }

    /// Lowest first.
    private func floors(below target: Version, in group: Group) async throws(OperationError) -> [Release] {
        let all = try await reading { () async throws(FleetStoreError) in
            try await store.floors(of: group.application)
        }
        return all.filter { release in
            release.floor?.concerns(group.channel) == true && target.isNewer(than: release.version) == true
        }
        .sorted { $1.version.isNewer(than: $0.version) == true }
    }

    /// What the machine is on its way to, and the next floor there. `nil` without a group or a target.
    func way(of machine: Machine, by caller: Caller) async throws(OperationError) -> (target: Version, floor: Release?)?
    {
        guard let name = machine.group else { return nil }
        let home = try await group(name, of: machine.application, by: caller)
        let wanted = try await targetVersion(of: home, by: caller)
        guard let target = machine.settings.pin ?? wanted else { return nil }
        let floors = try await floors(below: target, in: home)
        return (target, floors.first { $0.version.isNewer(than: machine.version) == true })
    }
}
