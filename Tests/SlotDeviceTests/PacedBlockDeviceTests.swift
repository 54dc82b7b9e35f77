import FleetTestKit
import SlotDevice
import Synchronization
import Testing

/// A clock for one thread: a pause is over at once and counts.
private final class PausingClock: Sendable {
    private let time = Mutex(Duration.zero)

    var now: Duration { time.withLock { $0 } }
    func pause(_ duration: Duration) { time.withLock { $0 += duration } }

    func pace(_ bytesPerSecond: UInt64?, flushBytes: Int) -> WritePace {
        WritePace(
            flushBytes: flushBytes, now: { self.now }, pause: { self.pause($0) }, limit: { bytesPerSecond })
    }
}

/// Notes what was not flushed at most, and how much was written when.
private final class WatchedDevice: BlockDevice {
    struct Record {
        var unflushedBytes = 0
        var unflushedMax = 0
        var flushCount = 0
    }

    let sizeBytes: UInt64
    let sectorSizeBytes = 512
    let record = Mutex(Record())
    private let memory: MemoryBlockDevice
    private let clock: PausingClock
    private let writeTime: Duration

    init(sizeBytes: UInt64, clock: PausingClock, writeTime: Duration = .zero) {
        self.sizeBytes = sizeBytes
        self.memory = MemoryBlockDevice(sizeBytes: sizeBytes)
        self.clock = clock
        self.writeTime = writeTime
    }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try memory.read(at: offsetBytes, count: count)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        clock.pause(writeTime)
        try memory.write(bytes, at: offsetBytes)
        record.withLock {
            $0.unflushedBytes += bytes.count
            $0.unflushedMax = max($0.unflushedMax, $0.unflushedBytes)
        }
    }

    func flush() {
        record.withLock {
            $0.unflushedBytes = 0
            $0.flushCount += 1
        }
    }
}

@Suite struct PacedBlockDeviceTests {
    @Test("Writes keep to the rate, whatever their size, and little stays unflushed", arguments: [1, 100, 4096, 70_000])
    func keepsTheRate(count: Int) throws {
        let clock = PausingClock()
        let device = WatchedDevice(sizeBytes: 1 << 20, clock: clock)
        let paced = PacedBlockDevice(device, pace: clock.pace(1000, flushBytes: 8192))
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var written = 0
        while written < 140_000 {
            try paced.write(bytes, at: UInt64(written))
            written += count
            #expect(clock.now >= .milliseconds(written - 1))
            if count == 1, written > 3000 { break }
        }
        #expect(clock.now <= .milliseconds(written + 1), "\(written) bytes took \(clock.now)")
        let record = device.record.withLock { $0 }
        #expect(record.unflushedMax < 8192 + min(count, 8192))
        #expect(try paced.read(at: UInt64(written - count), count: count) == bytes)
    }

    @Test("A medium that is slower by itself is not held up, and its slowness buys no burst")
    func slowMedium() throws {
        let clock = PausingClock()
        let device = WatchedDevice(sizeBytes: 1 << 20, clock: clock, writeTime: .seconds(3))
        let paced = PacedBlockDevice(device, pace: clock.pace(1000, flushBytes: 8192))
        for place in 0..<4 { try paced.write([UInt8](repeating: 1, count: 1000), at: UInt64(place * 1000)) }
        #expect(clock.now == .seconds(12), "nothing was waited for")
        clock.pause(.seconds(1000))
        let before = clock.now
        try paced.write([UInt8](repeating: 1, count: 8000), at: 0)
        #expect(clock.now - before >= .seconds(8))
    }

    @Test("It keeps every promise of the port")
    func contract() throws {
        let clock = PausingClock()
        try BlockDeviceContract.check(
            PacedBlockDevice(MemoryBlockDevice(sizeBytes: 1 << 20), pace: clock.pace(1 << 20, flushBytes: 4096)))
        try FileAreaContract.check(
            PacedFileArea(FaultyFileArea(power: PowerSupply()), pace: clock.pace(1 << 20, flushBytes: 4)))
        try FileAreaContract.check(
            PacedFileArea(FaultyFileArea(power: PowerSupply()), pace: clock.pace(nil, flushBytes: 4)))
    }

    @Test("A limit that comes, changes and goes holds from the next piece on")
    func limitsOfTheMoment() throws {
        let clock = PausingClock()
        let limit = Mutex<UInt64?>(nil)
        let pace = WritePace(
            flushBytes: 100, now: { clock.now }, pause: { clock.pause($0) }, limit: { limit.withLock { $0 } })
        let file = try PacedFileArea(FaultyFileArea(power: PowerSupply()), pace: pace)
            .create("image", sizeBytes: 1000)
        for (rate, seconds) in [(nil, 0), (500, 2), (nil, 2), (1000, 3), (250, 7)] as [(UInt64?, Int)] {
            limit.withLock { $0 = rate }
            try file.write([UInt8](repeating: 1, count: 1000), at: 0)
            #expect(clock.now == .seconds(seconds))
        }
    }

    @Test("A file grows as it is written: its length is not written twice, and never in a burst")
    func growsWithItsContent() throws {
        let clock = PausingClock()
        let files = FaultyFileArea(power: PowerSupply())
        let area = PacedFileArea(files, pace: clock.pace(1000, flushBytes: 100))
        let file = try area.create("image", sizeBytes: 1000)
        #expect(file.sizeBytes == 1000)
        #expect(try files.open("image")?.sizeBytes == 0)
        try file.write([UInt8](repeating: 1, count: 250), at: 0)
        #expect(try files.open("image")?.sizeBytes == 250)
        #expect(clock.now == .milliseconds(250))
        try file.write([UInt8](repeating: 2, count: 50), at: 450)
        #expect(clock.now == .milliseconds(500), "the gap is written too, as zeros")
        let gap = [UInt8](repeating: 0, count: 200)
        #expect(try file.read(at: 0, count: 1000)[250..<500] == (gap + [UInt8](repeating: 2, count: 50))[...])
        #expect(try files.open("image")?.sizeBytes == 1000, "who reads it all, as a check does, finds it whole")
        #expect(try area.create("image", sizeBytes: 300).sizeBytes == 300)
        #expect(try files.open("image")?.sizeBytes == 300)
    }
}
