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
    package var stageDeadlines: PerStage?
    package var rate: GrantRate??
    /// `.some(nil)` removes the budget.
    package var downloadBytesPerSecond: UInt64??
    package var ramp: Ramp??
    package var canary: Canary??
    package var windows: [OfferWindow]?
    package var after: GroupOrder??
    package var brakes = BrakesChange()
    package var deltas: DeltaPolicy?
    package var downgrade: DowngradePolicy?
    /// `.some(nil)` takes machines on any version.
    package var minimumVersion: Version??
    /// `.some(nil)` leaves the choice of machines to the track.
    package var labels: LabelQuery??

    package init() {}

    package func edited(_ policy: RolloutPolicy) -> RolloutPolicy {
        var policy = policy
        policy.isEnabled = isEnabled ?? policy.isEnabled
        if let maximumInProgress { policy.maximumInProgress = maximumInProgress }
        if let stopAfterFailures { policy.stopAfterFailures = stopAfterFailures }
        policy.stageDeadlineSeconds = stageDeadlineSeconds ?? policy.stageDeadlineSeconds
        policy.stageDeadlines = stageDeadlines ?? policy.stageDeadlines
        if let rate { policy.rate = rate }
        if let downloadBytesPerSecond { policy.downloadBytesPerSecond = downloadBytesPerSecond }
        if let ramp { policy.ramp = ramp }
        if let canary { policy.canary = canary }
        policy.windows = windows ?? policy.windows
        if let after { policy.after = after }
        policy.brakes = brakes.edited(policy.brakes)
        policy.deltas = deltas ?? policy.deltas
        policy.downgrade = downgrade ?? policy.downgrade
        if let minimumVersion { policy.minimumVersion = minimumVersion }
        return policy
    }
}

/// What to change of the brakes; `nil` leaves a field as it is, `.some(nil)` takes a brake away.
package struct BrakesChange: Hashable, Sendable {
    package var failurePercent: Int??
    package var failureSample: Int?
    package var timeOuts: PerStage?
    package var silent: Int??
    package var silenceSeconds: Int64?

    package init() {}

    package init(everything brakes: Brakes) {
        failurePercent = .some(brakes.failurePercent)
        failureSample = brakes.failureSample
        timeOuts = brakes.timeOuts
        silent = .some(brakes.silent)
        silenceSeconds = brakes.silenceSeconds
    }

    func edited(_ brakes: Brakes) -> Brakes {
        var brakes = brakes
        if let failurePercent { brakes.failurePercent = failurePercent }
        brakes.failureSample = failureSample ?? brakes.failureSample
        brakes.timeOuts = timeOuts ?? brakes.timeOuts
        if let silent { brakes.silent = silent }
        brakes.silenceSeconds = silenceSeconds ?? brakes.silenceSeconds
        return brakes
    }
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
        policy: RolloutPolicy = .standard, labels: LabelQuery? = nil, by caller: Caller
    ) async throws(OperationError) -> Group {
        try require(.admin, of: caller)
        try PolicyCheck(zones: zones).check(policy)
        let group = Group(
            application: application, name: name, track: track, channel: channel, policy: policy, labels: labels,
            createdAt: now)
        let object = Self.object(application, name.rawValue)
        try await commit(.createGroup(group), by: caller, "group.create", on: object, Self.text(of: group))
        return group
    }

    /// Merges `change` into the group as it is.
    /// - Parameter seen: the group as the caller saw it; `nil` to change it whatever it is now.
    /// - Throws: ``OperationError/changed(_:_:)`` where it is not `seen` any more.
    package func changeGroup(
        _ name: GroupName, of application: ApplicationID, _ change: GroupChange, ifStill seen: Group? = nil,
        by caller: Caller
    ) async throws(OperationError) -> Group {
        try require(.admin, of: caller)
        var attempts = seen == nil ? Self.mergeAttempts : 1
        while true {
            var group = try await self.group(name, of: application, by: caller)
            if let seen, seen != group { throw .changed(.group, name.rawValue) }
            let previous = group
            try edit(&group, change)
            let object = Self.object(application, name.rawValue)
            do {
                let text = Self.text(of: group)
                try await commit(.updateGroup(group, from: previous), by: caller, "group.set", on: object, text)
                return group
            } catch {
                guard case .store(.changed) = error else { throw error }
                attempts -= 1
                if seen != nil { throw .changed(.group, name.rawValue) }
                if attempts == 0 { throw error }
            }
        }
    }

    /// So often a change is merged anew into what somebody else wrote meanwhile.
    private static let mergeAttempts = 5

    private func edit(_ group: inout Group, _ change: GroupChange) throws(OperationError) {
        group.track = change.track ?? group.track
        group.channel = change.channel ?? group.channel
        group.policy = change.edited(group.policy)
        if let labels = change.labels { group.labels = labels }
        try PolicyCheck(zones: zones).check(group.policy)
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

    /// When the group's download budget has paid for what was granted; `nil` where it has, or there is none.
    package func downloadsFreeAt(of group: Group, by caller: Caller) async throws(OperationError) -> Timestamp? {
        try require(.viewer, of: caller)
        guard let rate = group.policy.downloadBytesPerSecond else { return nil }
        let meter = try await reading { () async throws(FleetStoreError) in
            try await store.downloads(of: group.name, in: group.application)
        }
        return meter?.nextFree(rate, at: now)
    }

    package func rollouts(of name: GroupName, in application: ApplicationID, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<RolloutState>
    {
        _ = try await group(name, of: application, by: caller)
        return try await reading { () async throws(FleetStoreError) in
            try await store.rollouts(of: name, in: application, page)
        }
    }

    private static func text(of group: Group) -> String {
        let policy = group.policy
        var words = [
            "track \(group.track)", "channel \(group.channel)", policy.isEnabled ? "enabled" : "disabled",
            "in progress at most \(policy.maximumInProgress.map(String.init) ?? "any number")",
            "stop after \(policy.stopAfterFailures.map(String.init) ?? "no number of") failures",
            "stage deadline \(SpanText.text(policy.stageDeadlineSeconds))",
        ]
        if let labels = group.labels { words.append("labels \(labels)") }
        if let ramp = policy.ramp { words.append("ramp \(ramp.words)") }
        if let rate = policy.rate { words.append("at most \(rate.maximum) in \(SpanText.text(rate.seconds))") }
        if let rate = policy.downloadBytesPerSecond { words.append("downloads \(RateText.text(rate))") }
        if let canary = policy.canary {
            words.append("first \(canary.size) machines for \(SpanText.text(canary.soakSeconds))")
        }
        if let order = policy.after { words.append("after \(order.group) at \(order.percent) %") }
        if !policy.windows.isEmpty {
            words.append("offers " + policy.windows.map(\.description).joined(separator: "; "))
        }
        if policy.brakes != Brakes() { words.append("further brakes") }
        if policy.deltas != .prefer { words.append("deltas: \(policy.deltas.rawValue)") }
        if policy.downgrade != .never { words.append("downgrade: \(policy.downgrade.rawValue)") }
        if let minimum = policy.minimumVersion { words.append("from \(minimum) on") }
        return words.joined(separator: ", ")
    }
}
