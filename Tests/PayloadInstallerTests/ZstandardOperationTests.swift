import CompressionCodecs
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing
import UpdateModel

@Suite("A zstd operation")
struct ZstandardOperationTests {
    private static let place = OperationPlace(partition: "system", index: 1)

    private func extents(_ ranges: (UInt64, UInt64)...) -> [BlockExtent] {
        ranges.map { BlockExtent(startBlock: $0.0, blockCount: $0.1) }
    }

    /// Applies operations in blocks of 512 bytes.
    private func run(
        _ operations: [PayloadOperation], blobs: [[UInt8]], source: [UInt8]? = nil, expected: [UInt8],
        limits: PayloadLimits = .standard, chunk: Int = 65_536
    ) throws {
        let partition = PayloadPartition(name: "system", operations: operations, newInfo: TestPayload.info(expected))
        let payload = try TestPayload.handMade(.two, [partition], blobs: blobs)
        let device = MemoryBlockDevice(expected.map { _ in 0xEE })
        let target = InstallTarget(device: device, source: source.map { MemoryBlockDevice($0) })
        try install(payload, onto: ["system": target], limits: limits, chunk: chunk)
        #expect(device.bytes == expected)
    }

    private func refersBack(
        to written: [BlockExtent], _ target: [BlockExtent], source: [BlockExtent] = [], sourceLength: UInt64? = nil
    ) -> PayloadOperation {
        PayloadOperation(
            kind: .zstd, sourceExtents: source, targetExtents: target, sourceLength: sourceLength,
            writtenExtents: written)
    }

    @Test(
        "refers back to blocks that were written before, in any order, whatever comes at once", arguments: [1, 65_536])
    func writtenBlocks(chunk: Int) throws {
        let image = noise(64 * 512, seed: 1)
        let order = [40..<44, 3..<9, 0..<2].flatMap { Array($0) }
        let prefix = order.flatMap { image[$0 * 512..<($0 + 1) * 512] }
        let content = Array(prefix[700..<5000]) + noise(820, seed: 2)
        let blob = try Zstandard.compress(content, prefix: ZstandardPrefix(prefix))
        #expect(blob.count < 1000)
        let first = PayloadOperation(kind: .replace, targetExtents: extents((0, 64)))
        let second = refersBack(to: extents((40, 4), (3, 6), (0, 2)), extents((64, 10)))
        try run([first, second], blobs: [image, blob], expected: image + content, chunk: chunk)
    }

    @Test("goes on from what the one before made, and from what lies before that")
    func chain() throws {
        let image = noise(40 * 512, seed: 3)
        var (operations, blobs): ([PayloadOperation], [[UInt8]]) = ([], [])
        for index in 0..<10 {
            // All that came before, in one run or in two.
            let blocks = UInt64(index) * 4
            let written = index == 0 ? [] : index % 3 == 0 ? extents((0, 2), (2, blocks - 2)) : extents((0, blocks))
            let bytes = image[index * 2048..<(index + 1) * 2048]
            operations.append(refersBack(to: written, extents((blocks, 4))))
            blobs.append(try Zstandard.compress(bytes, prefix: ZstandardPrefix(image[..<(index * 2048)])))
        }
        try run(operations, blobs: blobs, expected: image)
    }

    @Test("may refer to the source, and to what was written too; the source counts for as long as it says")
    func source() throws {
        let (source, image) = (noise(4096, seed: 4), noise(2048, seed: 5))
        let content = Array(source[1000..<3000]) + Array(image[..<1000]) + noise(72, seed: 6)
        for sourceLength in [nil, 3333] as [UInt64?] {
            let prefix = source.prefix(Int(sourceLength ?? 4096)) + image
            let blob = try Zstandard.compress(content, prefix: ZstandardPrefix(prefix))
            #expect(blob.count < 200)
            let first = PayloadOperation(kind: .replace, targetExtents: extents((0, 4)))
            let second = refersBack(
                to: extents((0, 4)), extents((4, 6)), source: extents((0, 8)), sourceLength: sourceLength)
            try run([first, second], blobs: [image, blob], source: source, expected: image + content)
        }
        let lonely = refersBack(to: [], extents((0, 1)), source: extents((0, 8)))
        #expect(throws: InstallationError.sourceMissing(partition: "system")) {
            try run([lonely], blobs: [[0]], expected: noise(512, seed: 7))
        }
    }

    @Test("of a frame that does not tell its size is unpacked within its window")
    func unknownSize() throws {
        let content = mixedImage(300_000, seed: 8)
        let compressor = try ZstandardCompressor(ZstandardSettings(level: 3))
        let blob = try compressor.append(content[...]) + compressor.finish()
        let first = PayloadOperation(kind: .zero, targetExtents: extents((0, 1)))
        let second = refersBack(to: extents((0, 1)), extents((1, 600)))
        let prefixed = try ZstandardCompressor(
            ZstandardSettings(level: 3), prefix: ZstandardPrefix([UInt8](repeating: 0, count: 512)))
        let other = try prefixed.append(content[...]) + prefixed.finish()
        let zeros = [UInt8](repeating: 0, count: 512)
        try run([first, refersBack(to: [], extents((1, 600)))], blobs: [blob], expected: zeros + content)
        try run([first, second], blobs: [other], expected: zeros + content)
    }

    @Test("that needs more memory than allowed is refused with both sizes; where more is allowed it is done")
    func memory() throws {
        let content = mixedImage(300_000, seed: 9)
        var settings = ZstandardSettings(level: 3)
        settings.windowLog = 27
        let compressor = try ZstandardCompressor(settings)
        let blob = try compressor.append(content[...]) + compressor.finish()
        let operations = [
            PayloadOperation(kind: .zero, targetExtents: extents((0, 1))), refersBack(to: [], extents((1, 600))),
        ]
        let expected = [UInt8](repeating: 0, count: 512) + content
        let error = InstallationError.badCompression(Self.place, .memoryLimit(needed: 128 << 20, limit: 72 << 20))
        #expect(throws: error) { try run(operations, blobs: [blob], expected: expected) }
        #expect(error.userMessage.line.contains("128 MiB") && error.userMessage.line.contains("72 MiB"))
        var limits = PayloadLimits()
        limits.unpackingBytesMax = 128 << 20
        try run(operations, blobs: [blob], expected: expected, limits: limits)
        // What it refers back to counts too, and is refused with the manifest.
        limits.unpackingBytesMax = 511
        let back = [operations[0], refersBack(to: extents((0, 1)), extents((1, 600)))]
        #expect(throws: InstallationError.payload(.overLimit(.unpackingBytes, value: 512, max: 511))) {
            try run(back, blobs: [blob], expected: expected, limits: limits)
        }
    }

    @Test("of a bomb is stopped at its extents' size, whether it tells its size or not")
    func bomb() throws {
        let zeros = [UInt8](repeating: 0, count: 50_000_000)
        let compressor = try ZstandardCompressor()
        let silent = try compressor.append(zeros[...]) + compressor.finish()
        let operations = [
            PayloadOperation(kind: .zero, targetExtents: extents((0, 1))), refersBack(to: [], extents((1, 4))),
        ]
        for blob in [try Zstandard.compress(zeros), silent] {
            #expect(throws: InstallationError.badCompression(Self.place, .outputTooLarge(limit: 2048))) {
                try run(operations, blobs: [blob], expected: [UInt8](repeating: 0, count: 2560))
            }
        }
    }

    @Test("of a frame that is cut, goes on, is damaged or refers to what is not there is refused")
    func broken() throws {
        let content = noise(2048, seed: 10, mask: 0x0F0F_0F0F)
        let frame = try Zstandard.compress(content)
        let needy = try Zstandard.compress(content, prefix: ZstandardPrefix(noise(512, seed: 1) + content))
        let zero = PayloadOperation(kind: .zero, targetExtents: extents((0, 1)))
        for (blob, error) in [
            (Array(frame.dropLast()), .truncated(.zstd)), (frame + [0], .trailingBytes(.zstd, count: 1)),
            (needy, .damaged(.zstd)), (noise(100, seed: 2), .notRecognised(.zstd)),
        ] as [([UInt8], CodecError)] {
            #expect(throws: InstallationError.badCompression(Self.place, error)) {
                try run(
                    [zero, refersBack(to: [], extents((1, 4)))], blobs: [blob],
                    expected: [UInt8](repeating: 0, count: 512) + content)
            }
        }
    }

    @Test("that refers to blocks nobody has written by then, or that are written twice, is refused with the manifest")
    func unwritten() throws {
        let zero = PayloadOperation(kind: .zero, targetExtents: extents((0, 4)))
        let content = noise(512, seed: 3)
        let blob = try Zstandard.compress(content)
        for (written, target) in [
            (extents((4, 1)), extents((5, 1))), (extents((5, 1)), extents((5, 1))), (extents((3, 2)), extents((5, 1))),
            (extents((0, 1)), extents((3, 1))), (extents((UInt64.max, 1)), extents((5, 1))),
        ] {
            #expect(throws: InstallationError.payload(.malformedManifest(.writtenBlocks(Self.place)))) {
                try run([zero, refersBack(to: written, target)], blobs: [blob], expected: content)
            }
        }
        // Another kind has no such references.
        let replace = PayloadOperation(kind: .replace, targetExtents: extents((5, 1)), writtenExtents: extents((0, 1)))
        #expect(throws: InstallationError.payload(.malformedManifest(.writtenBlocks(Self.place)))) {
            try run([zero, replace], blobs: [content], expected: content)
        }
    }

    @Test("is not part of format 1")
    func formatOne() throws {
        let operation = refersBack(to: [], extents((0, 1)))
        let partition = PayloadPartition(
            name: "system", operations: [operation], newInfo: TestPayload.info(noise(512, seed: 1)))
        let payload = try TestPayload.handMade(.one, [partition], blobs: [try Zstandard.compress(noise(512, seed: 1))])
        #expect(throws: InstallationError.payload(.malformedManifest(.foreignFields(.one)))) {
            try install(payload, onto: ["system": InstallTarget(device: MemoryBlockDevice(sizeBytes: 512))])
        }
    }
}
