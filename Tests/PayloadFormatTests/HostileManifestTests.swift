import PayloadFormat
import Testing
import UpdateModel

@Suite("A hostile manifest is refused without a crash")
struct HostileManifestTests {
    private static let extent = Wire.extent(0, 1)
    private static let place = OperationPlace(partition: "system", index: 0)

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let manifest: Wire
        var format = FormatVersion.one
        let error: PayloadError

        init(_ name: String, _ manifest: Wire, _ format: FormatVersion = .one, fault: ManifestFault) {
            self.init(name, manifest, format, error: .malformedManifest(fault))
        }

        init(_ name: String, _ manifest: Wire, _ format: FormatVersion = .one, error: PayloadError) {
            testDescription = name
            self.manifest = manifest
            self.format = format
            self.error = error
        }
    }

    private static func operation(_ operation: Wire) -> Wire {
        Wire().message(1, operation).message(9, Wire.info(size: 4096))
    }

    private static func partition(_ name: String, _ operation: Wire? = nil) -> Wire {
        let head = Wire().data(1, Array(name.utf8)).message(7, Wire.info(size: 4096))
        return operation.map { head.message(8, $0) } ?? head
    }

    static let cases: [Case] = [
        Case("block size 0", Wire().number(3, 0), fault: .blockSize(0)),
        Case("block size no power of two", Wire().number(3, 4095), fault: .blockSize(4095)),
        Case("block size huge", Wire().number(3, 1 << 30), fault: .blockSize(1 << 30)),
        Case(
            "extent ends beyond 2^64", operation(.replace(offset: 0, length: 1, .extent(.max - 1, .max - 1))),
            fault: .extent(place)),
        Case(
            "extent of 2^64-1 blocks", operation(.replace(offset: 0, length: 1, .extent(0, .max))),
            fault: .extent(place)),
        Case(
            "hole of 2^64-1 blocks", operation(.replace(offset: 0, length: 1, .extent(.max, .max))),
            fault: .extent(place)),
        Case("extent without blocks", operation(.replace(offset: 0, length: 1, .extent(0, 0))), fault: .extent(place)),
        Case("no extents", operation(.replace(offset: 0, length: 1)), fault: .extent(place)),
        Case(
            "extents that add up beyond 2^64",
            operation(.replace(offset: 0, length: 1, .extent(0, 1 << 34), .extent(0, 1 << 34))), fault: .extent(place)),
        Case("blob elsewhere", operation(.replace(offset: 5, length: 1, extent)), fault: .dataOffset(place)),
        Case(
            "blob of 2^64-1 bytes", operation(.replace(offset: 0, length: .max, extent)),
            error: .overLimit(.blobBytes, value: .max, max: 64 << 20)),
        Case(
            "blob without digest", operation(Wire().number(1, 0).number(2, 0).number(3, 1).message(6, extent)),
            error: .blobDigestMissing(place)),
        Case(
            "digest of 31 bytes", operation(Wire().number(1, 0).data(8, [UInt8](repeating: 1, count: 31))),
            fault: .digestSize(place)),
        Case("operation without type", operation(Wire().number(2, 0)), fault: .undecodable),
        Case("replace without data", operation(Wire().number(1, 0).message(6, extent)), fault: .unexpectedData(place)),
        Case(
            "zero with data",
            operation(
                Wire().number(1, 6).number(2, 0).number(3, 1).message(6, extent).data(
                    8, [UInt8](repeating: 1, count: 32))),
            fault: .unexpectedData(place)),
        Case(
            "move of different counts", operation(Wire().number(1, 2).message(4, .extent(0, 2)).message(6, extent)),
            fault: .lengths(place)),
        Case(
            "source longer than its extents",
            operation(Wire().number(1, 2).message(4, extent).number(5, .max).message(6, extent)), fault: .lengths(place)
        ),
        Case(
            "move of a terabyte",
            operation(Wire().number(1, 2).message(4, .extent(0, 1 << 28)).message(6, .extent(0, 1 << 28))),
            error: .overLimit(.blobBytes, value: 1 << 40, max: 256 << 20)),
        Case(
            "a partition of 2^64-1 bytes",
            Wire().message(9, Wire.info(size: .max)).message(1, .replace(offset: 0, length: 1, extent)),
            error: .overLimit(.partitionBytes, value: .max, max: 1 << 46)),
        Case(
            "an info without size", Wire().message(9, Wire().data(2, [UInt8](repeating: 1, count: 32))),
            fault: .info(partition: "system")),
        Case(
            "an info with a short hash", Wire().message(9, Wire.info(size: 1, hash: [1])),
            fault: .info(partition: "system")),
        Case(
            "a signature elsewhere", operation(.replace(offset: 0, length: 1, extent)).number(4, 2).number(5, 264),
            fault: .signaturePlace),
        Case(
            "a signature without place", operation(.replace(offset: 0, length: 1, extent)).number(5, 264),
            fault: .signaturePlace),
        Case(
            "a huge signature", operation(.replace(offset: 0, length: 1, extent)).number(4, 1).number(5, .max),
            error: .overLimit(.signatureBytes, value: .max, max: 64 << 10)),
        Case("format 2's partitions in format 1", Wire().message(13, partition("system")), fault: .foreignFields(.one)),
        Case(
            "format 1's operations in format 2", operation(.replace(offset: 0, length: 1, extent)), .two,
            fault: .foreignFields(.two)),
        Case("a partition without name", Wire().message(13, partition("")), .two, fault: .partitionName("")),
        Case(
            "a partition named like a path", Wire().message(13, partition("../etc")), .two,
            fault: .partitionName("../etc")),
        Case(
            "a partition twice", Wire().message(13, partition("a")).message(13, partition("a")), .two,
            fault: .duplicatePartition("a")),
        Case(
            "in-place work in format 2",
            Wire().message(13, partition("system", Wire().number(1, 2).message(4, extent).message(6, extent))), .two,
            fault: .inPlace(place)),
        Case(
            "work without end",
            Wire().message(9, Wire.info(size: 4096))
                .repeated(3, 1, Wire().number(1, 6).message(6, .extent(0, 8000))),
            fault: .work(OperationPlace(partition: "system", index: 2))),
        Case(
            "too many partitions", Wire().repeated(65, 13, Wire()), .two,
            error: .overLimit(.partitions, value: 65, max: 64)),
        Case("a group", Wire().number(0, 0), fault: .undecodable),
    ]

    @Test("of every kind", arguments: cases)
    func refused(testCase: Case) {
        #expect(throws: testCase.error) {
            try PayloadManifest(decoding: testCase.manifest.bytes[...], format: testCase.format)
        }
        let message = testCase.error.userMessage
        #expect(message.exit == .badData)
        #expect(!message.line.contains("\n"))
    }

    @Test("that would fill the memory is refused by counting, before it is decoded")
    func memory() {
        var limits = PayloadLimits()
        limits.operationsMax = 1000
        limits.extentsMax = 1000
        let operations = [UInt8](repeating: 0, count: 0) + (0..<1001).flatMap { _ in [0x0A, 0x00] as [UInt8] }
        #expect(throws: PayloadError.overLimit(.operations, value: 1001, max: 1000)) {
            try PayloadManifest(decoding: operations[...], format: .one, limits: limits)
        }
        let extents = (0..<1001).flatMap { _ in [0x32, 0x00] as [UInt8] }
        let manifest = Wire().data(1, extents).bytes
        #expect(throws: PayloadError.overLimit(.extents, value: 1001, max: 1000)) {
            try PayloadManifest(decoding: manifest[...], format: .one, limits: limits)
        }
    }

    @Test("made of random bytes never crashes", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) {
        var random = SeededRandom(state: seed)
        for _ in 0..<2000 {
            let bytes = (0..<Int(random.next() % 80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            for format in FormatVersion.allCases {
                _ = try? PayloadManifest(decoding: bytes[...], format: format)  // Refused or not: it must return.
            }
        }
    }

    @Test("made from a good one by changing a byte never crashes", arguments: FormatVersion.allCases)
    func mutated(format: FormatVersion) throws {
        let good = try SamplePayload(format: format, keys: []).envelope.metadata.dropFirst(format.headerByteCount)
        for index in good.indices {
            for value in [0x00, 0x7F, 0x80, 0xFF] as [UInt8] {
                var bytes = good
                bytes[index] = value
                _ = try? PayloadManifest(decoding: bytes, format: format)  // Refused or not: it must return.
            }
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
