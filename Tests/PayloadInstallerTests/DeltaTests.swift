import CompressionCodecs
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing
import UpdateModel

@Suite("A delta made here")
struct DeltaTests {
    @Test("makes the target from the source, whatever they are", arguments: 0..<36)
    func anyImages(seed: UInt64) async throws {
        let (old, new) = Self.images(seed: seed)
        let payload = try await delta(from: old, to: new, effort: seed % 4 == 0 ? .fast : .best)
        let target = MemoryBlockDevice([UInt8](repeating: 0xEE, count: new.count))
        let source = MemoryBlockDevice(old)
        try install(payload, onto: ["system": InstallTarget(device: target, source: source)], chunk: 1_000_003)
        #expect(target.bytes == new)
        #expect(source.bytes == old)
    }

    @Test("of a file system is small, and makes the same", arguments: ["ext4", "erofs", "lz4.erofs"])
    func fileSystems(form: String) async throws {
        let (old, new) = (try VectorFiles.image("old.\(form)"), try VectorFiles.image("new.\(form)"))
        let payload = try await delta(from: old, to: new)
        #expect(payload.count < 12_000)
        let target = MemoryBlockDevice(sizeBytes: UInt64(new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test("finds blocks that no file owns one by one, however far apart they stood")
    func scatteredBlocks() async throws {
        let files = SmallErofs.image([("file", [1])])
        let loose = noise(6_144 * 4096, seed: 8)
        // Each twelfth block, turned by a hundred bytes.
        var moved: [UInt8] = []
        for start in stride(from: 0, to: loose.count, by: 12 * 4096) {
            moved += loose[start + 100..<start + 4096]
            moved += loose[start..<start + 100]
        }
        let (old, new) = (files + loose, files + moved)
        let payload = try await delta(from: old, to: new, effort: .fast)
        #expect(payload.count < moved.count / 3, "\(payload.count) bytes")
        let target = MemoryBlockDevice(sizeBytes: UInt64(new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test("uses each kind of operation where it is shortest")
    func kinds() async throws {
        let (old, new) = (try VectorFiles.image("old.lz4.erofs"), try VectorFiles.image("new.lz4.erofs"))
        let payload = try await delta(from: old, to: new)
        let scan = try PayloadScan(of: MemoryBlockDevice(payload), policy: .unverified)
        let kinds = Set(scan.manifest.partitions[0].operations.map(\.kind))
        #expect(kinds.isSuperset(of: [.sourceCopy, .packedPatch]))
        for operation in scan.manifest.partitions[0].operations where !operation.sourceExtents.isEmpty {
            #expect(operation.sourceDigest != nil)
        }
    }

    @Test(
        "between unlike compressed images is as right",
        arguments: [
            ("old.lz4.erofs", "new.erofs"), ("old.ext4", "new.lz4.erofs"), ("old.legacy.erofs", "new.lz4.erofs"),
        ])
    func crossed(old: String, new: String) async throws {
        let (old, new) = (try VectorFiles.image(old), try VectorFiles.image(new))
        let payload = try await delta(from: old, to: new)
        let target = MemoryBlockDevice(sizeBytes: UInt64(new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test("is the same for the same images")
    func deterministic() async throws {
        let (old, new) = Self.images(seed: 5)
        #expect(try await delta(from: old, to: new) == (try await delta(from: old, to: new)))
    }

    @Test("refuses another source before it writes")
    func otherSource() async throws {
        let (old, new) = Self.images(seed: 3)
        let payload = try await delta(from: old, to: new)
        var other = old
        other[other.count / 2] ^= 1
        let target = MemoryBlockDevice([UInt8](repeating: 0xEE, count: new.count))
        #expect(throws: InstallationError.self) {
            try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(other))])
        }
        #expect(target.bytes.allSatisfy { $0 == 0xEE })
    }

    @Test("blames the source that changes after it was checked, not the payload")
    func sourceChanges() async throws {
        let (old, new) = (try VectorFiles.image("old.ext4"), try VectorFiles.image("new.ext4"))
        let payload = try await delta(from: old, to: new)
        let target = MemoryBlockDevice(sizeBytes: UInt64(new.count))
        let source = FadingDevice(old)
        do throws(InstallationError) {
            try install(payload, onto: ["system": InstallTarget(device: target, source: source)])
            Issue.record("It was applied.")
        } catch {
            guard case .wrongSourceBlocks = error else { throw error }
            #expect(error.updateEngineCode == 20)
        }
    }

    @Test("reads its source once to check it, and once to use it")
    func sourceReads() async throws {
        let old = noise(8 << 20, seed: 20)
        let payload = try await delta(from: old, to: old)
        let source = FadingDevice(old, bytesUntilFading: .max)
        let target = MemoryBlockDevice(sizeBytes: UInt64(old.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: source)])
        #expect(target.bytes == old)
        #expect(source.bytesRead == 2 * UInt64(old.count))
    }

    @Test("that needs more memory than allowed is refused with both sizes")
    func memory() async throws {
        let (old, new) = (try VectorFiles.image("old.ext4"), try VectorFiles.image("new.ext4"))
        let payload = try await delta(from: old, to: new)
        var limits = PayloadLimits.standard
        limits.unpackingBytesMax = 4095
        let target = ["system": InstallTarget(device: MemoryBlockDevice(new), source: MemoryBlockDevice(old))]
        do throws(InstallationError) {
            try install(payload, onto: target, limits: limits)
            Issue.record("It was applied.")
        } catch {
            guard case .badCompression(_, .memoryLimit(let needed, 4095)) = error else { throw error }
            #expect(needed > 4095)
        }
    }

    @Test(
        "has no operation that format 1 may have",
        arguments: [OperationKind.sourcePatch, .packedPatch, .gzipPatch, .hashTree, .zstd])
    func formatOne(kind: OperationKind) throws {
        let operation = PayloadOperation(
            kind: kind, sourceExtents: [BlockExtent(startBlock: 0, blockCount: 1)],
            targetExtents: [BlockExtent(startBlock: 0, blockCount: 1)])
        let partition = PayloadPartition(
            name: "system", operations: [operation], newInfo: TestPayload.info(noise(512, seed: 1)))
        let payload = try TestPayload.handMade(.one, [partition], blobs: [[1, 2, 3]])
        let device = MemoryBlockDevice(sizeBytes: 512)
        #expect(throws: InstallationError.payload(.malformedManifest(.foreignFields(.one)))) {
            try install(payload, onto: ["system": InstallTarget(device: device, source: device)])
        }
    }

    @Test("goes with partitions that are made anew")
    func mixed() async throws {
        let (old, new) = Self.images(seed: 9)
        let kernel = mixedImage(300_000, seed: 4)
        let builder = try DeltaPayloadBuilder(images: [
            .init(partition: "kernel", content: MemoryBlockDevice(kernel), source: nil),
            .init(partition: "system", content: MemoryBlockDevice(new), source: MemoryBlockDevice(old)),
        ])
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        let payload = try TestPayload.compose(try await builder.build(onto: scratch), blobs: scratch, keys: [])
        let (system, file) = (
            MemoryBlockDevice(sizeBytes: UInt64(new.count)), MemoryBlockDevice(sizeBytes: UInt64(kernel.count))
        )
        try install(
            payload,
            onto: [
                "system": InstallTarget(device: system, source: MemoryBlockDevice(old)),
                "kernel": InstallTarget(device: file),
            ])
        #expect(system.bytes == new)
        #expect(file.bytes == kernel)
    }

    // MARK: - Making

    private func delta(
        from old: [UInt8], to new: [UInt8], effort: PayloadBuilder.Effort = .best
    ) async throws -> [UInt8] {
        let builder = try DeltaPayloadBuilder(
            effort: effort,
            images: [.init(partition: "system", content: MemoryBlockDevice(new), source: MemoryBlockDevice(old))])
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        return try TestPayload.compose(try await builder.build(onto: scratch), blobs: scratch, keys: [])
    }

    /// Images of odd sizes: equal, unlike, moved by bytes or by blocks, smaller, larger, empty of content.
    private static func images(seed: UInt64) -> (old: [UInt8], new: [UInt8]) {
        let size = [1, 4095, 4096, 4097, 70_000, 2_500_001][Int(seed % 6)]
        let old = mixedImage(size, seed: seed)
        switch seed / 6 {
        case 0: return (old, old)
        case 1: return (old, mixedImage(size * 2 / 3 + 1, seed: seed + 100))
        case 2: return (old, Array("moved".utf8) + old)
        case 3:
            var changed = old
            for place in stride(from: 0, to: changed.count, by: 5_003) { changed[place] &+= 1 }
            return (old, changed)
        case 4: return (old, Array(old[(old.count / 2)...] + old[..<(old.count / 2)] + old.prefix(9_000)))
        default: return (old, [UInt8](repeating: 0, count: size / 2 + 1))
        }
    }
}

@Suite("A tree of hashes in a delta")
struct HashTreeDeltaTests {
    @Test("on another partition is made on the machine, and is what veritysetup made")
    func otherPartition() async throws {
        let builder = try DeltaPayloadBuilder(images: [
            .init(partition: "root", content: try device("new.erofs"), source: try device("old.erofs")),
            .init(partition: "verity", content: try device("new.verity"), source: try device("old.verity")),
        ])
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        let manifest = try await builder.build(onto: scratch)
        let operations = manifest.partitions[1].operations
        #expect(operations.last?.kind == .hashTree)
        #expect(operations.reduce(0) { $0 + $1.dataLength } < 600)
        let payload = try TestPayload.compose(manifest, blobs: scratch, keys: [])
        let (root, verity) = (
            MemoryBlockDevice(sizeBytes: try device("new.erofs").sizeBytes),
            MemoryBlockDevice(sizeBytes: try device("new.verity").sizeBytes)
        )
        try install(
            payload,
            onto: [
                "root": InstallTarget(device: root, source: try device("old.erofs")),
                "verity": InstallTarget(device: verity, source: try device("old.verity")),
            ])
        #expect(verity.bytes == (try device("new.verity").bytes))
        #expect(throws: InstallationError.sourceMissing(partition: "root")) {
            try install(payload, onto: ["verity": InstallTarget(device: verity, source: try device("old.verity"))])
        }
    }

    @Test("behind its data is made on the machine too")
    func sameImage() async throws {
        let old = MemoryBlockDevice(try device("old.erofs").bytes + (try device("old.verity").bytes))
        let new = MemoryBlockDevice(try device("new.erofs").bytes + (try device("new.verity").bytes))
        let builder = try DeltaPayloadBuilder(images: [.init(partition: "system", content: new, source: old)])
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        let manifest = try await builder.build(onto: scratch)
        #expect(manifest.partitions[0].operations.last?.kind == .hashTree)
        let target = MemoryBlockDevice(sizeBytes: new.sizeBytes)
        try install(
            try TestPayload.compose(manifest, blobs: scratch, keys: []),
            onto: ["system": InstallTarget(device: target, source: old)])
        #expect(target.bytes == new.bytes)
    }

    @Test("that is not what would be made is told as it is")
    func damagedTree() async throws {
        var bytes = try device("new.verity").bytes
        bytes[bytes.count - 5000] ^= 1
        let builder = try DeltaPayloadBuilder(images: [
            .init(partition: "root", content: try device("new.erofs"), source: try device("old.erofs")),
            .init(partition: "verity", content: MemoryBlockDevice(bytes), source: try device("old.verity")),
        ])
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        let manifest = try await builder.build(onto: scratch)
        #expect(!manifest.partitions[1].operations.contains { $0.kind == .hashTree })
    }

    private func device(_ name: String) throws -> MemoryBlockDevice {
        MemoryBlockDevice(try VectorFiles.image(name))
    }
}
