import FoundationEssentials
import ImageBuilder
import UpdateModel

/// A folder of its own for one test, removed with it.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        let name = "martlet-image-\(UUID().uuidString)"
        path = FileManager.default.temporaryDirectory.appending(path: name).resolvingSymlinksInPath().path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ bytes: [UInt8], _ name: String, isExecutable: Bool = false) throws {
        let folder = URL(filePath: path(name)).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: path(name)))
        guard isExecutable else { return }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path(name))
    }

    func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }

    func makeFolder(_ name: String, mode: Int) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        try setMode(of: name, to: mode)
    }

    func setMode(of name: String, to mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }

    /// All twelve bits.
    func mode(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }

    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path(name))), as: UTF8.self)
    }

    func read(_ name: String, at offset: Int, count: Int) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path(name)))[offset..<offset + count])
    }

    func makeHole(_ name: String, sizeBytes: UInt64) throws {
        try write([], name)
        try setSize(of: path(name), to: sizeBytes)
    }

    /// What a build leaves, with parts of a few kilobytes.
    /// - Returns: its folder.
    func makeImage() throws -> String {
        let names = BuiltImage.names
        for name in [names.root, names.verity, names.kernel, names.loader] {
            try write([UInt8](repeating: 7, count: 4096), "os/\(name)")
        }
        func part(_ name: String) throws -> BuiltImage.Part { try BuiltImage.describe(name, in: path("os")) }
        try BuiltImage(
            name: "os", version: "1.0.0", architecture: .amd64, kernel: "6.1", rootHash: "ab", commandLine: "ro",
            root: try part(names.root), verity: try part(names.verity), kernelImage: try part(names.kernel),
            loader: try part(names.loader),
            sizes: PartitionSizes(espMebibytes: 64, rootMebibytes: 4, verityMebibytes: 1, stateMebibytes: 64),
            packages: []
        ).save(to: path("os"))
        return path("os")
    }
}
