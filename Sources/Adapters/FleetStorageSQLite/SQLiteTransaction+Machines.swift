internal import FleetModel
internal import FleetStorage
internal import GRDB
internal import RolloutPlanning
internal import UpdateModel

// Machines and their events.
extension SQLiteTransaction {
    func machineCount() throws -> Int { try tally(of: Self.tallyName(nil)) }

    func machine(_ id: MachineID, of application: ApplicationID) throws -> Machine? {
        let sql = "SELECT \(Machine.columns) FROM machine WHERE application = ? AND id = ?"
        return try first(sql, [application.canonical, id.rawValue]) { try Machine(reading: &$0) }
    }

    func replace(_ before: Machine?, with after: Machine?) throws {
        switch (before, after) {
        case (nil, let after?): try insert(after)
        case (let before?, let after?): try update(before, to: after)
        case (let before?, nil): try remove(before)
        case (nil, nil): return
        }
        for (key, change) in CensusKey.changes(from: before, to: after) { try add(change, to: key) }
    }

    private func insert(_ machine: Machine) throws {
        let arguments = try machine.keyValues + machine.stateValues + machine.indexedValues
        try run(
            "INSERT INTO machine (\(Machine.keyColumns), \(Machine.stateColumns), \(Machine.indexedColumns)) "
                + "VALUES (\(Self.marks(arguments.count)))", StatementValues(arguments))
        try addToTallies(machine.application, 1)
    }

    /// Writes indexed columns only where they changed: for a column that is set, also to what it was, SQLite takes the
    /// row out of the column's indices and puts it back.
    private func update(_ before: Machine, to after: Machine) throws {
        var touched = before
        touched.lastSeenAt = after.lastSeenAt
        let key: [StatementValues.Element] = [after.application.canonical, after.id.rawValue]
        if touched == after {
            let sql = "UPDATE machine SET last_seen_at = ? WHERE application = ? AND id = ?"
            return try run(sql, StatementValues([after.lastSeenAt.microseconds] + key))
        }
        let changed = MachineIndexedColumn.allCases.filter { $0.differs(before, after) }
        let columns = changed.reduce(into: Machine.stateColumns) { $0 += ", " + $1.rawValue }
        let marks = Self.marks(Machine.stateColumnCount + changed.count)
        // One text, and so one kept statement, for each set of columns that change together: a dozen in practice.
        let sql = "UPDATE machine SET (\(columns)) = (\(marks)) WHERE application = ? AND id = ?"
        let values = try after.stateValues + changed.map { $0.value(of: after) } + key
        try run(sql, StatementValues(values))
    }

    private func remove(_ machine: Machine) throws {
        let key: StatementValues = [machine.application.canonical, machine.id.rawValue]
        try run("DELETE FROM machine WHERE application = ? AND id = ?", key)
        try addToTallies(machine.application, -1)
    }

    func placeHolders(of group: Group, at stage: MachineStage, since moment: Timestamp, limit: Int) throws -> [Machine]
    {
        let sql = """
            SELECT \(Machine.columns) FROM machine
            WHERE application = ? AND machine_group = ? AND grant_holds_place = 1 AND stage = ? AND grant_stage_since <= ?
            ORDER BY grant_stage_since LIMIT ?
            """
        let key: StatementValues = [
            group.application.canonical, group.name.rawValue, stage.rawValue, moment.microseconds, limit,
        ]
        return try all(sql, key) { try Machine(reading: &$0) }
    }

    func silentMachines(of group: Group, since moment: Timestamp, limit: Int) throws -> [Machine] {
        let sql = """
            SELECT \(Machine.columns) FROM machine
            WHERE application = ? AND machine_group = ? AND grant_holds_place = 1 AND stage = 'installed'
                AND last_seen_at <= ?
            ORDER BY last_seen_at LIMIT ?
            """
        let key: StatementValues = [
            group.application.canonical, group.name.rawValue, moment.microseconds, limit,
        ]
        return try all(sql, key) { try Machine(reading: &$0) }
    }

    func shiftMoments(seconds: Int64) throws {
        let step = seconds.multipliedReportingOverflow(by: 1_000_000).partialValue
        try run(
            """
            UPDATE machine SET grant_stage_since = grant_stage_since + ?, last_seen_at = last_seen_at + ?
            WHERE grant_holds_place = 1
            """, [step, step])
        try run("UPDATE download_meter SET at = at + ?", [step])
        try run("UPDATE channel SET settled_at = COALESCE(settled_at, changed_at) + ?", [step])
        for state in try all("SELECT \(RolloutState.columns) FROM rollout", [], { try RolloutState(reading: &$0) }) {
            var state = state
            state.shiftMoments(seconds: seconds)
            try put(state)
        }
        try run("DELETE FROM clock WHERE name = 'alarm'", [])
        let mark: ClockMark?? = try first("SELECT value FROM clock WHERE name = 'mark'", []) { try $0.optionalJSON() }
        if let shifted = mark??.shifted(seconds: seconds) {
            try run("UPDATE clock SET value = ? WHERE name = 'mark'", [try jsonText(shifted)])
        }
        let meters = try all("SELECT application, machine_group, meter FROM grant_meter", []) {
            (try $0.application(), try $0.name() as GroupName, try $0.text())
        }
        for (application, group, text) in meters {
            guard let meter = GrantMeter(text: text) else { throw FleetStoreError.corrupt("the meter “\(text)”") }
            try put(meter.shifted(seconds: seconds), of: group, in: application)
        }
    }

    func append(_ event: MachineEvent) throws {
        try run(
            "INSERT INTO event (\(MachineEvent.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                event.at.microseconds, event.application.canonical, event.machine.rawValue, event.group?.rawValue,
                event.kind.rawValue, event.type, event.result, event.code, event.version?.text, event.previousVersion,
                event.text,
            ])
        let number = db.lastInsertedRowID
        try pruneEvents(of: event.machine, in: event.application)
        let step = Int64(min(max(limits.eventsMaximum / 100, 1), 1000))
        guard number > limits.eventsMaximum, number.isMultiple(of: step) else { return }
        try run("DELETE FROM event WHERE number <= ?", [number - Int64(limits.eventsMaximum)])
    }

    /// Walks one machine's part of an index, which is never much longer than the limit.
    private func pruneEvents(of machine: MachineID, in application: ApplicationID) throws {
        let sql = """
            DELETE FROM event WHERE application = ? AND machine = ? AND number <= (
                SELECT number FROM event WHERE application = ? AND machine = ?
                ORDER BY number DESC LIMIT 1 OFFSET ?)
            """
        let (application, machine) = (application.canonical, machine.rawValue)
        try run(sql, [application, machine, application, machine, limits.eventsPerMachineMaximum])
    }

    func removeEvents(of machine: MachineID, in application: ApplicationID) throws {
        try run(
            "DELETE FROM event WHERE application = ? AND machine = ?", [application.canonical, machine.rawValue])
    }
}
