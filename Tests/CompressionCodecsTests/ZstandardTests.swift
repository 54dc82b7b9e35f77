import CompressionCodecs
import Testing
import UpdateModel

@Suite struct ZstandardTests {
    private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var chance = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &chance) }
    }

    @Test("what is written reads back, whole and in pieces", arguments: CompressionTests.inputs, [1, 19])
    func roundTrip(input: [UInt8], level: Int) throws {
        for hasChecksum in [false, true] {
            let settings = ZstandardSettings(level: level, hasChecksum: hasChecksum)
            let frame = try Zstandard.compress(input, settings: settings)
            let limit = UInt64(input.count)
            #expect(try Zstandard.decompress(frame[...], outputLimit: limit) == input)
            #expect(try DecompressionReader.decompress(.zstd, frame[...], outputLimit: limit) == input)
            #expect(try ZstandardFrame(opening: frame[...]).contentByteCount == limit)
        }
    }

    @Test("a frame that is made in pieces holds the same, and tells its size only where it was told")
    func compressor() throws {
        let text = try Vectors.text()
        for told in [nil, UInt64(text.count)] {
            let compressor = try ZstandardCompressor(contentByteCount: told)
            var frame: [UInt8] = []
            for start in stride(from: 0, to: text.count, by: 7777) {
                frame += try compressor.append(text[start..<min(start + 7777, text.count)])
            }
            frame += try compressor.finish()
            #expect(try ZstandardFrame(opening: frame[...]).contentByteCount == told)
            #expect(try Zstandard.decompress(frame[...], outputLimit: 100_000) == text)
        }
        let broken = try ZstandardCompressor(contentByteCount: 5)
        #expect(throws: CodecError.self) { try broken.append([1, 2, 3]) + broken.finish() }
    }

    @Test("a prefix makes what repeats it small, and is needed to read it")
    func prefix() throws {
        let (known, fresh) = (Self.noise(300_000, seed: 1), Self.noise(1000, seed: 2))
        let content = known[100_000..<200_000] + fresh
        let prefix = ZstandardPrefix(known)
        let frame = try Zstandard.compress(content, prefix: prefix)
        #expect(frame.count < 1200)
        let limit = UInt64(content.count)
        #expect(try Zstandard.decompress(frame[...], outputLimit: limit, prefix: prefix) == Array(content))
        let reader = try DecompressionReader(.zstd, frame[...], outputLimit: limit, prefix: prefix)
        #expect(try reader.read(count: content.count) == Array(content))
        try reader.expectEnd()
        #expect(throws: CodecError.damaged(.zstd)) { try Zstandard.decompress(frame[...], outputLimit: limit) }
        let other = try? Zstandard.decompress(
            frame[...], outputLimit: limit, prefix: ZstandardPrefix(Self.noise(300_000, seed: 3)))
        #expect(other != Array(content))
    }

    @Test("a prefix of pieces is the same as one of one piece")
    func prefixPieces() throws {
        let known = Self.noise(50_000, seed: 4)
        var rest = known[...]
        let pieces = ZstandardPrefix(byteCount: known.count) { missing -> ArraySlice<UInt8> in
            let piece = rest.prefix(min(missing, 999))
            rest = rest.dropFirst(piece.count)
            return piece
        }
        #expect(
            try Zstandard.compress(known, prefix: pieces)
                == Zstandard.compress(known, prefix: ZstandardPrefix(known)))
    }

    @Test("what another program made with a prefix reads back")
    func foreignPrefix() throws {
        let text = try Vectors.text()
        let frame = try Vectors.bytes("text-from-half.zst")
        let half = ZstandardPrefix(text[..<50_000])
        #expect(try Zstandard.decompress(frame[...], outputLimit: 100_000, prefix: half) == text)
    }

    @Test("a window larger than allowed is refused with both sizes, and read where it is allowed")
    func window() throws {
        let frame = try Vectors.bytes("text-window-256MiB.zst")
        #expect(try ZstandardFrame(opening: frame[...]).windowByteCount == 256 << 20)
        let reader = try DecompressionReader(.zstd, frame, outputLimit: 100_000)
        #expect(throws: CodecError.memoryLimit(needed: 256 << 20, limit: DecompressionReader.memoryLimitDefault)) {
            try reader.next()
        }
        let roomy = try DecompressionReader(.zstd, frame, outputLimit: 100_000, memoryLimit: 256 << 20)
        #expect(try roomy.read(count: 100_000) == Vectors.text())
        // The limit is exact: a byte less is too little.
        let tight = try DecompressionReader(.zstd, frame, outputLimit: 100_000, memoryLimit: 256 << 20 - 1)
        #expect(throws: CodecError.self) { try tight.next() }
    }

    @Test("a bomb is refused by what it says, and stopped where it says nothing")
    func bomb() throws {
        let frame = try Vectors.bytes("zeros.zst")
        #expect(throws: CodecError.outputTooLarge(limit: 99_999_999)) {
            try Zstandard.decompress(frame[...], outputLimit: 99_999_999)
        }
        let compressor = try ZstandardCompressor()
        var silent: [UInt8] = []
        for _ in 0..<100 { silent += try compressor.append([UInt8](repeating: 0, count: 1 << 20)[...]) }
        silent += try compressor.finish()
        #expect(throws: CodecError.outputTooLarge(limit: 1 << 20)) {
            try Zstandard.decompress(silent[...], outputLimit: 1 << 20)
        }
    }

    @Test("one frame and nothing else is read at once too: cut, followed by more, or lying about its size")
    func exactlyOne() throws {
        let frame = try Vectors.bytes("text-none.zst")
        for count in Array(0..<40) + [frame.count / 2, frame.count - 1] {
            #expect(throws: CodecError.truncated(.zstd)) {
                try Zstandard.decompress(frame.prefix(count), outputLimit: 100_000)
            }
        }
        for tail in [[0], frame] {
            #expect(throws: CodecError.trailingBytes(.zstd, count: tail.count)) {
                try Zstandard.decompress((frame + tail)[...], outputLimit: 1_000_000)
            }
        }
        // A frame of 100 bytes says 101.
        var liar = try Zstandard.compress([UInt8](repeating: 7, count: 100))
        #expect(liar[5] == 100)
        liar[5] = 101
        #expect(throws: CodecError.damaged(.zstd)) { try Zstandard.decompress(liar[...], outputLimit: 1000) }
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
        #expect(throws: CodecError.notRecognised(.zstd)) { try Zstandard.decompress(skippable[...], outputLimit: 1000) }
    }

    @Test("a frame with any bit flipped, and junk behind a true beginning, never trap", arguments: [0, 1000])
    func damage(prefixCount: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var chance = SeededGenerator(seed: seed)
        let prefix = ZstandardPrefix(Self.noise(prefixCount, seed: 5))
        let text = try Vectors.text()
        let frame = try Zstandard.compress(text, settings: ZstandardSettings(hasChecksum: true), prefix: prefix)
        for round in 0..<300 {
            var changed = frame
            let bit = round < 150 ? round : Int.random(in: 0..<(frame.count * 8), using: &chance)
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            if bit % 3 == 0 { changed = changed.prefix(bit / 8) + Self.noise(300, seed: seed &+ UInt64(bit)) }
            let output = try? Zstandard.decompress(changed[...], outputLimit: 200_000, prefix: prefix)
            #expect(output == nil || output == text, "seed \(seed), bit \(bit)")
        }
    }

    @Test("a workspace keeps the end of prefix and content for the next frame, though it grows meanwhile")
    func workspaceKeeps() throws {
        let bytes = Self.noise(60_000, seed: 7)
        let workspace = ZstandardWorkspace()
        for (index, start) in stride(from: 0, to: bytes.count, by: 4000).enumerated() {
            let end = start + 4000
            let prefixStart = max(0, start - 1000 * index)
            let frame = try Zstandard.compress(
                bytes[start..<end], prefix: ZstandardPrefix(bytes[prefixStart..<start]))
            let kept = min(start - prefixStart, workspace.heldByteCount)
            var next = prefixStart
            workspace.setPrefix(
                byteCount: start - prefixStart, keptByteCount: kept, contentLimit: 4000
            ) { missing -> ArraySlice<UInt8> in
                defer { next += missing }
                return bytes[next..<next + missing]
            }
            let made = try workspace.decompress(frame[...], outputLimit: 4000)
            #expect(workspace.content(0..<made) == Array(bytes[start..<end]))
        }
    }
}
