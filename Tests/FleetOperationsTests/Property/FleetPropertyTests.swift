import FleetModel
import FleetStorage
import FleetStorageSQLite
import FoundationEssentials
import Testing

@Suite("Invariants 5 to 9: random fleets, policies, acts and clocks")
struct FleetPropertyTests {
    /// Those that once failed stay in the list.
    @Test("in memory", arguments: 1...40 as ClosedRange<UInt64>)
    func inMemory(seed: UInt64) async throws {
        print("fleet simulation, seed \(seed)")
        let simulation = try await FleetSimulation(seed: seed, store: MemoryFleetStore())
        for step in 0..<600 {
            try await simulation.step()
            if step.isMultiple(of: 60) { try await simulation.recount() }
        }
        try await simulation.recount()
        try await simulation.compare(with: simulation.fleet.store)
    }

    @Test("the runs reach every gate and every brake, so that they prove something")
    func runsAreWorthTheirTime() async throws {
        var (holds, brakes, offers) = (Set<HoldReason>(), Set<Brake>(), 0)
        for seed in 1...160 as ClosedRange<UInt64> {
            let simulation = try await FleetSimulation(seed: seed, store: MemoryFleetStore())
            for step in 0..<600 {
                try await simulation.step()
                guard step.isMultiple(of: 3) else { continue }
                for outcome in simulation.told.values {
                    if case .hold(let reason, _) = outcome.decision { holds.insert(reason) }
                    if case .offer = outcome.decision { offers += 1 }
                }
                brakes.formUnion(try await simulation.brakes())
            }
        }
        let wanted: Set<HoldReason> = [
            .rollbackPending, .aheadOfChannel, .failedHereBefore, .heldByOperator, .pinned, .updatesDisabled,
            .clockJumped, .releaseBlocked, .belowMinimum, .payloadUnavailable,
            .rolloutAborted, .rolloutStopped, .rolloutPaused, .waitsForGroup, .outsideWindow, .waitsForCanary,
            .canarySoak,
            .ramp, .limitRate, .limitDownloads, .limitInProgress,
        ]
        #expect(wanted.subtracting(holds).isEmpty)
        #expect(Set(Brake.allCases).subtracting(brakes).isEmpty)
        #expect(offers > 1000)
    }

    @Test("on SQLite, and what a killed server leaves", arguments: 1001...1004 as ClosedRange<UInt64>)
    func onSQLite(seed: UInt64) async throws {
        print("fleet simulation, seed \(seed)")
        let directory = FileManager.default.temporaryDirectory.appending(path: "fleet-\(seed)-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteFleetStore(path: "\(directory)/fleet.db")
        let simulation = try await FleetSimulation(seed: seed, store: store)
        for _ in 0..<400 { try await simulation.step() }
        try await simulation.recount()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: "\(directory)/fleet.db\(suffix)", toPath: "\(directory)/copy.db\(suffix)")
        }
        let copy = try SQLiteFleetStore(path: "\(directory)/copy.db")
        try await simulation.compare(with: copy)
        try copy.close()
        try store.close()
    }
}
