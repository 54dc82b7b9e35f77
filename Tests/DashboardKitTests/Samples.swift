import FleetAPI
import FleetModel
import UpdateModel

/// A small fleet with one of everything.
enum Samples {
    static let now = Timestamp(microseconds: 1_795_000_000_000_000)

    static func overview(
        alias: String = "rack7-node3", eventText: String = "Download started.",
        stopReason: String = "3 machines failed.", machineTotal: Int = 5, rollback: RollbackOrder? = nil,
        _ edit: (inout [ChannelResource], inout GroupResource, inout ListPage<PayloadResource>?) throws -> Void = { _, _, _ in }
    ) throws -> FleetOverview {
        let app = try ApplicationID("{e96281a6-d1af-4bde-9a0a-97b76e56dc57}")
        let target = try Version("4000.0.0")
        var channels = [
            ChannelResource(application: app, name: try ChannelName("alpha"), version: target, changedAt: now),
            ChannelResource(application: app, name: try ChannelName("beta"), version: nil, changedAt: now),
            ChannelResource(application: app, name: try ChannelName("stable"), version: target, changedAt: now),
        ]
        var group = try group(app, target, stopReason)
        var elsewhere: ListPage<PayloadResource>?
        try edit(&channels, &group, &elsewhere)
        var overview = ApplicationOverview(
            application: ApplicationResource(id: app, name: "flatcar", createdAt: now), channels: channels,
            groups: [group])
        overview.elsewhere = elsewhere
        return FleetOverview(
            at: now, serverVersion: "0.1.0", applications: [overview],
            machines: ListPage(items: try machines(app, target, alias, rollback), total: machineTotal),
            events: ListPage(items: [try event(app, eventText)], total: 1))
    }

    /// Lies at two places, each with its trouble.
    static func payload(_ troubles: [MirrorTrouble.Kind?], _ text: String = "It answers with status 404.") throws -> PayloadResource {
        let bytes = [UInt8](repeating: 1, count: 32)
        guard let digest = SHA256Digest(bytes: bytes) else { throw CancellationError() }
        var payload = PayloadResource(
            application: try ApplicationID("os"), version: try Version("4000.0.0"), architecture: .amd64, source: nil,
            sha256: digest, sha1: "", size: 500 << 20, fileName: "update.crau", format: 1, url: "", addedAt: now)
        payload.mirrors = try troubles.enumerated().map { index, kind in
            let trouble = kind.map { MirrorTrouble(kind: $0, since: now.adding(seconds: -300), text: text) }
            return MirrorResource(
                PayloadMirror(url: try PayloadURL("https://m\(index).example/update.crau"), marks: [], trouble: trouble))
        }
        return payload
    }

    private static func group(_ app: ApplicationID, _ target: Version, _ stopReason: String) throws -> GroupResource {
        GroupResource(
            application: app, name: try GroupName("web"), track: try Track("stable"),
            channel: try ChannelName("stable"),
            version: target,
            policy: PolicyResource(enabled: true, maxInProgress: 2, stopAfterFailures: 3, stageDeadlineSeconds: 86_400),
            rollout: RolloutResource(
                version: target, state: .stopped, granted: 4, inProgress: 1, completed: 1, failed: 3, expired: 0,
                stoppedAt: now.adding(seconds: -100), stopReason: stopReason),
            machines: MachineCounts(
                total: 5, byVersion: ["3000.0.0": 3, "4000.0.0": 2], byStage: [:], byHold: [:]), createdAt: now)
    }

    private static func machines(
        _ app: ApplicationID, _ target: Version, _ alias: String, _ rollback: RollbackOrder?
    ) throws -> [MachineResource] {
        let stages: [MachineStage] = [.complete, .downloading, .held, .failed, .registered]
        return try stages.enumerated().map { index, stage in
            MachineResource(
                application: app, id: try MachineID("0123456789abcdef0123456789abcde\(index)"),
                alias: index == 0 ? alias : nil, track: "stable", group: try GroupName("web"),
                version: index == 0 ? target : try Version("3000.0.0"), architecture: .amd64, bootedSlot: .a,
                stage: stage, stageSince: now, grantedVersion: stage == .downloading ? target : nil,
                hold: stage == .held
                    ? HoldResource(reason: "limit-in-progress", text: HoldReason.limitInProgress.text) : nil,
                lastError: stage == .failed
                    ? ErrorResource(
                        code: 44, name: "RollbackError",
                        meaning: "The new release did not become healthy, and the machine fell back to the old one.",
                        reason: "health gate: no network", at: now) : nil,
                rollback: index == 0 ? rollback.map { RollbackResource($0, at: now) } : nil,
                address: "192.0.2.1", oem: nil, firstSeenAt: now, lastSeenAt: now.adding(seconds: -12))
        }
    }

    private static func event(_ app: ApplicationID, _ text: String) throws -> EventResource {
        EventResource(
            number: 1, at: now.adding(seconds: -3), application: app, machine: try MachineID("m1"),
            group: try GroupName("web"), kind: .downloading, type: 13, result: 1, error: nil,
            version: try Version("4000.0.0"), previousVersion: nil, text: text)
    }
}
