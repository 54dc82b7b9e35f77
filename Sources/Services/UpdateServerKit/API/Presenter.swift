import FleetAPI
import FleetModel
import FleetOperations
import OmahaProtocol
import UpdateModel

/// Turns what the fleet's model knows into what the API shows.
struct Presenter {
    let control: FleetControl
    let caller: Caller
    /// Without a slash at its end.
    let serverURL: String

    func application(_ value: Application) -> ApplicationResource {
        ApplicationResource(id: value.id, name: value.name, createdAt: value.createdAt)
    }

    func release(_ value: Release) async throws(OperationError) -> ReleaseResource {
        let page = PageRequest(limit: PageRequest.limitMaximum)
        let payloads = try await control.payloads(of: value.application, version: value.version, page, by: caller)
        var release = ReleaseResource(
            application: value.application, version: value.version, notes: value.notes, createdAt: value.createdAt,
            payloads: payloads.items.map(payload))
        release.block = value.block
        release.floor = value.floor
        return release
    }

    func payload(_ value: Payload) -> PayloadResource {
        let place = value.mirrors.first?.url.text
        var payload = PayloadResource(
            application: value.application, version: value.version, architecture: value.architecture,
            source: value.source, sha256: value.sha256, sha1: value.sha1, size: value.size, fileName: value.fileName,
            format: value.format, url: place ?? serverURL + PayloadRoutes.directory(of: value.sha256) + value.fileName,
            addedAt: value.addedAt)
        payload.mirrors = value.isElsewhere ? value.mirrors.map(MirrorResource.init) : nil
        return payload
    }

    func channel(_ value: Channel) -> ChannelResource {
        var channel = ChannelResource(
            application: value.application, name: value.name, version: value.version, changedAt: value.changedAt)
        channel.follows = value.rules.follows
        channel.secondPerson = value.rules.needsSecondPerson ? true : nil
        channel.request = value.request.map(MoveRequestResource.init)
        channel.etag = EntityTag(value).text
        return channel
    }

    /// With what it waits for, which a list leaves out.
    func channelAlone(_ value: Channel) async throws(OperationError) -> ChannelResource {
        var channel = channel(value)
        if let standing = try await control.followStanding(of: value, by: caller) {
            channel.following = FollowResource(state: standing.state, text: standing.text, until: standing.until)
        }
        return channel
    }

    func token(_ value: AccessToken) -> TokenResource {
        TokenResource(id: value.id, name: value.name, role: value.role, createdAt: value.createdAt)
    }
}

// Groups.
extension Presenter {
    func group(_ value: Group) async throws(OperationError) -> GroupResource {
        let channel = try await control.channel(value.channel, of: value.application, by: caller)
        let rollout = try await control.currentRollout(of: value, by: caller)
        let census = try await control.census(of: value.name, in: value.application, by: caller)
        var group = GroupResource(
            application: value.application, name: value.name, track: value.track, channel: value.channel,
            version: channel.version, policy: policy(value.policy),
            rollout: rollout.map { self.rollout($0, value.policy) },
            machines: counts(census), createdAt: value.createdAt, labels: value.labels, undo: value.undo)
        let floors = try await control.floors(of: value, by: caller).map { self.floor($0, value.policy) }
        group.floors = floors.isEmpty ? nil : floors
        group.downloadsFreeAt = try await control.downloadsFreeAt(of: value, by: caller)
        group.secrets = value.isPrivate ? value.secrets.map(GroupSecretResource.init) : nil
        group.etag = EntityTag(value).text
        group.rolloutTag = try await control.rolloutSight(of: value, by: caller).map { EntityTag($0).text }
        return group
    }

    private func floor(_ value: FloorStanding, _ policy: RolloutPolicy) -> FloorResource {
        var rollout = value.rollout.map { self.rollout($0, policy) }
        // The ramp is the target's: a machine queues once.
        rollout?.rampPercent = nil
        return FloorResource(
            version: value.release.version, reason: value.release.floor?.reason ?? "", rollout: rollout)
    }

    private func policy(_ value: RolloutPolicy) -> PolicyResource {
        var policy = PolicyResource(
            enabled: value.isEnabled, maxInProgress: value.maximumInProgress,
            stopAfterFailures: value.stopAfterFailures, stageDeadlineSeconds: value.stageDeadlineSeconds)
        policy.stageDeadlines = value.stageDeadlines.isEmpty ? nil : value.stageDeadlines
        policy.rate = value.rate
        policy.downloadRate = value.downloadBytesPerSecond
        policy.ramp = value.ramp
        policy.canary = value.canary
        policy.windows = value.windows.isEmpty ? nil : value.windows.map { WindowText($0) }
        policy.after = value.after
        policy.brakes = value.brakes == Brakes() ? nil : value.brakes
        policy.deltas = value.deltas == .prefer ? nil : value.deltas
        policy.downgrade = value.downgrade == .never ? nil : value.downgrade
        policy.minimumVersion = value.minimumVersion
        return policy
    }

    private func rollout(_ value: RolloutState, _ policy: RolloutPolicy) -> RolloutResource {
        var rollout = RolloutResource(
            version: value.id.version, state: Self.state(of: value), granted: value.granted,
            inProgress: value.inProgress, completed: value.completed, failed: value.failed, expired: value.expired,
            stoppedAt: value.stop?.at, stopReason: value.stop?.reason)
        rollout.brake = value.stop?.brake
        rollout.control = value.control
        let notes = value.stop?.failures ?? value.failures
        rollout.notes = notes.isEmpty ? nil : notes.map(note)
        rollout.timedOut = value.timedOut.isEmpty ? nil : value.timedOut
        rollout.silent = value.silent == 0 ? nil : value.silent
        rollout.startedAt = value.startedAt
        if policy.canary != nil {
            rollout.canariesDone = value.canariesDone
            rollout.canariesDoneAt = value.canariesDoneAt
        }
        guard let ramp = policy.ramp else { return rollout }
        rollout.rampStartedAt = value.rampStartedAt
        let end = [value.stop?.at, value.control?.at].compactMap { $0 }.min() ?? control.now
        rollout.rampPercent = value.rampStartedAt.map { ramp.share(after: end.seconds(since: $0)) * 100 } ?? 0
        return rollout
    }

    private static func state(of value: RolloutState) -> RolloutResource.State {
        if value.control?.kind == .aborted { return .aborted }
        if value.stop != nil { return .stopped }
        return value.control == nil ? .running : .paused
    }

    private func note(_ value: RolloutFailure) -> RolloutNote {
        RolloutNote(machine: value.machine, at: value.at, code: value.code, text: value.reason)
    }

    private func counts(_ value: GroupCensus) -> MachineCounts {
        func named<Key>(_ counts: [Key: Int], _ name: (Key) -> String) -> [String: Int] {
            Dictionary(counts.filter { $0.value > 0 }.map { (name($0.key), $0.value) }, uniquingKeysWith: +)
        }
        return MachineCounts(
            total: value.total, byVersion: named(value.versions) { $0 }, byStage: named(value.stages, \.rawValue),
            byHold: named(value.holds, \.name), clones: value.clones > 0 ? value.clones : nil)
    }
}

// Machines and what happened to them.
extension Presenter {
    func machine(_ value: Machine) -> MachineResource {
        let withheld = value.withheld.filter { !$0.isReleased }.map(\.version)
        var machine = MachineResource(
            application: value.application, id: value.id, alias: value.alias, track: value.track, group: value.group,
            version: value.version, architecture: value.architecture, bootedSlot: value.bootedSlot, stage: value.stage,
            stageSince: value.stageSince, grantedVersion: value.grant?.version,
            hold: value.hold.map { HoldResource(reason: $0.name, text: $0.text, until: value.holdUntil) },
            lastError: value.lastError.map { error($0.code, reason: $0.reason, at: $0.at) },
            rollback: value.rollback.map { RollbackResource($0, at: control.now) },
            withheld: withheld.isEmpty ? nil : withheld, engine: value.engine, address: value.address,
            oem: value.oem, firstSeenAt: value.firstSeenAt, lastSeenAt: value.lastSeenAt)
        machine.labels = value.settings.labels.isEmpty ? nil : value.settings.labels
        machine.movedTo = value.settings.group
        machine.pin = value.settings.pin
        machine.heldBy = value.settings.hold
        machine.clone = value.clone.map { CloneResource($0) }
        machine.etag = EntityTag(value.settings).text
        return machine
    }

    func hold(_ value: GroupHold) -> GroupHoldResource {
        GroupHoldResource(
            reason: value.reason.name, text: value.reason.text, machines: value.count, until: value.until)
    }

    func clock(_ value: ClockWatch.Reading) -> ClockResource {
        ClockResource(
            now: value.now, trusted: value.alarm == nil, jumpSeconds: value.alarm?.jumpSeconds, since: value.alarm?.at)
    }

    func event(_ value: MachineEvent) -> EventResource {
        EventResource(
            number: value.number, at: value.at, application: value.application, machine: value.machine,
            group: value.group, kind: value.kind, type: value.type, result: value.result,
            error: value.code.map { error($0, reason: nil, at: value.at) }, version: value.version,
            previousVersion: value.previousVersion, text: value.text)
    }

    /// Explains a code in the words of `update_engine`. Codes that do not fit 32 bits have no words.
    private func error(_ code: Int64?, reason: String?, at: Timestamp) -> ErrorResource {
        let known = code.flatMap { Int32(exactly: $0) }.map { OmahaErrorCode(rawValue: $0) }
        return ErrorResource(
            code: code, name: known?.name, meaning: known?.meaning, reason: reason?.isEmpty == true ? nil : reason,
            at: at)
    }
}
