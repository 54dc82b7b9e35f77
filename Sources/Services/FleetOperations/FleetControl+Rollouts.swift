package import FleetModel
internal import FleetStorage
package import UpdateModel

/// What a person saw of a group's roll-out before an act on it: the target, what keeps it and the floors below it from
/// going on, the way back.
package struct RolloutSight: Hashable, Sendable, Codable {
    package let version: Version
    package let halt: RolloutHalt
    /// Lowest first.
    package let floors: [Floor]
    package let undo: GroupUndo?

    package struct Floor: Hashable, Sendable, Codable {
        package let version: Version
        package let halt: RolloutHalt
    }
}

// What operators do to a roll-out.
extension FleetControl {
    /// What the group's machines are to run: what its channel points at, or what they go back to.
    package func targetVersion(of group: Group, by caller: Caller) async throws(OperationError) -> Version? {
        let version = try await channel(group.channel, of: group.application, by: caller).version
        if let undo = group.undo, undo.from == version { return undo.to }
        return version
    }

    /// The roll-out of the group's target; `nil` before it began.
    package func currentRollout(of group: Group, by caller: Caller) async throws(OperationError) -> RolloutState? {
        guard let version = try await targetVersion(of: group, by: caller) else { return nil }
        let id = RolloutID(application: group.application, group: group.name, version: version)
        return try await reading { () async throws(FleetStoreError) in try await store.rollout(id) }
    }

    /// Lets a roll-out go on that stopped itself or was paused or aborted; what its brakes counted counts from zero again.
    /// Machines that failed stay held.
    /// - Parameters:
    ///   - version: `nil` means the group's target, and the floors below it.
    ///   - seen: what the caller saw of the target; `nil` to act whatever it is now.
    /// - Throws: among others ``OperationError/changed(_:_:)`` where it is not `seen` any more.
    package func resumeRollout(
        of name: GroupName, in application: ApplicationID, version: Version? = nil, ifStill seen: RolloutSight? = nil,
        by caller: Caller
    ) async throws(OperationError) {
        try require(.admin, of: caller)
        let id = try await rolloutID(of: name, in: application, version, by: caller)
        try check(seen, id)
        var states = [try await reading { () async throws(FleetStoreError) in try await store.rollout(id) }]
        if version == nil {
            let group = try await group(name, of: application, by: caller)
            states += try await floors(of: group, by: caller).map(\.rollout)
        }
        let halted = states.compactMap { $0 }.filter { $0.stop != nil || $0.control != nil }
        guard !halted.isEmpty else { throw .rolloutNotStopped(id.version) }
        let seenHalts = seen.map { Self.halts(in: $0, of: id) } ?? [:]
        try await conditional(seen != nil, .rollout, id) { () async throws(OperationError) in
            try await commit(
                .resumeRollouts(halted.map(\.id), at: now, ifStill: seenHalts), by: caller, "rollout.resume",
                on: Self.object(application, name.rawValue, id.version.text),
                halted.map(Self.words).joined(separator: " "))
        }
    }

    /// Of the target, which is `id`, and of the floors.
    private static func halts(in sight: RolloutSight, of id: RolloutID) -> [RolloutID: RolloutHalt] {
        var halts = [id: sight.halt]
        for floor in sight.floors {
            halts[RolloutID(application: id.application, group: id.group, version: floor.version)] = floor.halt
        }
        return halts
    }

    private static func words(for state: RolloutState) -> String {
        let stop = state.stop.map { "\(state.id.version) had stopped: \($0.reason)" }
        let control = state.control.map { "\(state.id.version) was \($0.kind.rawValue) by \($0.by)." }
        return [stop, control].compactMap { $0 }.joined(separator: " ")
    }

    /// Pauses or aborts a roll-out. A paused one offers nothing; an aborted one is also withdrawn from machines that
    /// have it staged and have not booted it.
    package func controlRollout(
        of name: GroupName, in application: ApplicationID, _ kind: RolloutControl.Kind, version: Version? = nil,
        reason: String? = nil, ifStill seen: RolloutSight? = nil, by caller: Caller
    ) async throws(OperationError) {
        try require(.admin, of: caller)
        let reason = try reason.map { text throws(OperationError) in try TextRule.label.check(text, "The reason") }
        let id = try await rolloutID(of: name, in: application, version, by: caller)
        try check(seen, id)
        let control = RolloutControl(kind: kind, by: caller.name, at: now, reason: reason)
        let action = kind == .paused ? "rollout.pause" : "rollout.abort"
        let object = Self.object(application, name.rawValue, id.version.text)
        let change = FleetChange.controlRollout(id, control, ifStill: seen?.halt)
        try await conditional(seen != nil, .rollout, id) { () async throws(OperationError) in
            try await commit(change, by: caller, action, on: object, reason ?? "")
        }
    }

    /// What an act on the group's roll-out would be about; `nil` where its channel points at nothing.
    package func rolloutSight(of group: Group, by caller: Caller) async throws(OperationError) -> RolloutSight? {
        guard let version = try await targetVersion(of: group, by: caller) else { return nil }
        let rollout = try await currentRollout(of: group, by: caller)
        let floors = try await floors(of: group, by: caller).map {
            RolloutSight.Floor(version: $0.release.version, halt: RolloutHalt($0.rollout))
        }
        return RolloutSight(version: version, halt: RolloutHalt(rollout), floors: floors, undo: group.undo)
    }

    private func check(_ seen: RolloutSight?, _ id: RolloutID) throws(OperationError) {
        guard let seen, seen.version != id.version else { return }
        throw .changed(.rollout, "\(id.version) in \(id.group)")
    }

    /// Tells a caller who had a condition that it did not hold, and not that something is in conflict.
    private func conditional(
        _ isConditional: Bool, _ noun: FleetStoreError.Noun, _ id: RolloutID,
        _ body: () async throws(OperationError) -> Void
    ) async throws(OperationError) {
        do { try await body() } catch {
            guard isConditional, case .store(.changed) = error else { throw error }
            throw .changed(noun, "\(id.version) in \(id.group)")
        }
    }

    /// Sends the group back to the release before, under the same limits.
    /// - Parameter version: where to; `nil` means what the channel pointed at before.
    package func undo(
        _ name: GroupName, in application: ApplicationID, to version: Version? = nil, reason: String? = nil,
        by caller: Caller
    ) async throws(OperationError) {
        try require(.admin, of: caller)
        let reason = try reason.map { text throws(OperationError) in try TextRule.label.check(text, "The reason") }
        let group = try await group(name, of: application, by: caller)
        guard let from = try await channel(group.channel, of: application, by: caller).version else {
            throw .invalid("The group “\(name)” follows a channel without a release.", hint: nil)
        }
        let before = try await versionBefore(from, of: group, by: caller)
        guard let to = version ?? before, to != from else { throw .nothingBefore(name) }
        if to.isNewer(than: from) == true {
            throw .invalid("\(to) is newer than \(from): that is no way back.", hint: "Point the channel at it.")
        }
        try await requireUnblocked(to, of: application, by: caller)
        let undo = GroupUndo(from: from, to: to, orderedBy: caller.name, orderedAt: now, reason: reason)
        let object = Self.object(application, name.rawValue)
        try await commit(
            .undoGroup(application, name, undo), by: caller, "group.undo", on: object, "from \(from) back to \(to)")
    }

    /// Ends the way back: the group follows its channel again.
    package func endUndo(_ name: GroupName, in application: ApplicationID, by caller: Caller)
        async throws(OperationError)
    {
        try require(.admin, of: caller)
        guard try await group(name, of: application, by: caller).undo != nil else { throw .notUndone(name) }
        let object = Self.object(application, name.rawValue)
        try await commit(.undoGroup(application, name, nil), by: caller, "group.undo-end", on: object)
    }

    /// What the group's channel pointed at before it came to `version`.
    private func versionBefore(_ version: Version, of group: Group, by caller: Caller)
        async throws(OperationError) -> Version?
    {
        let moves = try await reading { () async throws(FleetStoreError) in
            try await store.channelMoves(of: group.application, channel: group.channel, .first)
        }
        return moves.items.first { $0.version == version && $0.previous != version }?.previous
    }

    private func rolloutID(
        of name: GroupName, in application: ApplicationID, _ version: Version?, by caller: Caller
    ) async throws(OperationError) -> RolloutID {
        let group = try await group(name, of: application, by: caller)
        let target = try await targetVersion(of: group, by: caller)
        guard let version = version ?? target else {
            throw .invalid("The group “\(name)” follows a channel without a release.", hint: nil)
        }
        return RolloutID(application: application, group: name, version: version)
    }
}
