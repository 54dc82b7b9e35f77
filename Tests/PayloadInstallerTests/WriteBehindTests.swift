import FleetTestKit
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Synchronization
import Testing

@Suite("Writing behind")
struct WriteBehindTests {
    /// Remembers the offsets and sizes of writes.
    private final class Recorder: BlockDevice {
        let sizeBytes: UInt64 = 16 << 20
        let sectorSizeBytes = 512
        private let memory = MemoryBlockDevice(sizeBytes: 16 << 20)
        private let writes = Mutex<[Range<UInt64>]>([])

        var all: [Range<UInt64>] { writes.withLock { $0 } }
        var bytes: [UInt8] { memory.bytes }

        func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
            try memory.read(at: offsetBytes, count: count)
        }

        func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
            writes.withLock { $0.append(offsetBytes..<offsetBytes + UInt64(bytes.count)) }
            try memory.write(bytes, at: offsetBytes)
        }

        func flush() {}
    }

    @Test("keeps every promise of a device", arguments: [1, 2, 5])
    func contract(writesAtOnce: Int) throws {
        let device = WriteBehindDevice(MemoryBlockDevice(sizeBytes: 3 << 20), writesAtOnce: writesAtOnce)
        for seed in 1...20 as ClosedRange<UInt64> { try BlockDeviceContract.check(device, seed: seed) }
    }

    @Test("gathers what follows into whole, aligned pieces of 1 MiB")
    func pieces() throws {
        let recorder = Recorder()
        let device = WriteBehindDevice(recorder)
        let bytes = noise(5_000_000, seed: 1)
        var offset = 300_000
        for start in stride(from: 0, to: bytes.count, by: 77_777) {
            let piece = bytes[start..<min(start + 77_777, bytes.count)]
            try device.write(piece, at: UInt64(offset))
            offset += piece.count
        }
        try device.flush()
        #expect(Array(recorder.bytes[300_000..<5_300_000]) == bytes)
        let writes = recorder.all.sorted { $0.lowerBound < $1.lowerBound }
        #expect(writes.count == 6)
        for write in writes.dropFirst().dropLast() {
            #expect(write.lowerBound % (1 << 20) == 0 && write.count == 1 << 20)
        }
    }

    @Test("tells a failed write later, writes nothing after it, and keeps telling it")
    func failure() throws {
        let device = WatchedDevice([UInt8](repeating: 0, count: 8 << 20), writesUntilFailure: 2)
        let behind = WriteBehindDevice(device, writesAtOnce: 1)
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        #expect(throws: DeviceError.powerLost) {
            for index in 0..<8 as Range<UInt64> { try behind.write(piece, at: index << 20) }
            try behind.flush()
        }
        behind.settle()
        #expect(device.events.writes == 3 && device.events.flushes == 0)
        #expect(throws: DeviceError.powerLost) { try behind.read(at: 0, count: 1) }
        #expect(throws: DeviceError.powerLost) { try behind.write([1], at: 0) }
        #expect(throws: DeviceError.powerLost) { try behind.flush() }
    }

    @Test("what is read back while the rest is written is what the medium holds, and is believed only once")
    func readBack() async throws {
        let image = mixedImage(24_000_000, seed: 2)
        let payload = try await TestPayload.full(.two, [("system", image)])
        for interval in [1, 5 << 20, 1 << 30] as [UInt64] {
            let device = WatchedDevice(image.map { _ in 0 })
            try install(payload, onto: ["system": InstallTarget(device: device)], readBackIntervalBytes: interval)
            #expect(device.bytes == image)
            #expect(interval == 1 << 30 ? device.events.flushes == 1 : device.events.flushes > 2)
        }
        let liar = WatchedDevice(image.map { _ in 0 }, readsFlipped: true)
        #expect(throws: InstallationError.self) {
            try install(payload, onto: ["system": InstallTarget(device: liar)], readBackIntervalBytes: 1)
        }
    }

    @Test("what was written beyond a gap counts when the gap is closed, and is read back only once it stands there")
    func front() {
        let mebibyte = 1 << 20 as UInt64
        var front = WrittenFront()
        func mark(accepted: UInt64) -> UInt64 {
            front.mark(upTo: 90 * mebibyte, each: 1, acceptedByteCount: accepted * mebibyte)
        }
        front.add(10 * mebibyte..<20 * mebibyte)
        front.add(20 * mebibyte..<30 * mebibyte)
        #expect(front.written == 0)
        #expect(mark(accepted: 20) == 0)
        front.add(0..<10 * mebibyte)
        #expect(front.written == 30 * mebibyte)
        #expect(mark(accepted: 30) == 0, "nothing was marked before")
        front.add(31 * mebibyte..<95 * mebibyte)
        front.add(30 * mebibyte..<31 * mebibyte)
        #expect(front.written == 95 * mebibyte)
        #expect(mark(accepted: 31) == 0, "what stood before the mark may still be on its way")
        #expect(mark(accepted: 34) == 30 * mebibyte)
        #expect(mark(accepted: 99) == 0, "the front has not moved")
    }

    @Test("what is written again behind the mark is promised to nobody")
    func writtenAgainBehindTheMark() {
        let mebibyte = 1 << 20 as UInt64
        var front = WrittenFront()
        front.add(0..<32 * mebibyte)
        #expect(front.mark(upTo: 90 * mebibyte, each: 1, acceptedByteCount: 32 * mebibyte) == 0)
        front.willWrite(at: 4096)
        front.add(32 * mebibyte..<64 * mebibyte)
        #expect(front.mark(upTo: 90 * mebibyte, each: 1, acceptedByteCount: 65 * mebibyte) == 4096)
        front.willWrite(at: 64 * mebibyte)
        front.add(64 * mebibyte..<70 * mebibyte)
        #expect(front.mark(upTo: 90 * mebibyte, each: 1, acceptedByteCount: 71 * mebibyte) == 64 * mebibyte)
    }

    @Test(
        "what operations write out of order is read back while others write, and is right",
        arguments: 1...6 as ClosedRange<UInt64>)
    func outOfOrder(seed: UInt64) throws {
        let image = noise(24 << 20, seed: seed)
        var random = SeededRandom(seed: seed)
        let order = (0..<48).shuffled(using: &random)
        let operations = order.map { index in
            PayloadOperation(
                kind: .replace, targetExtents: [BlockExtent(startBlock: UInt64(index) << 10, blockCount: 1 << 10)])
        }
        let partition = PayloadPartition(name: "system", operations: operations, newInfo: TestPayload.info(image))
        let payload = try TestPayload.handMade(
            .two, [partition], blobs: order.map { Array(image[$0 << 19..<($0 + 1) << 19]) })
        let device = WatchedDevice(image.map { _ in 0 })
        try install(payload, onto: ["system": InstallTarget(device: device)], readBackIntervalBytes: 1)
        #expect(device.bytes == image)
    }

    @Test("what is written again after it was read back is read back again")
    func writtenAgain() throws {
        let (first, second) = (noise(24 << 20, seed: 3), noise(1 << 20, seed: 4))
        let again = BlockExtent(startBlock: 1 << 11, blockCount: 1 << 11)
        var operations = (0..<24).map { index in
            PayloadOperation(
                kind: .replace, targetExtents: [BlockExtent(startBlock: UInt64(index) << 11, blockCount: 1 << 11)])
        }
        operations.append(PayloadOperation(kind: .replace, targetExtents: [again]))
        var image = first
        image.replaceSubrange(1 << 20..<2 << 20, with: second)
        let partition = PayloadPartition(name: "system", operations: operations, newInfo: TestPayload.info(image))
        let payload = try TestPayload.handMade(
            .two, [partition], blobs: (0..<24).map { Array(first[$0 << 20..<($0 + 1) << 20]) } + [second])
        let device = MemoryBlockDevice(image.map { _ in 0 })
        try install(payload, onto: ["system": InstallTarget(device: device)], readBackIntervalBytes: 1)
        #expect(device.bytes == image)
    }
}
