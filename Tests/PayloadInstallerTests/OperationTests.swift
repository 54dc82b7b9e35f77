import BinaryDelta
import CompressionCodecs
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing
import UpdateModel

@Suite("An operation")
struct OperationTests {
    private let blockSize = 512

    private func blocks(_ values: UInt8...) -> [UInt8] { values.flatMap { [UInt8](repeating: $0, count: 512) } }

    private func extents(_ ranges: (UInt64, UInt64)...) -> [BlockExtent] {
        ranges.map { BlockExtent(startBlock: $0.0, blockCount: $0.1) }
    }

    /// Runs `operations` of one partition that must end as `expected`.
    private func run(
        _ operations: [PayloadOperation], blobs: [[UInt8]] = [], source: [UInt8]? = nil, format: FormatVersion = .two,
        target: [UInt8]? = nil, expected: [UInt8], oldInfo: ContentInfo? = nil
    ) throws -> [UInt8] {
        let partition = PayloadPartition(
            name: "system", operations: operations, oldInfo: oldInfo, newInfo: TestPayload.info(expected))
        let payload = try TestPayload.handMade(format, [partition], blobs: blobs)
        let device = MemoryBlockDevice(target ?? expected.map { _ in 0xEE })
        try install(
            payload, onto: ["system": InstallTarget(device: device, source: source.map { MemoryBlockDevice($0) })])
        #expect(Array(device.bytes.prefix(expected.count)) == expected)
        return device.bytes
    }

    @Test("REPLACE fills extents in their order, pads the last block, and leaves the rest of its extents alone")
    func replace() throws {
        let operation = PayloadOperation(kind: .replace, targetExtents: extents((3, 1), (0, 1), (1, 2)))
        let blob = [UInt8](blocks(1, 2) + [3, 3])
        let expected = blocks(2) + [3, 3] + [UInt8](repeating: 0, count: 510) + blocks(0xEE, 1)
        _ = try run([operation], blobs: [blob], expected: expected)
    }

    @Test("REPLACE_BZ and REPLACE_XZ unpack", arguments: [OperationKind.replaceBZ, .replaceXZ])
    func unpack(kind: OperationKind) throws {
        let content = mixedImage(100_000, seed: 1)
        let packed = kind == .replaceBZ ? try BZip2.compress(content) : try XZ.compress(content)
        let operation = PayloadOperation(kind: kind, targetExtents: extents((0, 196)))
        _ = try run([operation], blobs: [packed], expected: content)
    }

    @Test("into holes swallows bytes")
    func holes() throws {
        let operation = PayloadOperation(
            kind: .replace, targetExtents: extents((0, 1), (BlockExtent.holeStart, 2), (1, 1)))
        _ = try run([operation], blobs: [blocks(1, 2, 3, 4)], expected: blocks(1, 4))
    }

    @Test("ZERO and DISCARD write zeros", arguments: [OperationKind.zero, .discard])
    func zero(kind: OperationKind) throws {
        let operation = PayloadOperation(kind: kind, targetExtents: extents((1, 2)))
        _ = try run([operation], expected: blocks(0xEE, 0, 0, 0xEE))
    }

    @Test("ZERO on a file whose last block is not whole stays within it")
    func zeroAtEnd() throws {
        let operation = PayloadOperation(kind: .zero, targetExtents: extents((0, 2)))
        _ = try run([operation], expected: [UInt8](repeating: 0, count: 700))
    }

    @Test("SOURCE_COPY copies blocks of the source, in the order of the extents")
    func sourceCopy() throws {
        let operation = PayloadOperation(
            kind: .sourceCopy, sourceExtents: extents((2, 1), (0, 2)), targetExtents: extents((0, 3)))
        _ = try run([operation], source: blocks(1, 2, 3), expected: blocks(3, 1, 2))
    }

    @Test("SOURCE_COPY refuses a source that is not the one it was made for")
    func sourceDigest() throws {
        let source = blocks(1, 2)
        let right = PayloadOperation(
            kind: .sourceCopy, sourceExtents: extents((0, 2)), targetExtents: extents((0, 2)),
            sourceDigest: TestPayload.info(source).digest)
        _ = try run([right], source: source, expected: source)
        let error = InstallationError.wrongSourceBlocks(
            OperationPlace(partition: "system", index: 0), expected: TestPayload.info(source).digest,
            actual: TestPayload.info(blocks(9, 2)).digest)
        #expect(throws: error) { try run([right], source: blocks(9, 2), expected: source) }
    }

    @Test("MOVE within a target may overlap itself")
    func move() throws {
        let operation = PayloadOperation(
            kind: .move, sourceExtents: extents((0, 3)), targetExtents: extents((1, 3)))
        _ = try run([operation], source: blocks(1, 2, 3, 4), format: .one, expected: blocks(1, 1, 2, 3))
    }

    /// “hello world” → “hello swift!”, made by bsdiff.
    private static let patch =
        "42534449464634302b0000000000000025000000000000000c00000000000000425a6839314159265359a2cb66a7000008c0"
        + "40590040002000212006682a60a9b7177245385090a2cb66a7425a6839314159265359c585438d0000004000500020002100"
        + "8283177245385090c585438d425a68393141592653596407e61c0000019180200001200c80200021800c02cd2ee2ee48a70a"
        + "120c80fcc380"

    @Test(
        "BSDIFF and SOURCE_BSDIFF patch", arguments: [(OperationKind.bsdiff, FormatVersion.one), (.sourceBSDIFF, .two)])
    func patch(kind: OperationKind, format: FormatVersion) throws {
        let patch = try #require(Hexadecimal.decode(Self.patch))
        let operation = PayloadOperation(
            kind: kind, sourceExtents: extents((0, 1)), targetExtents: extents((0, 1)), sourceLength: 11,
            targetLength: 12)
        _ = try run(
            [operation], blobs: [patch], source: Array("hello world".utf8), format: format,
            expected: Array("hello swift!".utf8))
    }

    @Test("that makes another length than it declares is refused", arguments: [11, 13] as [UInt64])
    func wrongLength(length: UInt64) throws {
        let patch = try #require(Hexadecimal.decode(Self.patch))
        let operation = PayloadOperation(
            kind: .sourceBSDIFF, sourceExtents: extents((0, 1)), targetExtents: extents((0, 1)), targetLength: length)
        #expect(throws: InstallationError.self) {
            try run(
                [operation], blobs: [patch], source: Array("hello world".utf8), expected: Array("hello swift!".utf8))
        }
    }

    @Test("with more data than room is refused")
    func tooMuch() {
        let operation = PayloadOperation(kind: .replace, targetExtents: extents((0, 1)))
        let place = OperationPlace(partition: "system", index: 0)
        #expect(throws: InstallationError.wrongLength(place)) {
            try run([operation], blobs: [blocks(1, 2)], expected: blocks(1, 2))
        }
    }

    @Test("that unpacks without end is stopped at its extents' size", arguments: [OperationKind.replaceBZ, .replaceXZ])
    func bomb(kind: OperationKind) throws {
        let zeros = [UInt8](repeating: 0, count: 50_000_000)
        let packed = kind == .replaceBZ ? try BZip2.compress(zeros) : try XZ.compress(zeros)
        let operation = PayloadOperation(kind: kind, targetExtents: extents((0, 4)))
        let place = OperationPlace(partition: "system", index: 0)
        #expect(throws: InstallationError.badCompression(place, .outputTooLarge(limit: 2048))) {
            try run([operation], blobs: [packed], expected: blocks(0, 0, 0, 0))
        }
    }

    @Test("of broken data says so", arguments: [OperationKind.replaceBZ, .replaceXZ, .sourceBSDIFF])
    func broken(kind: OperationKind) {
        let operation = PayloadOperation(
            kind: kind, sourceExtents: kind == .sourceBSDIFF ? extents((0, 1)) : [], targetExtents: extents((0, 1)))
        #expect(throws: InstallationError.self) {
            try run([operation], blobs: [noise(200, seed: 3)], source: blocks(1), expected: blocks(1))
        }
    }

    @Test("that fails in place is not blamed on the source, which it does not read")
    func brokenInPlace() throws {
        let move = PayloadOperation(kind: .move, sourceExtents: extents((0, 1)), targetExtents: extents((1, 1)))
        let patch = PayloadOperation(
            kind: .bsdiff, sourceExtents: extents((1, 1)), targetExtents: extents((1, 1)),
            sourceDigest: TestPayload.info(blocks(1)).digest)
        let place = OperationPlace(partition: "system", index: 1)
        #expect(throws: InstallationError.badPatch(place, .notAPatch)) {
            try run(
                [move, patch], blobs: [noise(200, seed: 3)], source: blocks(1, 2), format: .one,
                expected: blocks(1, 3))
        }
    }

    @Test("beyond the new content is refused, though the slot has room", arguments: [OperationKind.replace, .zero])
    func outside(kind: OperationKind) {
        let operation = PayloadOperation(kind: kind, targetExtents: extents((2, 1)))
        #expect(throws: InstallationError.outOfRange(OperationPlace(partition: "system", index: 0))) {
            try run([operation], blobs: [blocks(1)], target: blocks(0, 0, 0, 0), expected: blocks(1, 2))
        }
    }

    @Test("reading beyond the source is refused")
    func outsideSource() {
        let operation = PayloadOperation(
            kind: .sourceCopy, sourceExtents: extents((1000, 1)), targetExtents: extents((0, 1)))
        #expect(throws: InstallationError.outOfRange(OperationPlace(partition: "system", index: 0))) {
            try run([operation], source: blocks(1), expected: blocks(1))
        }
    }

    @Test(
        "of an unknown kind is refused by name and number before anything is written",
        arguments: 9...15 as ClosedRange<UInt32>)
    func unknown(number: UInt32) throws {
        let kind = OperationKind(rawNumber: number)
        let good = PayloadOperation(kind: .zero, targetExtents: extents((0, 1)))
        let strange = PayloadOperation(kind: kind, targetExtents: extents((1, 1)))
        let partition = PayloadPartition(
            name: "system", operations: [good, strange], newInfo: TestPayload.info(blocks(0, 0)))
        let payload = try TestPayload.handMade(.two, [partition], blobs: [[1]])
        let device = WatchedDevice(blocks(7, 7))
        let error = InstallationError.unsupportedOperation(OperationPlace(partition: "system", index: 1), kind)
        #expect(throws: error) { try install(payload, onto: ["system": InstallTarget(device: device)]) }
        #expect(device.events.writes == 0)
        #expect(error.userMessage.line.contains("\(number)"))
        #expect(error.userMessage.line.contains(kind.name))
    }
}
