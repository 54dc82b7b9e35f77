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

    func channels(of application: ApplicationID) throws -> [Channel] {
        let sql = "SELECT \(Channel.columns) FROM channel WHERE application = ? ORDER BY name"
        return try all(sql, [application.canonical]) { try Channel(reading: &$0) }
    }

    func groups(of application: ApplicationID) throws -> [Group] {
        let sql = "SELECT \(Group.columns) FROM machine_group g WHERE g.application = ? ORDER BY g.name"
        return try all(sql, [application.canonical]) { try Group(reading: &$0) }
    }

    func firstChannel(at version: Version, of application: ApplicationID) throws -> ChannelName? {
        let sql = "SELECT name FROM channel WHERE application = ? AND version = ? ORDER BY name LIMIT 1"
        return try first(sql, [application.canonical, version.text]) { try $0.name() }
    }

    func put(_ channel: Channel) throws {
        let sql = "INSERT OR REPLACE INTO channel (\(Channel.columns)) VALUES (?, ?, ?, ?, ?, ?, ?)"
        try run(
            sql,
            [
                channel.application.canonical, channel.name.rawValue, channel.version?.text,
                channel.changedAt.microseconds, channel.settledAt.microseconds,
                channel.rules == ChannelRules() ? nil : try jsonText(channel.rules),
                try channel.request.map(jsonText),
            ])
    }

    func removeChannel(_ name: ChannelName, of application: ApplicationID) throws {
        try run("DELETE FROM channel WHERE application = ? AND name = ?", [application.canonical, name.rawValue])
    }

    func append(_ move: ChannelMove) throws {
        try run(
            "INSERT INTO channel_move (\(ChannelMove.columns)) VALUES (\(Self.marks(9)))",
            [
                move.application.canonical, move.channel.rawValue, move.previous?.text, move.version.text,
                move.promotedFrom?.rawValue, move.movedBy, move.movedAt.microseconds, try jsonText(move.evidence),
                try jsonText(MoveExtras(of: move)),
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

    func groups(following channel: ChannelName, of application: ApplicationID) throws -> [Group] {
        let sql =
            "SELECT \(Group.columns) FROM machine_group g WHERE g.application = ? AND g.channel = ? ORDER BY g.name"
        return try all(sql, [application.canonical, channel.rawValue]) { try Group(reading: &$0) }
    }

    func put(_ group: Group) throws {
        let sql = """
            INSERT OR REPLACE INTO machine_group (application, name, track, channel, is_enabled, maximum_in_progress,
                stop_after_failures, stage_deadline_seconds, created_at, policy, labels, undo, secrets)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        let policy = group.policy
        try run(
            sql,
            [
                group.application.canonical, group.name.rawValue, group.track.rawValue, group.channel.rawValue,
                policy.isEnabled ? 1 : 0, policy.maximumInProgress, policy.stopAfterFailures,
                policy.stageDeadlineSeconds, group.createdAt.microseconds, try jsonText(policy), group.labels?.text,
                try group.undo.map(jsonText), group.isPrivate ? try jsonText(group.secrets) : nil,
            ])
    }

    func removeGroup(_ name: GroupName, of application: ApplicationID) throws {
        let key: StatementValues = [application.canonical, name.rawValue]
        try run("DELETE FROM machine_group WHERE application = ? AND name = ?", key)
        try run("DELETE FROM rollout WHERE application = ? AND machine_group = ?", key)
        try run("DELETE FROM census WHERE application = ? AND machine_group = ?", key)
        try run("DELETE FROM grant_meter WHERE application = ? AND machine_group = ?", key)
        try run("DELETE FROM download_meter WHERE application = ? AND machine_group = ?", key)
    }

    func facts(track: String, of application: ApplicationID, for architecture: Architecture?) throws -> TrackFacts? {
        try facts(TrackCache.Key(application: application, place: .track(track), architecture: architecture))
    }

    func facts(group: GroupName, of application: ApplicationID, for architecture: Architecture?) throws -> TrackFacts? {
        try facts(TrackCache.Key(application: application, place: .group(group), architecture: architecture))
    }

    private func facts(_ key: TrackCache.Key) throws -> TrackFacts? {
        if let known = cache?.facts(key) { return known }
        let facts = try storedFacts(key)
        // Unknown tracks are not kept: machines can make up any number of them.
        if let facts { cache?.keep(facts, for: key) }
        return facts
    }

    private func storedFacts(_ key: TrackCache.Key) throws -> TrackFacts? {
        let (column, value) = key.place.condition
        let sql = """
            SELECT \(Group.columns), c.version FROM machine_group g
            LEFT JOIN channel c ON c.application = g.application AND c.name = g.channel
            WHERE g.application = ? AND g.\(column) = ?
            """
        let facts = try first(sql, [key.application.canonical, value]) { row in
            TrackFacts(group: try Group(reading: &row), version: try row.optionalVersion(), zones: zones)
        }
        guard var facts else { return nil }
        facts.isPrivate = try hasPrivateGroup(key.application)
        guard let version = facts.version else { return facts }
        facts.block = try release(version, of: key.application)?.block
        facts.payloads = try payloads(of: version, for: key)
        let channel = facts.group.channel
        facts.floors = try floors(of: key.application).filter { $0.floor?.concerns(channel) == true }.map {
            TrackFacts.Floor(release: $0, payloads: try payloads(of: $0.version, for: key))
        }
        return facts
    }

    private func payloads(of version: Version, for key: TrackCache.Key) throws -> [Payload] {
        guard let architecture = key.architecture else { return [] }
        let sql = """
            SELECT \(Payload.columns) FROM payload
            WHERE application = ? AND version = ? AND architecture = ?
            """
        return try all(sql, [key.application.canonical, version.text, architecture.name]) {
            try Payload(reading: &$0)
        }
    }

    func hasPrivateGroup(_ application: ApplicationID) throws -> Bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM machine_group WHERE application = ? AND secrets IS NOT NULL)"
        return try number(sql, [application.canonical]) != 0
    }

    func privateGroups(of application: ApplicationID) throws -> [Group] {
        let sql = """
            SELECT \(Group.columns) FROM machine_group g WHERE g.application = ? AND g.secrets IS NOT NULL ORDER BY g.name
            """
        return try all(sql, [application.canonical]) { try Group(reading: &$0) }
    }

    func labelGroups(of application: ApplicationID) throws -> [Group] {
        if let known = cache?.labelGroups(of: application) { return known }
        let sql = """
            SELECT \(Group.columns) FROM machine_group g WHERE g.application = ? AND g.labels IS NOT NULL ORDER BY g.name
            """
        let groups = try all(sql, [application.canonical]) { try Group(reading: &$0) }
        cache?.keep(labelGroups: groups, of: application)
        return groups
    }

    func firstGroup(after group: GroupName, of application: ApplicationID) throws -> GroupName? {
        let sql = "SELECT \(Group.columns) FROM machine_group g WHERE g.application = ? ORDER BY g.name"
        return try all(sql, [application.canonical]) { try Group(reading: &$0) }
            .first { $0.policy.after?.group == group }?.name
    }

    func meter(of group: GroupName, in application: ApplicationID) throws -> GrantMeter? {
        let sql = "SELECT meter FROM grant_meter WHERE application = ? AND machine_group = ?"
        guard let text = try first(sql, [application.canonical, group.rawValue], { try $0.text() }) else { return nil }
        guard let meter = GrantMeter(text: text) else { throw FleetStoreError.corrupt("the meter “\(text)”") }
        return meter
    }

    func put(_ meter: GrantMeter, of group: GroupName, in application: ApplicationID) throws {
        try run(
            "INSERT OR REPLACE INTO grant_meter (application, machine_group, meter) VALUES (?, ?, ?)",
            [application.canonical, group.rawValue, meter.text])
    }

    func downloads(of group: GroupName, in application: ApplicationID) throws -> DownloadMeter? {
        let sql = "SELECT owed_bytes, at FROM download_meter WHERE application = ? AND machine_group = ?"
        return try first(sql, [application.canonical, group.rawValue]) { row in
            DownloadMeter(owedBytes: UInt64(clamping: try row.integer()), at: try row.time())
        }
    }

    func put(_ meter: DownloadMeter, of group: GroupName, in application: ApplicationID) throws {
        try run(
            "INSERT OR REPLACE INTO download_meter (application, machine_group, owed_bytes, at) VALUES (?, ?, ?, ?)",
            [application.canonical, group.rawValue, Int64(clamping: meter.owedBytes), meter.at.microseconds])
    }

    func rollout(_ id: RolloutID) throws -> RolloutState? {
        guard let memory else { return try storedRollout(id) }
        return try memory.rollouts.value(id) { try storedRollout(id) }
    }

    private func storedRollout(_ id: RolloutID) throws -> RolloutState? {
        let sql = """
            SELECT \(RolloutState.columns) FROM rollout WHERE application = ? AND machine_group = ? AND version = ?
            """
        return try first(sql, [id.application.canonical, id.group.rawValue, id.version.text]) {
            try RolloutState(reading: &$0)
        }
    }

    func put(_ rollout: RolloutState) throws {
        if let memory { return memory.rollouts.set(rollout, for: rollout.id) }
        let failures = rollout.failures.isEmpty ? nil : try jsonText(rollout.failures)
        try run(
            "INSERT OR REPLACE INTO rollout (\(RolloutState.columns)) VALUES (\(Self.marks(21)))",
            [
                rollout.id.application.canonical, rollout.id.group.rawValue, rollout.id.version.text, rollout.granted,
                rollout.inProgress, rollout.completed, rollout.failed, rollout.expired, rollout.failedSinceResume,
                failures, try rollout.stop.map(jsonText), rollout.startedAt?.microseconds, rollout.turnAt?.microseconds,
                rollout.canariesOpen, rollout.canariesDone, rollout.canariesDoneAt?.microseconds,
                rollout.rampStartedAt?.microseconds, rollout.completedSinceResume, rollout.silent,
                rollout.silentSinceResume, try RolloutExtras(of: rollout).map(jsonText),
            ])
    }

    func count(
        _ dimension: CensusKey.Dimension, _ value: String, of group: GroupName, in application: ApplicationID
    ) throws -> Int {
        try count(of: CensusKey(application: application, group: group, dimension: dimension, value: value))
    }
}

/// What of a roll-out changes seldom, and is kept as JSON.
private struct RolloutExtras: Codable {
    var control: RolloutControl?
    var timedOut: PerStage?
    var timedOutSinceResume: PerStage?
    var predecessorDoneSince: Timestamp?

    /// `nil` where there is nothing to keep, as for most.
    init?(of state: RolloutState) {
        control = state.control
        timedOut = state.timedOut.isEmpty ? nil : state.timedOut
        timedOutSinceResume = state.timedOutSinceResume.isEmpty ? nil : state.timedOutSinceResume
        predecessorDoneSince = state.predecessorDoneSince
        if control == nil, timedOut == nil, timedOutSinceResume == nil, predecessorDoneSince == nil { return nil }
    }

    func restore(_ state: inout RolloutState) {
        state.control = control
        state.timedOut = timedOut ?? PerStage()
        state.timedOutSinceResume = timedOutSinceResume ?? PerStage()
        state.predecessorDoneSince = predecessorDoneSince
    }
}

/// Why a channel was moved, and on what evidence.
private struct MoveExtras: Codable {
    var reason: String?
    var request: MoveRequest?
    var follow: ChannelFollow?
    var record: ReleaseRecord?

    init(of move: ChannelMove) {
        reason = move.reason
        request = move.request
        follow = move.follow
        record = move.record
    }

    func restore(_ move: inout ChannelMove) {
        move.reason = reason
        move.request = request
        move.follow = follow
        move.record = record
    }
}

extension Channel {
    static let columns = "application, name, version, changed_at, settled_at, rules, request"

    init(reading row: inout RowReader) throws {
        self.init(
            application: try row.application(), name: try row.name(), version: try row.optionalVersion(),
            changedAt: try row.time(), settledAt: try row.optionalTime(),
            rules: try row.optionalJSON() ?? ChannelRules(), request: try row.optionalJSON())
    }
}

extension ChannelMove {
    static let columns = "application, channel, previous, version, promoted_from, moved_by, moved_at, evidence, more"

    init(reading row: inout RowReader) throws {
        self.init(
            application: try row.application(), channel: try row.name(), previous: try row.optionalVersion(),
            version: try row.version(), promotedFrom: try row.optionalName(), movedBy: try row.text(),
            movedAt: try row.time(), evidence: try row.optionalJSON() ?? [])
        (try row.optionalJSON() as MoveExtras?)?.restore(&self)
    }
}

extension Group {
    static let columns = """
        g.application, g.name, g.track, g.channel, g.is_enabled, g.maximum_in_progress, g.stop_after_failures,
        g.stage_deadline_seconds, g.created_at, g.policy, g.labels, g.undo, g.secrets
        """

    init(reading row: inout RowReader) throws {
        self.init(
            application: try row.application(), name: try row.name(), track: try row.name(),
            channel: try row.name(),
            policy: RolloutPolicy(
                isEnabled: try row.flag(), maximumInProgress: try row.optionalInteger(),
                stopAfterFailures: try row.optionalInteger(), stageDeadlineSeconds: Int64(try row.integer())),
            createdAt: try row.time())
        policy = try row.optionalJSON() ?? policy
        labels = try row.optionalLabels()
        undo = try row.optionalJSON()
        secrets = try row.optionalJSON() ?? []
    }
}

extension RolloutState {
    static let columns = """
        application, machine_group, version, granted, in_progress, completed, failed, expired, failed_since_resume,
        failures, stop, started_at, turn_at, canaries_open, canaries_done, canaries_done_at, ramp_started_at,
        completed_since_resume, silent, silent_since_resume, more
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
        startedAt = try row.optionalTime()
        turnAt = try row.optionalTime()
        canariesOpen = try row.integer()
        canariesDone = try row.integer()
        canariesDoneAt = try row.optionalTime()
        rampStartedAt = try row.optionalTime()
        completedSinceResume = try row.integer()
        silent = try row.integer()
        silentSinceResume = try row.integer()
        (try row.optionalJSON() as RolloutExtras?)?.restore(&self)
    }
}
