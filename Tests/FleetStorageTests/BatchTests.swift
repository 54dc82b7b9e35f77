import FleetModel
import FleetStorage
import FleetStorageSQLite
import GRDB
import Testing
import UpdateModel

/// What shares a transaction shares what it read, and must not share its fate.
@Suite struct BatchTests {
    @Test("a check-in that fails after it wrote something leaves nothing behind, and its neighbours are told the truth")
    func failedCheckInLeavesNothing() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            let store = try SQLiteFleetStore(path: path)
            try await store.furnish()
            try await store.refuseEvents(of: "bad", path: path)
            let told = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask { (try? await store.check(number % 10 == 3 ? "bad" : "m\(number)")) != nil }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(told == 180)
            #expect(try await store.show("bad") == nil)
            try await store.expectExactCounters(180)
            #expect(try await store.machines(MachineFilter(), .first).total == 180)
            try store.close()
        }
    }

    @Test("new machines of a transaction that is run again count once against the hour's limit")
    func arrivalsCountOnce() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/fleet.db"
            let limits = FleetStoreLimits(newMachinesPerHourMaximum: 200)
            let store = try SQLiteFleetStore(path: path, limits: limits)
            try await store.furnish()
            try await store.refuseEvents(of: "bad", path: path)
            let taken = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    let id = number % 10 == 3 ? "bad" : "m\(number)"
                    group.addTask { (try? await store.check(id))?.isNewMachine == true }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(taken == 180)
            #expect(try await store.check("late").hold == .tooManyNewMachines, "those that failed stay counted")
            try store.close()
        }
    }

    @Test("acts among the check-ins of a transaction find their counters, and leave them theirs")
    func actsAmongCheckIns() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteFleetStore(path: "\(directory)/fleet.db")
            try await store.furnish()
            for number in 0..<50 { try await store.check("old\(number)") }
            let rollout = RolloutID(application: os, group: try GroupName("web"), version: try Version("2.0.0"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask { try await store.check("new\(number)") }
                    group.addTask { try await store.commit(.forgetMachine(os, try MachineID("old\(number)"))) }
                    group.addTask {
                        let control = RolloutControl(kind: .paused, by: "ada", at: .after(1), reason: nil)
                        // Who comes second finds it paused, or resumed, already.
                        try? await store.commit(.controlRollout(rollout, control))
                        try? await store.commit(.resumeRollouts([rollout], at: .after(1)))
                    }
                }
                try await group.waitForAll()
            }
            for number in 0..<50 { try await store.check("new\(number)", at: 10) }
            try await store.expectExactCounters(50)
            #expect(try await store.rollout("2.0.0")?.granted == 100)
            try store.close()
        }
    }
}

extension SQLiteFleetStore {
    /// Makes SQLite refuse what is written last of this machine's check-in: its events.
    fileprivate func refuseEvents(of machine: String, path: String) async throws {
        let queue = try DatabaseQueue(path: path)
        try await queue.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER refusal BEFORE INSERT ON event WHEN NEW.machine = '\(machine)'
                    BEGIN SELECT RAISE(ABORT, 'refused'); END
                    """)
        }
        try queue.close()
    }

    /// Checks that every counter is what the machines themselves add up to, where each was offered the release.
    fileprivate func expectExactCounters(_ count: Int) async throws {
        let census = try await census(of: GroupName("web"), in: os)
        #expect(census.total == count)
        #expect(census.stages[.offered] == count)
        #expect(census.versions == ["1.0.0": count])
        #expect(try await rollout("2.0.0")?.inProgress == count)
        var filter = MachineFilter(application: os)
        filter.stage = .offered
        #expect(try await machines(filter, .first).total == count)
    }
}
