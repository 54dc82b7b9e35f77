import AnyJSON
import BootControl
import BootControlGPT
import EngineTestKit
import FleetTestKit
import FoundationEssentials
import Logging
import SlotDevice
import Testing
import UpdateEngineKit
import UpdateLogic
import UpdateModel

@Suite("The engine's memory on disk")
struct StateTests {
    private let area = FaultyFileArea(power: PowerSupply())
    private var store: RecordStore {
        RecordStore(StateFiles(area), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func text() throws -> String {
        String(decoding: try StateFiles(area).read(RecordStore.fileName, limit: 1 << 20) ?? [], as: UTF8.self)
    }

    @Test("a fresh machine has a fresh record, and what is saved is loaded")
    func roundTrip() throws {
        #expect(try store.load() == EngineRecord())
        var record = EngineRecord()
        record.failuresInRow = 4
        try store.save(record)
        #expect(try store.load() == record)
    }

    @Test("what a newer version wrote survives this one's saving")
    func unknownFields() throws {
        let newer = #"{"failuresInRow":1,"fleetPolicy":{"window":["Mon 02:00",3]},"seen":18446744073709551615}"#
        try StateFiles(area).replace(RecordStore.fileName, with: Array(newer.utf8))
        var record = try store.load()
        record.failuresInRow = 2
        try store.save(record)
        try store.save(record)
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(try text().utf8))
        guard case .object(let fields) = value else { return #expect(Bool(false)) }
        #expect(fields["fleetPolicy"] == .object(["window": .list([.text("Mon 02:00"), .integer(3)])]))
        #expect(fields["failuresInRow"] == .integer(2))
        #expect(fields["seen"] != nil)
    }

    @Test("a damaged record is put aside where a person can look at it, and the engine starts afresh")
    func damaged() throws {
        try StateFiles(area).replace(RecordStore.fileName, with: Array(#"{"failuresInRow":"#.utf8))
        #expect(try store.load() == EngineRecord())
        #expect(try area.names() == ["engine.json.damaged"])
    }

    @Test("a record that cannot be read is an error, not a fresh start")
    func unreadable() throws {
        let power = PowerSupply()
        let area = FaultyFileArea(power: power)
        power.cutNow(survival: .lost)
        let store = RecordStore(StateFiles(area), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(throws: DeviceError.self) { try store.load() }
    }

    /// - Parameter isOnTrial: slot a runs and is not proven; slot b is.
    private func keeper(
        _ power: PowerSupply, _ area: FaultyFileArea, isOnTrial: Bool = false
    ) throws -> MachineKeeper {
        let sizes = FlatcarDiskSizes(usr: 1 << 20)
        let disk = MemoryBlockDevice(sizeBytes: sizes.diskBytes)
        var random = SeededRandom(seed: 1)
        try FlatcarDiskLayout.create(on: disk, sizes: sizes, using: &random)
        if isOnTrial {
            try GPTBootControl(device: disk, booted: .b).confirm(.b)
            try GPTBootControl(device: disk, booted: .b).activate(.a, tries: 1)
        }
        let store = RecordStore(StateFiles(area), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let facts = BootFacts(
            bootID: "boot-1", booted: .a, runningVersion: try Version("1.0.0"), status: [:], next: nil)
        return try MachineKeeper(
            store: store, bootControl: GPTBootControl(device: disk, booted: .a), tries: 1, facts: facts)
    }

    @Test("what cannot be saved is not acted upon, and leaves the machine as it was")
    func savedFirst() throws {
        let power = PowerSupply()
        var keeper = try keeper(power, FaultyFileArea(power: power))
        _ = try keeper.perform { $0.started() }
        power.fail(operation: 1)
        let offer = try TestRelease("2.0.0").offer
        func begin(_ machine: inout UpdateMachine) -> [UpdateMachine.Action] {
            machine.offerAccepted(offer, into: .b)
            return machine.writingBegins()
        }
        #expect(throws: (any Error).self) { try keeper.perform(begin) }
        #expect(keeper.machine.phase == .idle)
        #expect(keeper.record.installation == nil)
        #expect(try keeper.perform(begin).isEmpty)
        #expect(keeper.machine.phase == .installing)
    }

    @Test("a boot that was found bad is left even when nothing can be saved any more")
    func verdictOnFullDisk() throws {
        let power = PowerSupply()
        var keeper = try keeper(power, FaultyFileArea(power: power), isOnTrial: true)
        power.fail(operation: 1)
        #expect(try keeper.perform { $0.started() } == [.runHealthGate])
        power.fail(operation: 1)
        let errands = try keeper.perform { $0.healthFailed("the lamp is out") }
        #expect(keeper.saveFailure != nil)
        #expect(errands == [.reboot(reason: "1.0.0 failed its health checks")])
        #expect(keeper.machine.boot.next == .b)
        #expect(!keeper.machine.boot.isBootable(.a))
    }

    @Test("what may wait is remembered, and saved with the next change")
    func savedLater() throws {
        let power = PowerSupply()
        let area = FaultyFileArea(power: power)
        var keeper = try keeper(power, area)
        _ = try keeper.perform { $0.started() }
        power.fail(operation: 1)
        keeper.remember { $0.checkFailed() }
        #expect(keeper.saveFailure != nil)
        #expect(keeper.record.failuresInRow == 1)
        keeper.remember { $0.checkFailed() }
        #expect(keeper.saveFailure == nil)
        let store = RecordStore(StateFiles(area), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(try store.load().failuresInRow == 2)
    }
}

@Suite("The health gate")
final class HealthGateTests {
    private let folder =
        FileManager.default.temporaryDirectory.path + "/martlet-health-\(UInt64.random(in: 0 ... .max))"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func add(_ name: String, _ script: String, mode: Int = 0o755) throws {
        let path = "\(folder)/\(name)"
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func judge(directory: String? = nil, timeLimit: Duration = .seconds(20)) async -> HealthGate.Verdict {
        let gate = HealthGate(
            directory: directory ?? folder, timeLimit: timeLimit,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return await gate.judge(environment: ["MARTLET_SLOT": "b", "MARTLET_VERSION": "2.0.0"])
    }

    @Test("no directory and an empty one let every boot pass")
    func nothing() async {
        #expect(await judge() == .passed)
        #expect(await judge(directory: "\(folder)/missing") == .passed)
    }

    @Test("checks run in the order of their names, see what they judge, and the first failure is the verdict")
    func order() async throws {
        try add("10-fine", "test \"$MARTLET_SLOT$MARTLET_VERSION\" = b2.0.0")
        try add("20-bad", "echo starting; echo 'the disk is on fire' >&2; exit 7")
        try add("30-never", "echo never; exit 1")
        try add("05-readme", "exit 1", mode: 0o644)
        #expect(await judge() == .failed("starting; the disk is on fire (health check 20-bad left with 7)"))
    }

    @Test("a check that hangs has failed when its time is up")
    func hangs() async throws {
        try add("10-hangs", "echo waiting; exec sleep 60")
        #expect(
            await judge(timeLimit: .seconds(3))
                == .failed("waiting (health check 10-hangs did not end within 3.0 seconds)"))
    }

    @Test("a check that cannot be run has failed")
    func broken() async throws {
        try Data("#!/no/such/interpreter\n".utf8).write(to: URL(filePath: "\(folder)/10-broken"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/10-broken")
        guard case .failed(let reason) = await judge() else { return #expect(Bool(false)) }
        #expect(reason.contains("10-broken"))
    }

    @Test("a directory that is no directory lets none pass")
    func unreadable() async throws {
        try Data().write(to: URL(filePath: "\(folder)/file"))
        guard case .failed = await judge(directory: "\(folder)/file") else { return #expect(Bool(false)) }
    }
}
