import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing

@Suite("What is built installs to the same bytes")
struct RoundTripTests {
    @Test(
        "for images of every odd size", arguments: FormatVersion.allCases,
        [1, 511, 4095, 4096, 4097, (1 << 20) - 1, (1 << 20) + 1, (2 << 20) + 4097])
    func oddSizes(format: FormatVersion, size: Int) async throws {
        let image = mixedImage(size, seed: UInt64(size))
        let payload = try await TestPayload.full(format, [("system", image)], keys: [SampleKeys.first])
        // A target of just the size, and a slot with room to spare whose rest stays as it is.
        for spare in [0, 10_000] {
            let target = MemoryBlockDevice([UInt8](repeating: 0xEE, count: size + spare))
            let result = try install(
                payload, onto: ["system": InstallTarget(device: target)], policy: .trusting(SampleKeys.first))
            #expect(Array(target.bytes.prefix(size)) == image)
            #expect(result.partitions.map(\.info) == [TestPayload.info(image)])
            #expect(result.summary.signer == SampleKeys.first.verificationKey)
            let whole = (size + 4095) / 4096 * 4096
            #expect(target.bytes.dropFirst(whole).allSatisfy { $0 == 0xEE })
        }
    }

    @Test("with a kernel", arguments: FormatVersion.allCases)
    func kernel(format: FormatVersion) async throws {
        let (image, kernel) = (mixedImage(3_000_000, seed: 1), mixedImage(12_345, seed: 2))
        let payload = try await TestPayload.full(format, [("system", image), ("kernel", kernel)])
        let (system, file) = (MemoryBlockDevice(image.map { _ in 1 }), MemoryBlockDevice(kernel.map { _ in 1 }))
        try install(
            payload, onto: ["system": InstallTarget(device: system), "kernel": InstallTarget(device: file)], chunk: 1000
        )
        #expect(system.bytes == image)
        #expect(file.bytes == kernel)
    }

    @Test("with any number of named partitions, and those without a target are skipped")
    func partitions() async throws {
        let images = ["system", "modules", "firmware"].enumerated().map {
            ($1, mixedImage(50_000 * ($0 + 1), seed: UInt64($0)))
        }
        let payload = try await TestPayload.full(.two, images, keys: [SampleKeys.first])
        let target = MemoryBlockDevice(sizeBytes: 100_000)
        let result = try install(
            payload, onto: ["modules": InstallTarget(device: target)], policy: .trusting(SampleKeys.first))
        #expect(target.bytes == images[1].1)
        #expect(result.skippedPartitions == ["system", "firmware"])
    }

    @Test("and the same images always give the same payload", arguments: FormatVersion.allCases)
    func deterministic(format: FormatVersion) async throws {
        let image = mixedImage(3_000_000, seed: 5)
        let first = try await TestPayload.full(format, [("system", image)], keys: [SampleKeys.first])
        let second = try await TestPayload.full(format, [("system", image)], keys: [SampleKeys.first])
        #expect(first == second)
    }

    @Test("and format 1 uses only what old clients know, format 2 the shortest of all")
    func kinds() async throws {
        let image = mixedImage(4_500_000, seed: 6)
        func kinds(
            _ format: FormatVersion, _ compression: PayloadBuilder.Compression = .zstd
        ) async throws -> Set<OperationKind> {
            let payload = try await TestPayload.full(format, [("system", image)], compression: compression)
            let manifest = try PayloadScan(of: MemoryBlockDevice(payload), policy: .unverified).manifest
            return Set(manifest.partitions.flatMap(\.operations).map(\.kind))
        }
        #expect(try await kinds(.one).isSubset(of: [.replace, .replaceBZ]))
        #expect(try await kinds(.two).contains(.zstd))
        #expect(try await kinds(.two).isSubset(of: [.zstd, .replace, .zero]))
        #expect(try await kinds(.two, .xz).isSuperset(of: [.replaceXZ, .replace]))
        let zeros = try await TestPayload.full(.two, [("system", [UInt8](repeating: 0, count: 5_000_000))])
        #expect(zeros.count < 300, "zeros take no data")
    }

    @Test("though what repeats is far back, and then takes next to nothing", arguments: [4096, 65_536] as [UInt64])
    func farRepetitions(blockSize: UInt64) async throws {
        let (once, between) = (noise(1_500_000, seed: 11), noise(7_000_000, seed: 12, mask: 0x0F0F_0F0F))
        let image = once + between + [UInt8](repeating: 0, count: 3 << 20) + once + noise(12_345, seed: 13)
        let payload = try await TestPayload.full(.two, [("system", image)], blockSize: blockSize)
        let without = try await TestPayload.full(.two, [("system", once + between)], blockSize: blockSize)
        #expect(payload.count < without.count + 60_000)
        for chunk in [1, 4096, payload.count] where chunk > 1 || blockSize == 4096 {
            let target = MemoryBlockDevice([UInt8](repeating: 0xEE, count: image.count))
            try install(payload, onto: ["system": InstallTarget(device: target)], chunk: chunk)
            #expect(target.bytes == image)
        }
    }

    @Test("with xz for other appliers")
    func xz() async throws {
        let image = mixedImage(3_000_000, seed: 14)
        let payload = try await TestPayload.full(.two, [("system", image)], compression: .xz)
        let target = MemoryBlockDevice(image.map { _ in 1 })
        try install(payload, onto: ["system": InstallTarget(device: target)])
        #expect(target.bytes == image)
    }

    @Test("signed off-line as with the key at hand", arguments: FormatVersion.allCases, [1, 2])
    func detached(format: FormatVersion, signatures: Int) async throws {
        let keys = Array([SampleKeys.first, SampleKeys.long].prefix(signatures))
        let images = [("system", mixedImage(100_000, seed: 7)), ("kernel", mixedImage(5000, seed: 8))]
        let direct = try await TestPayload.full(format, images, keys: keys)
        let unsigned = MemoryBlockDevice(try await TestPayload.full(format, images))
        let scan = try PayloadScan(of: unsigned, policy: .unverified)
        let envelope = try PayloadEnvelope(
            resigning: scan.manifestBytes, format: format, signatureSizes: keys.map(\.verificationKey.modulusByteCount))
        let composer = try PayloadComposer(
            envelope, blobs: unsigned, blobsOffset: scan.header.blobsOffset, blobsLength: scan.manifest.blobsLength)
        let (payloadDigest, metadataDigest) = (try composer.payloadDigest(), composer.metadataDigest)
        let signer = PayloadSigner.detached(
            payload: try keys.map { try $0.sign(payloadDigest) }, metadata: try keys.map { try $0.sign(metadataDigest) }
        )
        #expect(try TestPayload.compose(composer, signer) == direct)
    }

    @Test("but not from an empty image, a strange block size or a name that is none")
    func refused() async {
        let empty = PayloadBuilder.Image(partition: "system", content: MemoryBlockDevice([]))
        #expect(throws: PayloadBuildError.emptyImage(partition: "system")) {
            try PayloadBuilder(format: .two, images: [empty])
        }
        let image = PayloadBuilder.Image(partition: "system", content: MemoryBlockDevice([1]))
        #expect(throws: PayloadBuildError.blockSize(1000)) {
            try PayloadBuilder(format: .two, blockSize: 1000, images: [image])
        }
        #expect(throws: PayloadBuildError.duplicatePartition("system")) {
            try PayloadBuilder(format: .two, images: [image, image])
        }
        let other = PayloadBuilder.Image(partition: "modules", content: MemoryBlockDevice([1]))
        #expect(throws: PayloadBuildError.notInFormat1(partition: "modules")) {
            try PayloadBuilder(format: .one, images: [other])
        }
        let path = PayloadBuilder.Image(partition: "../x", content: MemoryBlockDevice([1]))
        #expect(throws: PayloadBuildError.partitionName("../x")) { try PayloadBuilder(format: .two, images: [path]) }
    }
}
