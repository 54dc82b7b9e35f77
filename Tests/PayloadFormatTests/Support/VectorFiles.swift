import CompressionCodecs
import FoundationEssentials

/// The committed vectors in `Tests/Vectors/crau`.
enum VectorFiles {
    static func bytes(_ name: String) throws -> [UInt8] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/crau/\(name)")
        return Array(try Data(contentsOf: file))
    }

    /// A file whose committed form has the further ending `.xz`.
    static func unpacked(_ name: String) throws -> [UInt8] {
        try DecompressionReader.decompress(.xz, bytes(name + ".xz")[...], outputLimit: 64 << 20)
    }

    static func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
}
