import FleetModel
import UpdateModel

/// A machine of a random fleet: what it runs, and how far its word can be trusted.
struct SimulatedMachine {
    enum Character: CaseIterable {
        case honest, failing, silent, lying, twin
    }

    let id: MachineID
    let character: Character
    let track: String
    /// `nil` for a stock client, which takes no orders.
    let engine: String?
    var version: Version
    var boot = 1
    /// What it was offered and has not booted yet.
    var update: Version?
    /// How many of the reports of an update it has sent.
    var progress = 0
    var order: RollbackOrder?
    var withdrawal: RollbackID?

    var bootID: String { "\(id)-\(boot)" }

    /// Goes on with what it was told, one step.
    mutating func nextEvents(_ chance: inout SeededChance) -> [ReportedEvent] {
        if character == .lying, chance.isOne(in: 2) { return (0..<chance.below(6)).map { _ in lie(&chance) } }
        if character == .twin { boot = chance.below(2) }
        if let withdrawal {
            self.withdrawal = nil
            update = nil
            return [ReportedEvent(type: 41, result: 1, rollback: withdrawal)]
        }
        if let order { return answer(order, &chance) }
        guard let update else { return [] }
        progress += 1
        switch progress {
        case 1: return [ReportedEvent(type: 13, result: 1)]
        case 2: return [ReportedEvent(type: 14, result: 1)]
        case 3 where character == .failing && chance.isOne(in: 2):
            self.update = nil
            return [ReportedEvent(type: 3, result: 0, code: chance.pick([9, 20, 26, 44]), version: update)]
        case 3: return [ReportedEvent(type: 3, result: 1)]
        default: return reboot(into: update)
        }
    }

    private mutating func reboot(into update: Version) -> [ReportedEvent] {
        let previous = version
        self.update = nil
        boot += 1
        if character == .failing { return [] }
        version = update
        return [ReportedEvent(type: 3, result: 2, previousVersion: previous.text)]
    }

    private mutating func answer(_ order: RollbackOrder, _ chance: inout SeededChance) -> [ReportedEvent] {
        self.order = nil
        guard character != .failing, let older = try? Version("1.0.0"), order.version != older else {
            return [ReportedEvent(type: 41, result: 0, reason: "nothing there", rollback: order.id)]
        }
        boot += 1
        update = nil
        version = older
        return chance.isOne(in: 2) ? [ReportedEvent(type: 41, result: 1, rollback: order.id)] : []
    }

    private func lie(_ chance: inout SeededChance) -> ReportedEvent {
        let version = try? Version(chance.pick(["1.0.0", "2.0.0", "3.0.0", "999.9.9-zz", "zebra"]))
        return ReportedEvent(
            type: chance.pick([3, 13, 14, 800, 40, 41, 99]), result: chance.below(11),
            code: chance.maybe(Int64(truncatingIfNeeded: chance.next())), previousVersion: chance.maybe("1.0.0"),
            version: chance.maybe(version).flatMap { $0 }, reason: chance.maybe(String(repeating: "é", count: 900)),
            rollback: try? RollbackID("\(chance.next())"))
    }
}
