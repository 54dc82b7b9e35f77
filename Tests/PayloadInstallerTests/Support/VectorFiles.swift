import CompressionCodecs
import FoundationEssentials

/// The committed vectors in `Tests/Vectors/crau`, and the images beside them.
enum VectorFiles {
    static func bytes(_ name: String, folder: String = "crau") throws -> [UInt8] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Vectors/\(folder)/\(name)")
        return Array(try Data(contentsOf: file))
    }

    /// A file system of `Tests/Vectors/filesystems`.
    static func image(_ name: String) throws -> [UInt8] {
        try DecompressionReader.decompress(.xz, bytes(name + ".xz", folder: "filesystems")[...], outputLimit: 64 << 20)
    }

    /// A file whose committed form has the further ending `.xz`.
    static func unpacked(_ name: String) throws -> [UInt8] {
        try DecompressionReader.decompress(.xz, bytes(name + ".xz")[...], outputLimit: 64 << 20)
    }

    static func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
}

extension VectorFiles {
    /// The recorded SHA-256 of a file of the other implementation, kept here or not.
    static func recordedDigest(_ name: String) throws -> String? {
        try text("SHA256SUMS").split(separator: "\n").first { $0.hasSuffix("  \(name)") }.map { String($0.prefix(64)) }
    }

    /// The folder with all files as the other implementation made them, where it stands beside the sources.
    static var completeFolder: String? {
        if let folder = ProcessInfo.processInfo.environment["MARTLET_VECTORS"] { return "\(folder)/crau" }
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let folder = root.appending(path: "../shared/vectors/crau").standardizedFileURL.path
        return FileManager.default.fileExists(atPath: folder) ? folder : nil
    }
}
