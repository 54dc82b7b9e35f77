internal import FleetModel
internal import GRDB
internal import RolloutPlanning

/// Roll-outs and counters as the check-ins of one transaction leave them.
///
/// Nearly every machine that checks in changes the same few rows: its group's counters and the roll-out to its group.
/// Here each is read once a transaction and written once, before COMMIT, however many machines changed it. Nothing else
/// may read or write those rows meanwhile: work of another kind in the same transaction has to ``save(in:)`` first.
final class BatchMemory {
    var rollouts = KeptRows<RolloutID, RolloutState>()
    var counts = KeptRows<CensusKey, Int>()
    /// By ``SQLiteTransaction/tallyName(_:)``.
    var tallies = KeptRows<String, Int>()

    /// Grows with every change.
    var changeCount: Int { rollouts.changeCount + counts.changeCount + tallies.changeCount }

    /// Writes what changed, and forgets everything.
    func save(in db: Database) throws {
        let tables = SQLiteTransaction(db)
        for (_, rollout) in rollouts.removeChanged() { try tables.put(rollout) }
        for (key, count) in counts.removeChanged() { try tables.setCount(count, of: key) }
        for (name, count) in tallies.removeChanged() { try tables.setTally(count, of: name) }
    }
}

/// Rows of one table by their keys, read and written at most once.
struct KeptRows<Key: Hashable, Value> {
    private struct Row {
        /// `nil` where the table has no such row.
        var value: Value?
        var isChanged: Bool
    }

    private var rows: [Key: Row] = [:]
    private(set) var changeCount = 0

    /// What stands under `key`; asks `read` the first time.
    mutating func value(_ key: Key, reading read: () throws -> Value?) rethrows -> Value? {
        if let row = rows[key] { return row.value }
        let value = try read()
        rows[key] = Row(value: value, isChanged: false)
        return value
    }

    mutating func set(_ value: Value, for key: Key) {
        rows[key] = Row(value: value, isChanged: true)
        changeCount += 1
    }

    /// The rows that have to be written. Nothing is known any more afterwards.
    mutating func removeChanged() -> [(key: Key, value: Value)] {
        let changed = rows.compactMap { key, row in
            row.isChanged ? row.value.map { (key: key, value: $0) } : nil
        }
        rows.removeAll(keepingCapacity: true)
        return changed
    }
}
