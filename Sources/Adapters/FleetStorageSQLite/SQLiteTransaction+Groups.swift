internal import FleetModel
internal import FleetStorage
internal import GRDB
internal import RolloutPlanning
internal import UpdateModel

// Channels, groups, roll-outs, counters.
extension SQLiteTransaction {
    func channel(_ name: ChannelName, of application: ApplicationID) throws -> Channel? {
        let sql = "SELECT \(Channel.columns) FROM channel WHERE application = ? AND name = ?"
        return try first(sql, [application.canonical, name.rawValue]) { try Channel(reading: &$0) }
    }

    func firstChannel(at version: Version, of application: ApplicationID) throws -> ChannelName? {
        let sql = "SELECT name FROM channel WHERE application = ? AND version = ? ORDER BY name LIMIT 1"
        return try first(sql, [application.canonical, version.text]) { try $0.name() }
    }

    func put(_ channel: Channel) throws {
        let sql = "INSERT OR REPLACE INTO channel (\(Channel.columns)) VALUES (?, ?, ?, ?)"
        try run(
            sql,
            [
                channel.application.canonical, channel.name.rawValue, channel.version?.text,
                channel.changedAt.microseconds,
            ])
    }

    func removeChannel(_ name: ChannelName, of application: ApplicationID) throws {
        try run("DELETE FROM channel WHERE application = ? AND name = ?", [application.canonical, name.rawValue])
    }

    func append(_ move: ChannelMove) throws {
        try run(
            "INSERT INTO channel_move (\(ChannelMove.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                move.application.canonical, move.channel.rawValue, move.previous?.text, move.version.text,
                move.promotedFrom?.rawValue, move.movedBy, move.movedAt.microseconds, try jsonText(move.evidence),
            ])
    }

    func group(_ name: GroupName, of application: ApplicationID) throws -> Group? {
        let sql = "SELECT \(Group.columns) FROM machine_group g WHERE g.application = ? AND g.name = ?"
        return try first(sql, [application.canonical, name.rawValue]) { try Group(reading: &$0) }
    }

    func firstGroup(following channel: ChannelName, of application: ApplicationID) throws -> GroupName? {
        let sql = "SELECT name FROM machine_group WHERE application = ? AND channel = ? ORDER BY name LIMIT 1"
        return try first(sql, [application.canonical, channel.rawValue]) { try $0.name() }
    }

    func put(_ group: Group) throws {
        let sql = """
            INSERT OR REPLACE INTO machine_group (application, name, track, channel, is_enabled, maximum_in_progress,
                stop_after_failures, stage_deadline_seconds, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        let policy = group.policy
        try run(
            sql,
            [
                group.application.canonical, group.name.rawValue, group.track.rawValue, group.channel.rawValue,
                policy.isEnabled ? 1 : 0, policy.maximumInProgress, policy.stopAfterFailures,
                policy.stageDeadlineSeconds, group.createdAt.microseconds,
            ])
    }

    func removeGroup(_ name: GroupName, of application: ApplicationID) throws {
        let key: StatementArguments = [application.canonical, name.rawValue]
        try run("DELETE FROM machine_group WHERE application = ? AND name = ?", key)
        try run("DELETE FROM rollout WHERE application = ? AND machine_group = ?", key)
        try run("DELETE FROM census WHERE application = ? AND machine_group = ?", key)
    }

    func facts(track: String, of application: ApplicationID, for architecture: Architecture?) throws -> TrackFacts? {
        let key = TrackCache.Key(application: application, track: track, architecture: architecture)
        if let known = cache?.facts(key) { return known }
        let facts = try storedFacts(key)
        // Unknown tracks are not kept: machines can make up any number of them.
        if let facts { cache?.keep(facts, for: key) }
        return facts
    }

    private func storedFacts(_ key: TrackCache.Key) throws -> TrackFacts? {
        let sql = """
            SELECT \(Group.columns), c.version FROM machine_group g
            LEFT JOIN channel c ON c.application = g.application AND c.name = g.channel
            WHERE g.application = ? AND g.track = ?
            """
        let facts = try first(sql, [key.application.canonical, key.track]) { row in
            TrackFacts(group: try Group(reading: &row), version: try row.optionalVersion(), payload: nil)
        }
        guard var facts, let version = facts.version, let architecture = key.architecture else { return facts }
        let payloadSQL = """
            SELECT \(Payload.columns) FROM payload
            WHERE application = ? AND version = ? AND architecture = ? AND source = ''
            """
        facts.payload = try first(payloadSQL, [key.application.canonical, version.text, architecture.name]) {
            try Payload(reading: &$0)
        }
        return facts
    }

    func rollout(_ id: RolloutID) throws -> RolloutState? {
        let sql = """
            SELECT \(RolloutState.columns) FROM rollout WHERE application = ? AND machine_group = ? AND version = ?
            """
        return try first(sql, [id.application.canonical, id.group.rawValue, id.version.text]) {
            try RolloutState(reading: &$0)
        }
    }

    func put(_ rollout: RolloutState) throws {
        let failures = rollout.failures.isEmpty ? nil : try jsonText(rollout.failures)
        try run(
            "INSERT OR REPLACE INTO rollout (\(RolloutState.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                rollout.id.application.canonical, rollout.id.group.rawValue, rollout.id.version.text, rollout.granted,
                rollout.inProgress, rollout.completed, rollout.failed, rollout.expired, rollout.failedSinceResume,
                failures, try rollout.stop.map(jsonText),
            ])
    }

    func count(_ dimension: CensusKey.Dimension, of group: GroupName, in application: ApplicationID) throws -> Int {
        let sql = """
            SELECT count FROM census WHERE application = ? AND machine_group = ? AND dimension = ? AND value = ''
            """
        return try number(sql, [application.canonical, group.rawValue, dimension.rawValue])
    }
}

extension Channel {
    static let columns = "application, name, version, changed_at"

    init(reading row: inout RowReader) throws {
        self.init(
            application: try row.application(), name: try row.name(), version: try row.optionalVersion(),
            changedAt: try row.time())
    }
}

extension ChannelMove {
    static let columns = "application, channel, previous, version, promoted_from, moved_by, moved_at, evidence"

    init(reading row: inout RowReader) throws {
        self.init(
            application: try row.application(), channel: try row.name(), previous: try row.optionalVersion(),
            version: try row.version(), promotedFrom: try row.optionalName(), movedBy: try row.text(),
            movedAt: try row.time(), evidence: try row.optionalJSON() ?? [])
    }
}

extension Group {
    static let columns = """
        g.application, g.name, g.track, g.channel, g.is_enabled, g.maximum_in_progress, g.stop_after_failures,
        g.stage_deadline_seconds, g.created_at
        """

    init(reading row: inout RowReader) throws {
        self.init(
            application: try row.application(), name: try row.name(), track: try row.name(),
            channel: try row.name(),
            policy: RolloutPolicy(
                isEnabled: try row.flag(), maximumInProgress: try row.optionalInteger(),
                stopAfterFailures: try row.optionalInteger(), stageDeadlineSeconds: Int64(try row.integer())),
            createdAt: try row.time())
    }
}

extension RolloutState {
    static let columns = """
        application, machine_group, version, granted, in_progress, completed, failed, expired, failed_since_resume,
        failures, stop
        """

    init(reading row: inout RowReader) throws {
        self.init(
            id: RolloutID(application: try row.application(), group: try row.name(), version: try row.version()))
        granted = try row.integer()
        inProgress = try row.integer()
        completed = try row.integer()
        failed = try row.integer()
        expired = try row.integer()
        failedSinceResume = try row.integer()
        failures = try row.optionalJSON() ?? []
        stop = try row.optionalJSON()
    }
}
