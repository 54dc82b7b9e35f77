package import FleetModel
package import FleetStorage
internal import GRDB
internal import RolloutPlanning
package import UpdateModel

// Reading goes to connections of its own, and sees what is committed.
extension SQLiteFleetStore {
    private func read<Value: Sendable>(_ body: @escaping @Sendable (SQLiteTransaction) throws -> Value)
        async throws(FleetStoreError) -> Value
    {
        do {
            return try await pool.read { try body(SQLiteTransaction($0)) }
        } catch {
            throw FleetStoreError(error, doing: "reading")
        }
    }

    private func list<Item: Sendable>(
        _ query: ListQuery, _ page: PageRequest, _ decode: @escaping @Sendable (inout RowReader) throws -> Item
    ) async throws(FleetStoreError) -> Page<Item> {
        try await read { try query.page(page, in: $0, decode) }
    }

    package func applications(_ page: PageRequest) async throws(FleetStoreError) -> Page<Application> {
        try await list(ListQuery(Application.columns, from: "application", orderedBy: "name"), page) {
            try Application(reading: &$0)
        }
    }

    package func application(_ id: ApplicationID) async throws(FleetStoreError) -> Application? {
        try await read { try $0.application(id) }
    }

    package func application(named name: String) async throws(FleetStoreError) -> Application? {
        try await read { try $0.application(named: name) }
    }

    package func releases(of application: ApplicationID, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Release>
    {
        var query = ListQuery(Release.columns, from: "release", orderedBy: "created_at DESC, version DESC")
        query.require("application", application.canonical)
        return try await list(query, page) { try Release(reading: &$0) }
    }

    package func release(_ version: Version, of application: ApplicationID)
        async throws(FleetStoreError) -> Release?
    {
        try await read { try $0.release(version, of: application) }
    }

    package func floors(of application: ApplicationID) async throws(FleetStoreError) -> [Release] {
        try await read { try $0.floors(of: application) }
    }

    package func payloads(of application: ApplicationID, version: Version?, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Payload>
    {
        var query = ListQuery(Payload.columns, from: "payload", orderedBy: "version, architecture, source")
        query.require("application", application.canonical)
        query.require("version", version?.text)
        return try await list(query, page) { try Payload(reading: &$0) }
    }

    package func payloadsElsewhere(of application: ApplicationID?, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Payload>
    {
        var query = ListQuery(
            Payload.columns, from: "payload",
            orderedBy: """
                trouble_count >= json_array_length(mirrors) DESC, trouble_count DESC,
                application, version, architecture, source
                """)
        query.require("application", application?.canonical)
        query.requirePresence("mirrors")
        return try await list(query, page) { try Payload(reading: &$0) }
    }

    package func payload(withDigest digest: SHA256Digest) async throws(FleetStoreError) -> Payload? {
        try await read { transaction in
            let sql = "SELECT \(Payload.columns) FROM payload WHERE sha256 = ? AND mirrors IS NULL LIMIT 1"
            return try transaction.first(sql, [digest.hexadecimal]) { try Payload(reading: &$0) }
        }
    }

    package func channels(of application: ApplicationID, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Channel>
    {
        var query = ListQuery(Channel.columns, from: "channel", orderedBy: "name")
        query.require("application", application.canonical)
        return try await list(query, page) { try Channel(reading: &$0) }
    }

    package func channel(_ name: ChannelName, of application: ApplicationID)
        async throws(FleetStoreError) -> Channel?
    {
        try await read { try $0.channel(name, of: application) }
    }

    package func channelMoves(of application: ApplicationID, channel: ChannelName?, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<ChannelMove>
    {
        var query = ListQuery(ChannelMove.columns, from: "channel_move", orderedBy: "number DESC")
        query.require("application", application.canonical)
        query.require("channel", channel?.rawValue)
        return try await list(query, page) { try ChannelMove(reading: &$0) }
    }

    package func groups(of application: ApplicationID, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Group>
    {
        var query = ListQuery(Group.columns, from: "machine_group g", orderedBy: "name")
        query.require("application", application.canonical)
        return try await list(query, page) { try Group(reading: &$0) }
    }

    package func group(_ name: GroupName, of application: ApplicationID) async throws(FleetStoreError) -> Group? {
        try await read { try $0.group(name, of: application) }
    }

    package func downloads(of group: GroupName, in application: ApplicationID)
        async throws(FleetStoreError) -> DownloadMeter?
    {
        try await read { try $0.downloads(of: group, in: application) }
    }

    package func privateGroups(of application: ApplicationID) async throws(FleetStoreError) -> [Group] {
        try await read { try $0.privateGroups(of: application) }
    }

    package func applications(withPayload digest: SHA256Digest) async throws(FleetStoreError) -> [ApplicationID] {
        try await read { transaction in
            let sql = "SELECT DISTINCT application FROM payload WHERE sha256 = ? ORDER BY application LIMIT 16"
            return try transaction.all(sql, [digest.hexadecimal]) { try $0.application() }
        }
    }

    package func rollout(_ id: RolloutID) async throws(FleetStoreError) -> RolloutState? {
        try await read { try $0.rollout(id) }
    }

    package func rollouts(of group: GroupName, in application: ApplicationID, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<RolloutState>
    {
        var query = ListQuery(RolloutState.columns, from: "rollout", orderedBy: "version")
        query.require("application", application.canonical)
        query.require("machine_group", group.rawValue)
        return try await list(query, page) { try RolloutState(reading: &$0) }
    }

    package func record(of version: Version, in application: ApplicationID, channel: ChannelName?)
        async throws(FleetStoreError) -> ReleaseRecord
    {
        try await read { transaction in
            var transaction = transaction
            return try transaction.record(of: version, in: application, channel: channel)
        }
    }

    package func census(of group: GroupName, in application: ApplicationID)
        async throws(FleetStoreError) -> GroupCensus
    {
        try await read { transaction in
            let sql = """
                SELECT dimension, value, count FROM census
                WHERE application = ? AND machine_group = ? AND dimension <> 'version' AND count > 0
                UNION ALL
                SELECT * FROM (
                    SELECT dimension, value, count FROM census
                    WHERE application = ? AND machine_group = ? AND dimension = 'version' AND count > 0
                    ORDER BY count DESC, value LIMIT ?)
                """
            let (id, name) = (application.canonical, group.rawValue)
            var census = GroupCensus()
            for (dimension, value, count) in try transaction.all(
                sql, [id, name, id, name, GroupCensus.versionsMaximum],
                { row in (try row.word() as CensusKey.Dimension, try row.text(), try row.integer()) })
            {
                census.add(dimension, value, count: count)
            }
            return census
        }
    }
}

extension SQLiteFleetStore {
    package func machines(_ filter: MachineFilter, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<Machine>
    {
        var query = ListQuery(Machine.columns, from: "machine", orderedBy: "application, id")
        query.require("application", filter.application?.canonical)
        query.require("machine_group", filter.group?.rawValue)
        query.require("stage", filter.stage?.rawValue)
        query.require("version", filter.version?.text)
        query.require("hold", filter.hold?.rawValue)
        if filter.isClone { query.requirePresence("clone") }
        let isWhole = filter == MachineFilter(application: filter.application)
        return try await read { [query] transaction in
            guard isWhole else { return try query.page(page, in: transaction) { try Machine(reading: &$0) } }
            // Counting a million rows for one page would take longer than the page.
            let sql = "SELECT count FROM machine_tally WHERE application = ?"
            let total = try transaction.number(sql, [filter.application?.canonical ?? ""])
            return Page(items: try query.items(page, in: transaction) { try Machine(reading: &$0) }, total: total)
        }
    }

    package func machine(_ id: MachineID, of application: ApplicationID)
        async throws(FleetStoreError) -> Machine?
    {
        try await read { try $0.machine(id, of: application) }
    }

    package func events(_ filter: EventFilter, _ page: PageRequest)
        async throws(FleetStoreError) -> Page<MachineEvent>
    {
        var query = ListQuery("number, \(MachineEvent.columns)", from: "event", orderedBy: "number DESC")
        // The plus keeps SQLite from sorting an application's whole history: the newest are found from the end.
        query.require(filter.machine == nil ? "+application" : "application", filter.application?.canonical)
        query.require("machine", filter.machine?.rawValue)
        query.require("+machine_group", filter.group?.rawValue)
        query.countMaximum = EventFilter.countMaximum
        return try await list(query, page) { try MachineEvent(reading: &$0) }
    }

    package func tokens(_ page: PageRequest) async throws(FleetStoreError) -> Page<AccessToken> {
        try await list(ListQuery(AccessToken.columns, from: "token", orderedBy: "name, id"), page) {
            try AccessToken(reading: &$0)
        }
    }

    package func token(_ id: AccessTokenID) async throws(FleetStoreError) -> AccessToken? {
        try await read { try $0.token(id) }
    }

    package func auditEntries(_ page: PageRequest) async throws(FleetStoreError) -> Page<AuditEntry> {
        try await list(ListQuery(AuditEntry.columns, from: "audit", orderedBy: "number DESC"), page) {
            try AuditEntry(reading: &$0)
        }
    }
}
