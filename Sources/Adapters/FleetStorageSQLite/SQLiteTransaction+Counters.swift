internal import FleetModel
internal import GRDB
internal import RolloutPlanning
internal import UpdateModel

// Counters, kept as machines come, change and go.
extension SQLiteTransaction {
    func add(_ change: Int, to key: CensusKey) throws {
        let count = try count(of: key) + change
        if let memory { memory.counts.set(count, for: key) } else { try setCount(count, of: key) }
    }

    func count(of key: CensusKey) throws -> Int {
        guard let memory else { return try storedCount(of: key) }
        return try memory.counts.value(key) { try storedCount(of: key) } ?? 0
    }

    private func storedCount(of key: CensusKey) throws -> Int {
        let sql = """
            SELECT count FROM census WHERE application = ? AND machine_group = ? AND dimension = ? AND value = ?
            """
        return try number(sql, [key.application.canonical, key.group.rawValue, key.dimension.rawValue, key.value])
    }

    /// Writes a counter to its table, whatever a memory holds.
    func setCount(_ count: Int, of key: CensusKey) throws {
        let names: [StatementValues.Element] = [
            key.application.canonical, key.group.rawValue, key.dimension.rawValue, key.value,
        ]
        // Versions come from machines; one that nobody runs any more must not stay.
        if key.dimension == .version, count <= 0 {
            let sql = "DELETE FROM census WHERE application = ? AND machine_group = ? AND dimension = ? AND value = ?"
            return try run(sql, StatementValues(names))
        }
        let sql = """
            INSERT OR REPLACE INTO census (application, machine_group, dimension, value, count) VALUES (?, ?, ?, ?, ?)
            """
        try run(sql, StatementValues(names + [count]))
    }

    /// How the tally of an application's machines is named; `nil` stands for all of them.
    static func tallyName(_ application: ApplicationID?) -> String { application?.canonical ?? "" }

    func addToTallies(_ application: ApplicationID, _ change: Int) throws {
        for name in [Self.tallyName(application), Self.tallyName(nil)] {
            let count = try tally(of: name) + change
            if let memory { memory.tallies.set(count, for: name) } else { try setTally(count, of: name) }
        }
    }

    func tally(of name: String) throws -> Int {
        guard let memory else { return try storedTally(of: name) }
        return try memory.tallies.value(name) { try storedTally(of: name) } ?? 0
    }

    private func storedTally(of name: String) throws -> Int {
        try number("SELECT count FROM machine_tally WHERE application = ?", [name])
    }

    /// Writes a tally to its table, whatever a memory holds.
    func setTally(_ count: Int, of name: String) throws {
        try run("INSERT OR REPLACE INTO machine_tally (application, count) VALUES (?, ?)", [name, count])
    }
}
