import CompressionCodecs
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing

@Suite("Files of a delta that resemble one another")
struct WrittenContentTests {
    private static let large = noise(2_000_000, seed: 31)
    /// Most of the large one, elsewhere and with a byte changed here and there.
    private static let small: [UInt8] = {
        var bytes = Array(large[300_001..<1_700_000])
        for place in stride(from: 0, to: bytes.count, by: 9_973) { bytes[place] &+= 1 }
        return bytes
    }()

    @Test("are told once, whichever stands first", arguments: [true, false])
    func toldOnce(isLargeFirst: Bool) async throws {
        let files = [("large", Self.large), ("small", Self.small)]
        let old = SmallErofs.image([("large", noise(1_200_000, seed: 32)), ("small", noise(900_000, seed: 33))])
        let new = SmallErofs.image(isLargeFirst ? files : files.reversed())
        let (manifest, payload) = try await delta(from: old, to: new)
        let operations = manifest.partitions[0].operations
        #expect(operations.contains { $0.kind == .sourcePatch && !$0.writtenExtents.isEmpty })
        #expect(payload.count < Self.large.count + 100_000)
        let target = MemoryBlockDevice([UInt8](repeating: 0xEE, count: new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test("come from what they were where that says more")
    func sameAsBefore() async throws {
        let old = SmallErofs.image([("large", Self.large), ("small", Self.small)])
        let new = SmallErofs.image([("large", [1, 2, 3] + Self.large), ("small", [4, 5, 6] + Self.small)])
        let (manifest, payload) = try await delta(from: old, to: new)
        #expect(!manifest.partitions[0].operations.contains { !$0.writtenExtents.isEmpty })
        #expect(payload.count < 50_000)
    }

    @Test("are made anew for format 1, where blocks that others refer to may be gone")
    func formatOne() async throws {
        let old = SmallErofs.image([("large", noise(1_200_000, seed: 32)), ("small", noise(900_000, seed: 33))])
        let new = SmallErofs.image([("large", Self.large), ("small", Self.small)])
        let builder = try DeltaPayloadBuilder(
            format: .one,
            images: [.init(partition: "system", content: MemoryBlockDevice(new), source: MemoryBlockDevice(old))])
        let manifest = try await builder.build(onto: MemoryBlockDevice(sizeBytes: builder.scratchBytes))
        #expect(!manifest.partitions[0].operations.contains { !$0.writtenExtents.isEmpty })
    }

    @Test("read the source first, then what was written, and what lies over both")
    func chain() throws {
        let (first, second) = (noise(4096, seed: 1), noise(4096, seed: 2))
        var patch = Array("MDP1".utf8) + [0x80, 0x20]  // 4096 bytes
        func numbers(_ packed: [UInt8]) -> [UInt8] { [UInt8(packed.count), 0, 0, 0, 0, 0, 0, 0] + packed }
        // Seeks to byte 2048 and adds zeros to all from there on: half of each.
        let parts = [
            numbers([0, 0x80, 0x20]), numbers([0, 0]), numbers([0x80, 0x20, 0]), [UInt8](repeating: 0, count: 4096), [],
        ]
        for part in parts { patch += [0] + (part.count < 128 ? [UInt8(part.count)] : [0x80, 0x20]) }
        patch += parts.joined()
        let operations = [
            PayloadOperation(kind: .replace, targetExtents: [BlockExtent(startBlock: 0, blockCount: 1)]),
            PayloadOperation(
                kind: .sourcePatch, sourceExtents: [BlockExtent(startBlock: 0, blockCount: 1)],
                targetExtents: [BlockExtent(startBlock: 1, blockCount: 1)],
                writtenExtents: [BlockExtent(startBlock: 0, blockCount: 1)]),
        ]
        let result = second + first[2048...] + second[..<2048]
        let partition = PayloadPartition(
            name: "system", operations: operations, oldInfo: TestPayload.info(first), newInfo: TestPayload.info(result))
        let payload = try TestPayload.handMade(.two, blockSize: 4096, [partition], blobs: [second, patch])
        let target = MemoryBlockDevice(sizeBytes: 8192)
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(first))])
        #expect(target.bytes == result)
    }

    @Test("may not refer to what is not written yet")
    func notYetWritten() throws {
        let operations = [
            PayloadOperation(
                kind: .sourcePatch, targetExtents: [BlockExtent(startBlock: 1, blockCount: 1)],
                writtenExtents: [BlockExtent(startBlock: 0, blockCount: 1)]),
            PayloadOperation(kind: .replace, targetExtents: [BlockExtent(startBlock: 0, blockCount: 1)]),
        ]
        let content = noise(8192, seed: 3)
        let partition = PayloadPartition(name: "system", operations: operations, newInfo: TestPayload.info(content))
        let payload = try TestPayload.handMade(.two, blockSize: 4096, [partition], blobs: [[1], content])
        let place = OperationPlace(partition: "system", index: 0)
        #expect(throws: InstallationError.payload(.malformedManifest(.writtenBlocks(place)))) {
            try install(payload, onto: ["system": InstallTarget(device: MemoryBlockDevice(sizeBytes: 8192))])
        }
    }

    private func delta(from old: [UInt8], to new: [UInt8]) async throws -> (PayloadManifest, [UInt8]) {
        let builder = try DeltaPayloadBuilder(images: [
            .init(partition: "system", content: MemoryBlockDevice(new), source: MemoryBlockDevice(old))
        ])
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        let manifest = try await builder.build(onto: scratch)
        return (manifest, try TestPayload.compose(manifest, blobs: scratch, keys: []))
    }
}
