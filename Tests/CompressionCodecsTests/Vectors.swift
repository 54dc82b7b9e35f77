import CompressionCodecs
import FoundationEssentials

/// The files of `Tests/Vectors/codecs`.
enum Vectors {
    static func bytes(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Array(Data(contentsOf: tests.appending(path: "Vectors/codecs/\(name)")))
    }

    /// The files that hold the text of ``text()``.
    static let textFiles: [(String, CompressionFormat)] = [
        ("text.bz2", .bzip2), ("text-none.xz", .xz), ("text-crc32.xz", .xz), ("text-crc64.xz", .xz),
        ("text-sha256.xz", .xz), ("text-x86.xz", .xz), ("text-check.zst", .zstd), ("text-none.zst", .zstd),
        ("text-stream.zst", .zstd),
    ]

    static func text() throws -> [UInt8] {
        try DecompressionReader.decompress(.bzip2, bytes("text.bz2")[...], outputLimit: 100_000)
    }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
