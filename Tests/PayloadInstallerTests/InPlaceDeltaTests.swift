import FoundationEssentials
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing
import UpdateModel

@Suite("A delta of format 1")
struct InPlaceDeltaTests {
    @Test("makes the target from the source, whatever they are", arguments: 0..<24)
    func anyImages(seed: UInt64) async throws {
        let (old, new) = Self.images(seed: seed)
        let payload = try await delta(from: old, to: new)
        let source = MemoryBlockDevice(old)
        let target = MemoryBlockDevice([UInt8](repeating: 0xEE, count: max(old.count, new.count) + 8192))
        try install(payload, onto: ["system": InstallTarget(device: target, source: source)], chunk: 100_003)
        #expect(target.bytes.starts(with: new))
        #expect(source.bytes == old)
    }

    @Test(
        "holds only what stock clients know, without holes, and never reads what it has overwritten", arguments: 0..<24)
    func rules(seed: UInt64) async throws {
        let (old, new) = Self.images(seed: seed)
        let payload = try await delta(from: old, to: new)
        let manifest = try PayloadScan(of: MemoryBlockDevice(payload), policy: .unverified).manifest
        #expect(manifest.format == .one)
        var written: Set<UInt64> = []
        for operation in manifest.partitions[0].operations {
            #expect([.move, .bsdiff, .replace, .replaceBZ].contains(operation.kind))
            #expect((operation.sourceExtents + operation.targetExtents).allSatisfy { !$0.isHole })
            let (read, made) = (blocks(operation.sourceExtents), blocks(operation.targetExtents))
            #expect(written.isDisjoint(with: read))
            #expect(written.isDisjoint(with: made))
            if operation.kind == .move { #expect(read.count == made.count && operation.dataLength == 0) }
            if operation.kind == .bsdiff {
                #expect(operation.sourceLength != nil && operation.targetLength != nil)
            }
            written.formUnion(made)
        }
    }

    @Test("says nothing of blocks that stay, and moves those that moved")
    func smallest() async throws {
        let image = noise(4096 * 300, seed: 1)
        #expect(try await operations(from: image, to: image).isEmpty)
        let pushed = noise(4096, seed: 2) + image
        let kinds = try await operations(from: image, to: pushed).map(\.kind)
        #expect(Set(kinds) == [.move, .replace])
        #expect(kinds.count { $0 == .replace } == 1)
    }

    @Test("says anew the smaller of two pieces that change places")
    func ring() async throws {
        let (first, second) = (noise(4096 * 200, seed: 3), noise(4096 * 20, seed: 4))
        let (old, new) = (first + second, second + first)
        let operations = try await operations(from: old, to: new)
        let anew = operations.filter { $0.kind == .replace }.flatMap(\.targetExtents).reduce(0) { $0 + $1.blockCount }
        #expect((1...20).contains(anew))
    }

    @Test(
        "is applied by a stock client and its bspatch", .enabled(if: StockClient.isPossible),
        arguments: ["ext4", "erofs", "mixed"])
    func stockClient(form: String) async throws {
        let (old, new) =
            form == "mixed"
            ? Self.images(seed: 21) : (try VectorFiles.image("old.\(form)"), try VectorFiles.image("new.\(form)"))
        let payload = try await delta(from: old, to: new)
        if form == "ext4" { #expect(payload.count < 40_000) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-stock-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // What is left over harms nobody.
        var client = StockClient(source: old, sizeBytes: max(old.count, new.count) + 8192, folder: folder)
        try await client.apply(payload)
        #expect(client.disk.starts(with: new))
    }

    @Test("of images that are not whole blocks is refused")
    func partialBlock() async throws {
        let image = noise(5000, seed: 5)
        await #expect(throws: PayloadBuildError.partialBlock(partition: "system", sizeBytes: 5000)) {
            try await delta(from: image, to: image)
        }
    }

    @Test("carries a kernel whole")
    func kernel() async throws {
        let (old, new) = Self.images(seed: 9)
        let kernel = mixedImage(300_000, seed: 4)
        let payload = try await delta(from: old, to: new, kernel: kernel)
        let (system, file) = (
            MemoryBlockDevice(sizeBytes: UInt64(max(old.count, new.count))), MemoryBlockDevice(sizeBytes: 300_000)
        )
        try install(
            payload,
            onto: [
                "system": InstallTarget(device: system, source: MemoryBlockDevice(old)),
                "kernel": InstallTarget(device: file),
            ])
        #expect(system.bytes.starts(with: new))
        #expect(file.bytes == kernel)
    }

    // MARK: - Making

    private func delta(from old: [UInt8], to new: [UInt8], kernel: [UInt8]? = nil) async throws -> [UInt8] {
        var images = [
            DeltaPayloadBuilder.Image(
                partition: "system", content: MemoryBlockDevice(new), source: MemoryBlockDevice(old))
        ]
        if let kernel { images.append(.init(partition: "kernel", content: MemoryBlockDevice(kernel), source: nil)) }
        let builder = try DeltaPayloadBuilder(format: .one, images: images)
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        return try TestPayload.compose(try await builder.build(onto: scratch), blobs: scratch, keys: [])
    }

    private func operations(from old: [UInt8], to new: [UInt8]) async throws -> [PayloadOperation] {
        let payload = try await delta(from: old, to: new)
        return try PayloadScan(of: MemoryBlockDevice(payload), policy: .unverified).manifest.partitions[0].operations
    }

    private func blocks(_ extents: [BlockExtent]) -> Set<UInt64> {
        Set(extents.flatMap { $0.startBlock..<$0.endBlock })
    }

    /// Whole blocks: equal, unlike, moved by bytes, changed, turned round, shuffled; smaller and larger.
    private static func images(seed: UInt64) -> (old: [UInt8], new: [UInt8]) {
        let count = [1, 2, 40, 700][Int(seed % 4)]
        let old = mixedImage(count * 4096, seed: seed)
        switch seed / 4 {
        case 0: return (old, old)
        case 1: return (old, mixedImage((count * 2 / 3 + 1) * 4096, seed: seed + 100))
        case 2: return (old, Array("moved".utf8) + old + [UInt8](repeating: 7, count: 4091))
        case 3:
            var changed = old
            for place in stride(from: 0, to: changed.count, by: 5_003) { changed[place] &+= 1 }
            return (old, changed)
        case 4:
            let middle = count / 2 * 4096
            return (old, Array(old[middle...] + old[..<middle] + old.prefix(8192)))
        default:
            // Every block elsewhere, some of them changed.
            let order = (0..<count).sorted { $0 &* 7919 % count < $1 &* 7919 % count }
            var shuffled = order.flatMap { old[$0 * 4096..<$0 * 4096 + 4096] }
            for place in stride(from: 0, to: shuffled.count, by: 50_021) { shuffled[place] &+= 1 }
            return (old, shuffled)
        }
    }
}
