package import FleetModel
internal import FleetStorage
package import UpdateModel

/// What to change of a group; `nil` leaves a field as it is.
package struct GroupChange: Hashable, Sendable {
    package var track: Track?
    package var channel: ChannelName?
    package var isEnabled: Bool?
    /// `.some(nil)` removes the limit.
    package var maximumInProgress: Int??
    /// `.some(nil)` removes the stop rule.
    package var stopAfterFailures: Int??
    package var stageDeadlineSeconds: Int64?

    package init() {}
}

extension FleetControl {
    package func groups(of application: ApplicationID, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<Group>
    {
        _ = try await self.application(application, by: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.groups(of: application, page) }
    }

    package func group(_ name: GroupName, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Group
    {
        try require(.viewer, of: caller)
        let value = try await reading { () async throws(FleetStoreError) in
            try await store.group(name, of: application)
        }
        return try found(value, .group, name.rawValue)
    }

    /// - Parameter track: what machines send to belong here.
    package func createGroup(
        _ name: GroupName, of application: ApplicationID, track: Track, channel: ChannelName,
        policy: RolloutPolicy = .standard, by caller: Caller
    ) async throws(OperationError) -> Group {
        try require(.admin, of: caller)
        try check(policy)
        let group = Group(
            application: application, name: name, track: track, channel: channel, policy: policy, createdAt: time.now())
        let object = Self.object(application, name.rawValue)
        try await commit(.createGroup(group), by: caller, "group.create", on: object, Self.text(of: group))
        return group
    }

    package func changeGroup(
        _ name: GroupName, of application: ApplicationID, _ change: GroupChange, by caller: Caller
    ) async throws(OperationError) -> Group {
        try require(.admin, of: caller)
        var group = try await self.group(name, of: application, by: caller)
        group.track = change.track ?? group.track
        group.channel = change.channel ?? group.channel
        group.policy.isEnabled = change.isEnabled ?? group.policy.isEnabled
        if let limit = change.maximumInProgress { group.policy.maximumInProgress = limit }
        if let count = change.stopAfterFailures { group.policy.stopAfterFailures = count }
        group.policy.stageDeadlineSeconds = change.stageDeadlineSeconds ?? group.policy.stageDeadlineSeconds
        try check(group.policy)
        let object = Self.object(application, name.rawValue)
        try await commit(.updateGroup(group), by: caller, "group.set", on: object, Self.text(of: group))
        return group
    }

    /// Refused while it has machines.
    package func deleteGroup(_ name: GroupName, of application: ApplicationID, by caller: Caller)
        async throws(OperationError)
    {
        try require(.admin, of: caller)
        let object = Self.object(application, name.rawValue)
        try await commit(.deleteGroup(application, name), by: caller, "group.delete", on: object)
    }

    /// How many machines the group has by version, stage and hold.
    package func census(of name: GroupName, in application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> GroupCensus
    {
        _ = try await group(name, of: application, by: caller)
        return try await reading { () async throws(FleetStoreError) in
            try await store.census(of: name, in: application)
        }
    }

    package func rollouts(of name: GroupName, in application: ApplicationID, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<RolloutState>
    {
        _ = try await group(name, of: application, by: caller)
        return try await reading { () async throws(FleetStoreError) in
            try await store.rollouts(of: name, in: application, page)
        }
    }

    /// The roll-out of what the group's channel points at now; `nil` before the first grant.
    package func currentRollout(of group: Group, by caller: Caller) async throws(OperationError) -> RolloutState? {
        guard let version = try await channel(group.channel, of: group.application, by: caller).version else {
            return nil
        }
        let id = RolloutID(application: group.application, group: group.name, version: version)
        return try await reading { () async throws(FleetStoreError) in try await store.rollout(id) }
    }

    /// Lets a roll-out that stopped itself go on; its failures count from zero again. Machines that failed stay held.
    /// - Parameter version: `nil` means what the group's channel points at now.
    package func resumeRollout(
        of name: GroupName, in application: ApplicationID, version: Version? = nil, by caller: Caller
    ) async throws(OperationError) {
        try require(.admin, of: caller)
        let group = try await group(name, of: application, by: caller)
        let current = try await channel(group.channel, of: application, by: caller).version
        guard let version = version ?? current else {
            throw .invalid("The group “\(name)” follows a channel without a release.", hint: nil)
        }
        let id = RolloutID(application: application, group: name, version: version)
        let state = try await reading { () async throws(FleetStoreError) in try await store.rollout(id) }
        guard let stop = state?.stop else { throw .rolloutNotStopped(version) }
        let object = Self.object(application, name.rawValue, version.text)
        try await commit(.resumeRollout(id), by: caller, "rollout.resume", on: object, "It had stopped: \(stop.reason)")
    }

    private func check(_ policy: RolloutPolicy) throws(OperationError) {
        if let limit = policy.maximumInProgress, limit < 0 {
            throw .invalid("The limit in progress cannot be negative.", hint: "0 offers nothing.")
        }
        if let count = policy.stopAfterFailures, count < 1 {
            throw .invalid("A roll-out can stop after 1 or more failures.", hint: nil)
        }
        guard (60...31_536_000).contains(policy.stageDeadlineSeconds) else {
            throw .invalid("A stage's deadline is between 60 seconds and one year.", hint: nil)
        }
    }

    private static func text(of group: Group) -> String {
        let policy = group.policy
        return [
            "track \(group.track)", "channel \(group.channel)", policy.isEnabled ? "enabled" : "disabled",
            "in progress at most \(policy.maximumInProgress.map(String.init) ?? "any number")",
            "stop after \(policy.stopAfterFailures.map(String.init) ?? "no number of") failures",
            "stage deadline \(policy.stageDeadlineSeconds) s",
        ].joined(separator: ", ")
    }
}
