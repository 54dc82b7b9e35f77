import CompressionCodecs
import FoundationEssentials

/// The images of `Tests/Vectors/filesystems`.
enum ImageFiles {
    static func unpacked(_ name: String) throws -> [UInt8] {
        try DecompressionReader.decompress(.xz, bytes(name + ".xz")[...], outputLimit: 64 << 20)
    }

    static func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    private static func bytes(_ name: String) throws -> [UInt8] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/filesystems/\(name)")
        return Array(try Data(contentsOf: file))
    }
}
