import CompressionCodecs
import Testing
import UpdateModel

@Suite struct CompressionTests {
    /// Nothing, one byte, text, zeros, and bytes that cannot be made smaller.
    static let inputs: [[UInt8]] = {
        var chance = SeededGenerator(seed: 1)
        let text = (try? Vectors.text()) ?? []
        let noise = (0..<70_000).map { _ in UInt8.random(in: 0...255, using: &chance) }
        return [[], [7], text, [UInt8](repeating: 0, count: 1 << 20), noise]
    }()

    @Test("what BZip2 writes reads back", arguments: inputs, [1, 9])
    func bzip2RoundTrip(input: [UInt8], level: Int) throws {
        let stream = try BZip2.compress(input, level: level)
        let output = try DecompressionReader.decompress(.bzip2, stream[...], outputLimit: UInt64(input.count))
        #expect(output == input)
    }

    @Test("what XZ writes reads back with little memory", arguments: inputs, XZ.Check.allCases)
    func xzRoundTrip(input: [UInt8], check: XZ.Check) throws {
        let stream = try XZ.compress(input, preset: 9, check: check)
        let reader = try DecompressionReader(
            .xz, stream, outputLimit: UInt64(input.count), memoryLimit: UInt64(input.count) + (256 << 10))
        #expect(try reader.read(count: input.count) == input)
        try reader.expectEnd()
    }

    @Test("the output is as small as that of the tools")
    func sizes() throws {
        let text = try Vectors.text()
        #expect(try BZip2.compress(text) == Vectors.bytes("text.bz2"))
        // Ours also writes the sizes at the front.
        #expect(try XZ.compress(text).count <= Vectors.bytes("text-crc32.xz").count + 16)
        #expect(try XZ.compress(text, check: .none).count < XZ.compress(text, check: .crc64).count)
    }

    @Test("a slice is compressed, not the array it comes from")
    func slices() throws {
        let text = try Vectors.text()
        #expect(try BZip2.compress(text[100..<200]) == BZip2.compress(Array(text[100..<200])))
        #expect(try XZ.compress(text[100..<200]) == XZ.compress(Array(text[100..<200])))
    }

    @Test("every error of a codec is one line and has an exit code")
    func messages() {
        let errors: [(CodecError, UpdateModel.ExitStatus)] = [
            (.notRecognised(.xz), .badData), (.damaged(.xz), .badData), (.truncated(.bzip2), .badData),
            (.trailingBytes(.xz, count: 2), .badData), (.unsupported(.xz), .badData),
            (.outputTooLarge(limit: 9), .badData), (.outputTooShort(missing: 1), .badData), (.outputUnread, .badData),
            (.memoryLimit(needed: 2 << 20, limit: 1 << 20), .badData), (.outOfMemory(.xz), .tryLater),
            (.notRecognised(.zstd), .badData), (.libraryFailure(.bzip2, code: -9), .software),
        ]
        for (error, exit) in errors {
            #expect(error.userMessage.exit == exit)
            #expect(!error.userMessage.line.isEmpty && error.userMessage.line.hasSuffix("."))
        }
    }
}
