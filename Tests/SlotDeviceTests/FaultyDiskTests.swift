import FleetTestKit
import SlotDevice
import Testing

@Suite struct FaultyBlockDeviceTests {
    @Test("With the power on, it keeps every promise of the port")
    func contract() throws {
        try BlockDeviceContract.check(FaultyBlockDevice(sizeBytes: 100_000, power: PowerSupply()))
    }

    @Test("What was flushed stays, and what was not is lost, kept or torn, as planned")
    func survival() throws {
        for survival in CacheSurvival.allCases {
            let power = PowerSupply(seed: 1)
            let disk = FaultyBlockDevice(sizeBytes: 8192, power: power)
            try disk.write([UInt8](repeating: 1, count: 4096), at: 0)
            try disk.flush()
            try disk.write([UInt8](repeating: 2, count: 8192), at: 0)
            power.cutNow(survival: survival)
            #expect(throws: DeviceError.powerLost) { try disk.read(at: 0, count: 1) }
            power.restore()
            let sectors = stride(from: 0, to: 8192, by: 512).map { disk.bytes[$0] }
            switch survival {
            case .lost: #expect(sectors == [UInt8](repeating: 1, count: 8) + [UInt8](repeating: 0, count: 8))
            case .kept: #expect(sectors.allSatisfy { $0 == 2 })
            case .scattered:
                #expect(sectors[..<8].allSatisfy { $0 == 1 || $0 == 2 })
                #expect(sectors[8...].allSatisfy { $0 == 0 || $0 == 2 })
                #expect(Set(sectors).count == 3, "some of each")
            }
            #expect(stride(from: 0, to: 8192, by: 512).allSatisfy { Set(disk.bytes[$0..<$0 + 512]).count == 1 })
        }
    }

    @Test("A write that the power interrupts is torn between two sectors")
    func tornWrite() throws {
        let power = PowerSupply()
        let disk = FaultyBlockDevice(sizeBytes: 4096, power: power)
        power.cut(atOperation: 1, survival: .kept)
        #expect(throws: DeviceError.powerLost) { try disk.write([UInt8](repeating: 9, count: 4096), at: 0) }
        #expect(throws: DeviceError.powerLost) { try disk.flush() }
        power.restore()
        #expect(disk.bytes == [UInt8](repeating: 9, count: 2048) + [UInt8](repeating: 0, count: 2048))
    }

    @Test("The n-th operation of all devices together fails, and only that one")
    func injectedFailure() throws {
        let power = PowerSupply()
        let first = FaultyBlockDevice(sizeBytes: 4096, name: "first", power: power)
        let second = FaultyBlockDevice(sizeBytes: 4096, name: "second", power: power)
        power.fail(operation: 2)
        try first.write([1], at: 0)
        #expect(throws: DeviceError.failed(operation: "write", path: "second", reason: "Input/output error")) {
            try second.write([1], at: 0)
        }
        try second.write([1], at: 1)
        #expect(second.bytes[..<2] == [0, 1])
    }

    @Test("The same seed tears in the same way")
    func isRepeatable() throws {
        func run(seed: UInt64) throws -> [UInt8] {
            let power = PowerSupply(seed: seed)
            let disk = FaultyBlockDevice(sizeBytes: 32768, power: power)
            for value in 1...5 { try disk.write([UInt8](repeating: UInt8(value), count: 32768), at: 0) }
            power.cutNow(survival: .scattered)
            power.restore()
            return disk.bytes
        }
        #expect(try run(seed: 1) == run(seed: 1))
        #expect(try run(seed: 1) != run(seed: 2))
    }
}

@Suite struct FaultyFileAreaTests {
    @Test("With the power on, it keeps every promise of the port")
    func contract() throws {
        try FileAreaContract.check(FaultyFileArea(power: PowerSupply()))
    }

    @Test("A file renamed before its bytes were flushed does not hold them after a power cut")
    func renameWithoutFlush() throws {
        let power = PowerSupply()
        let area = FaultyFileArea(power: power)
        try area.create("new", sizeBytes: 3).write([1, 2, 3], at: 0)
        try area.rename("new", to: "kernel")
        power.cutNow(survival: .lost)
        power.restore()
        #expect(try area.open("kernel")?.read(at: 0, count: 3) == [0, 0, 0])
    }

    @Test("A flushed and renamed file survives; one that was only made does not")
    func survival() throws {
        let power = PowerSupply()
        let area = FaultyFileArea(power: power)
        let file = try area.create("new", sizeBytes: 3)
        try file.write([1, 2, 3], at: 0)
        try file.flush()
        try area.rename("new", to: "kernel")
        _ = try area.create("other", sizeBytes: 10)
        power.cutNow(survival: .lost)
        power.restore()
        #expect(try area.names() == ["kernel"])
        #expect(try area.open("kernel")?.read(at: 0, count: 3) == [1, 2, 3])
    }

    @Test("A full area says so, and keeps what it has")
    func full() throws {
        let area = FaultyFileArea(capacityBytes: 100, power: PowerSupply())
        _ = try area.create("a", sizeBytes: 60)
        #expect(throws: DeviceError.full(path: "b")) { try area.create("b", sizeBytes: 41) }
        #expect(throws: DeviceError.full(path: "b")) { try area.create("b", sizeBytes: .max) }
        #expect(try area.freeBytes() == 40)
        #expect(try area.names() == ["a"])
    }
}

@Suite struct FirmwareModelTests {
    @Test("An unusable disk stops the machine at the prompt")
    func noTable() throws {
        let power = PowerSupply()
        let firmware = FirmwareModel(
            disk: MemoryBlockDevice(sizeBytes: 1 << 20), kernels: FaultyFileArea(power: power)
        ) { _, _ in true }
        #expect(
            try firmware.boot()
                == .stoppedAtPrompt(reason: "The disk has no usable partition table: there is no GPT signature."))
    }
}

@Suite struct ManualClockTests {
    @Test("A sleeper wakes when its time has come, and not before")
    func wakes() async throws {
        let clock = ManualClock()
        let task = Task { try await clock.sleep(until: clock.now.advanced(by: .seconds(10))) }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(9))
        #expect(clock.sleeperCount == 1)
        #expect(clock.nextDeadline == ManualClock.Instant(elapsed: .seconds(10)))
        clock.advanceToNextDeadline()
        try await task.value
        #expect(clock.now.elapsed == .seconds(10))
        #expect(!clock.advanceToNextDeadline())
    }

    @Test("A cancelled sleeper wakes with an error, whenever it was cancelled")
    func cancels() async {
        let clock = ManualClock()
        let early = Task { try await clock.sleep(for: .seconds(1)) }
        early.cancel()
        await #expect(throws: CancellationError.self) { try await early.value }
        let late = Task { try await clock.sleep(for: .seconds(1)) }
        await clock.waitForSleepers()
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(clock.sleeperCount == 0)
    }
}

@Suite struct SeededRandomTests {
    @Test("A seed gives the numbers that SplitMix64 gives everywhere")
    func knownNumbers() {
        var random = SeededRandom(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }
}
