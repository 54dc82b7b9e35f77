import CompressionCodecs
import ContentTrust
import Testing
import UpdateModel

@Suite struct DecompressionReaderTests {
    @Test("what bzip2, xz and zstd wrote comes out", arguments: Vectors.textFiles)
    func foreignStreams(file: String, format: CompressionFormat) throws {
        let output = try DecompressionReader.decompress(format, Vectors.bytes(file)[...], outputLimit: 100_000)
        #expect(output.count == 100_000)
        let wanted = String(decoding: try Vectors.bytes("text.sha256"), as: UTF8.self)
        #expect(StreamDigest.digest(of: output).hexadecimal + "\n" == wanted)
    }

    @Test(
        "a stream of nothing gives nothing",
        arguments: [("empty.bz2", .bzip2), ("empty.xz", .xz), ("empty.zst", .zstd)]
            as [(String, CompressionFormat)])
    func emptyStreams(file: String, format: CompressionFormat) throws {
        let reader = try DecompressionReader(format, Vectors.bytes(file), outputLimit: 0)
        #expect(try reader.next() == nil)
        #expect(try reader.next() == nil)
        try reader.expectEnd()
    }

    @Test(
        "a large output comes in pieces of at most 128 KiB",
        arguments: [
            ("zeros.bz2", .bzip2, 10_000_000), ("zeros.xz", .xz, 100_000_000), ("zeros.zst", .zstd, 100_000_000),
        ]
            as [(String, CompressionFormat, Int)])
    func pieces(file: String, format: CompressionFormat, count: Int) throws {
        let reader = try DecompressionReader(format, Vectors.bytes(file), outputLimit: UInt64(count))
        var total = 0
        while let piece = try reader.next() {
            #expect((1...DecompressionReader.pieceByteCount).contains(piece.count))
            total += piece.count
        }
        #expect(total == count)
    }

    @Test(
        "a bomb is stopped at its limit, and never gives more",
        arguments: [("zeros.bz2", .bzip2), ("zeros.xz", .xz), ("zeros.zst", .zstd)] as [(String, CompressionFormat)],
        [0, 1, 1 << 20])
    func bomb(file: (String, CompressionFormat), limit: UInt64) throws {
        let reader = try DecompressionReader(file.1, Vectors.bytes(file.0), outputLimit: limit)
        var total: UInt64 = 0
        #expect(throws: CodecError.outputTooLarge(limit: limit)) {
            while let piece = try reader.next() { total += UInt64(piece.count) }
        }
        #expect(total <= limit)
    }

    @Test("reads of any size give the same bytes, and the end is seen")
    func exactReads() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = SeededGenerator(seed: seed)
        let reader = try DecompressionReader(.xz, Vectors.bytes("text-crc32.xz"), outputLimit: 100_000)
        var output: [UInt8] = []
        while output.count < 99_999 {
            let count = min(Int.random(in: 0...9000, using: &chance), 99_999 - output.count)
            let piece = try reader.read(count: count)
            #expect(piece.count == count)
            output += piece
        }
        #expect(throws: CodecError.outputUnread) { try reader.expectEnd() }
        output += try reader.read(count: 1)
        try reader.expectEnd()
        #expect(try output == Vectors.text(), "seed \(seed)")
        #expect(throws: CodecError.outputTooShort(missing: 3)) { try reader.read(count: 3) }
    }

    @Test("a slice that does not start at zero is read from its start")
    func slices() throws {
        let framed = [1, 2, 3] + (try Vectors.bytes("text.bz2")) + [4]
        let output = try DecompressionReader.decompress(
            .bzip2, framed[3..<(framed.count - 1)], outputLimit: 100_000)
        #expect(try output == Vectors.text())
    }

    @Test("a cut stream is refused, wherever it is cut", arguments: Vectors.textFiles)
    func truncated(file: String, format: CompressionFormat) throws {
        let stream = try Vectors.bytes(file)
        for count in Array(0..<64) + Array(stride(from: 64, to: stream.count, by: 997)) + [stream.count - 1] {
            #expect(throws: CodecError.truncated(format)) {
                try DecompressionReader.decompress(format, stream.prefix(count), outputLimit: 100_000)
            }
        }
    }

    @Test("bytes after the end are refused, be they junk, zeros or another stream", arguments: Vectors.textFiles)
    func trailing(file: String, format: CompressionFormat) throws {
        let stream = try Vectors.bytes(file)
        for tail in [[0], [0, 0, 0, 0], stream] {
            #expect(throws: CodecError.trailingBytes(format, count: tail.count)) {
                try DecompressionReader.decompress(format, (stream + tail)[...], outputLimit: 100_000)
            }
        }
    }

    @Test("another format is not recognised")
    func otherFormats() throws {
        let (bzip2, xz) = (try Vectors.bytes("text.bz2"), try Vectors.bytes("text-crc32.xz"))
        for (format, bytes) in [
            (.bzip2, xz), (.xz, bzip2), (.zstd, xz), (.zstd, bzip2), (.xz, try Vectors.bytes("text-none.zst")),
            (.xz, try Vectors.bytes("text.lzma")), (.bzip2, Array("hello, world".utf8)),
        ] as [(CompressionFormat, [UInt8])] {
            #expect(throws: CodecError.notRecognised(format)) {
                try DecompressionReader.decompress(format, bytes[...], outputLimit: 100_000)
            }
        }
    }

    @Test("an xz stream that needs more memory than allowed says how much")
    func memoryLimit() throws {
        let stream = try Vectors.bytes("text-dictionary-256MiB.xz")
        let reader = try DecompressionReader(.xz, stream, outputLimit: 100_000)
        let error = try #require(throws: CodecError.self) { try reader.next() }
        guard case .memoryLimit(let needed, DecompressionReader.memoryLimitDefault) = error else {
            Issue.record("unexpected \(error)")
            return
        }
        #expect((UInt64(256) << 20...(UInt64(257) << 20)).contains(needed))
        let roomy = try DecompressionReader(.xz, stream, outputLimit: 100_000, memoryLimit: needed)
        #expect(try roomy.read(count: 100_000) == Vectors.text())
    }

    @Test("after an error the same error is thrown again")
    func repeatedError() throws {
        let reader = try DecompressionReader(.bzip2, Vectors.bytes("text.bz2").dropLast(9), outputLimit: 100_000)
        for _ in 0..<3 {
            #expect(throws: CodecError.truncated(.bzip2)) { while try reader.next() != nil {} }
        }
        #expect(throws: CodecError.truncated(.bzip2)) { try reader.expectEnd() }
    }

    @Test("a stream with any bit flipped is refused or unchanged, and never traps", arguments: Vectors.textFiles)
    func flippedBits(file: String, format: CompressionFormat) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = SeededGenerator(seed: seed)
        let (stream, text) = (try Vectors.bytes(file), try Vectors.text())
        for round in 0..<200 {
            var changed = stream
            // Headers first, bit by bit; then anywhere.
            let bit = round < 100 ? round : Int.random(in: 0..<(stream.count * 8), using: &chance)
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let output = try? DecompressionReader.decompress(format, changed[...], outputLimit: 200_000)
            // Without a check sum xz cannot see every change; the digest of the whole payload does.
            if !file.hasPrefix("text-none") && !file.hasPrefix("text-stream") {
                #expect(output == nil || output == text, "seed \(seed), bit \(bit)")
            }
        }
    }

    @Test("junk behind a true beginning never traps", arguments: Vectors.textFiles)
    func junk(file: String, format: CompressionFormat) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = SeededGenerator(seed: seed)
        let stream = try Vectors.bytes(file)
        for _ in 0..<100 {
            let kept = Int.random(in: 0..<200, using: &chance)
            let noise = (0..<500).map { _ in UInt8.random(in: 0...255, using: &chance) }
            #expect(throws: CodecError.self, "seed \(seed)") {
                try DecompressionReader.decompress(format, (stream.prefix(kept) + noise)[...], outputLimit: 1 << 20)
            }
        }
    }
}
