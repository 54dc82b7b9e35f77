import ContentTrust
import FoundationEssentials
import HostLinux
import SlotDevice
package import UpdateModel

/// An image that was built: a file system for a slot, and the kernel that goes with it.
package struct BuiltImage: Sendable {
    package var version: Version
    package var image: String
    package var imageDigest: SHA256Digest
    package var imageBytes: UInt64
    package var kernel: String
    package var kernelDigest: SHA256Digest
}

/// Builds ext4 images of real files, the same bytes each time: ids, times and owners are fixed.
package struct ImageBuilder: Sendable {
    package let command: Command
    package let paths: DemoPaths
    package let source: SourceFiles

    package init(command: Command, paths: DemoPaths, source: SourceFiles) {
        self.command = command
        self.paths = paths
        self.source = source
    }

    /// Fixed, so that equal trees give equal images.
    private static let fileSystemID = "6d617274-6c65-4574-a465-6d6f00000001"
    private static let epoch = 1_767_225_600

    /// Builds all releases; every image has the same size.
    package func build(_ plans: [ReleasePlan]) async throws -> [BuiltImage] {
        var trees: [(plan: ReleasePlan, folder: String)] = []
        for plan in plans { trees.append((plan, try stage(plan))) }
        let sizes = try trees.map { try Self.contentBytes($0.folder) }
        let size = Self.imageBytes(content: sizes.max() ?? 0)
        var built: [BuiltImage] = []
        for tree in trees {
            built.append(try await build(tree.plan, folder: tree.folder, size: size))
            try Folder.remove(tree.folder)
        }
        return built
    }

    /// Room for the file system's own tables, in steps of 4 MiB.
    package static func imageBytes(content: UInt64) -> UInt64 {
        let step: UInt64 = 4 << 20
        return (content + content / 16 + 2 * step - 1) / step * step
    }

    // MARK: - The tree

    private func stage(_ plan: ReleasePlan) throws -> String {
        let folder = "\(paths.images)/\(plan.version).tree"
        try Folder.make("\(folder)/bin")
        for (name, program) in source.programs {
            switch program {
            case .file(let path): try Folder.copy(path, to: "\(folder)/bin/\(name)")
            case .link(let target):
                try FileManager.default.createSymbolicLink(atPath: "\(folder)/bin/\(name)", withDestinationPath: target)
            }
        }
        try Folder.make("\(folder)/lib")
        for path in source.libraries { try Folder.copy(path, to: "\(folder)/lib/\(Folder.lastName(path))") }
        if let root = source.moduleRoot { try copyModules(plan, from: root, to: folder) }
        for (path, text) in ImageTexts.files(plan) { try write(text, to: "\(folder)/\(path)") }
        for (path, text) in ImageTexts.healthChecks { try write(text, to: "\(folder)/\(path)", isExecutable: true) }
        try write(try Self.manifest(of: folder), to: "\(folder)/\(ImageTexts.manifest)")
        return folder
    }

    private func copyModules(_ plan: ReleasePlan, from root: String, to folder: String) throws {
        for name in plan.moduleFolders where FileManager.default.fileExists(atPath: "\(root)/\(name)") {
            let target = "\(folder)/lib/modules/\(name)"
            try Folder.make(Folder.parent(target))
            try Folder.copy("\(root)/\(name)", to: target)
        }
    }

    private func write(_ text: String, to path: String, isExecutable: Bool = false) throws {
        try Folder.make(Folder.parent(path))
        try Folder.write(text, to: path, isExecutable: isExecutable)
    }

    /// What `sha256sum` prints for every regular file, sorted.
    private static func manifest(of folder: String) throws -> String {
        var lines: [String] = []
        for path in try entries(of: folder) where try type(of: "\(folder)/\(path)") == .typeRegular {
            let device = try FileBlockDevice(path: "\(folder)/\(path)", access: .readOnly)
            lines.append("\(try FileDigest.sha256(of: device, byteCount: device.sizeBytes))  \(path)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func entries(of folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    }

    private static func type(of path: String) throws -> FileAttributeType? {
        try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    }

    private static func contentBytes(_ folder: String) throws -> UInt64 {
        try entries(of: folder).reduce(UInt64(0)) { sum, path in
            sum + (Folder.size("\(folder)/\(path)") + 4095) / 4096 * 4096
        }
    }

    // MARK: - The file system

    private func build(_ plan: ReleasePlan, folder: String, size: UInt64) async throws -> BuiltImage {
        let image = paths.image(plan.version)
        let time = ["E2FSPROGS_FAKE_TIME": "\(Self.epoch)"]
        try await command.succeed(
            SystemTool.makeFileSystem.path(),
            [
                "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-O", "^has_journal,^resize_inode", "-L", "USR",
                "-U", Self.fileSystemID, "-E", "hash_seed=\(Self.fileSystemID),root_owner=0:0,lazy_itable_init=0",
                "-d", folder, image, "\(size / 1024)k",
            ], environment: time)
        let script = "\(folder).debugfs"
        try Folder.write(try Self.levelling(folder), to: script)
        try await command.succeed(SystemTool.editFileSystem.path(), ["-w", "-f", script, image], environment: time)
        try Folder.remove(script)
        let kernel = paths.kernel(plan.version)
        try writeKernel(plan.version, to: kernel)
        let device = try FileBlockDevice(path: image, access: .readOnly)
        let kernelFile = try FileBlockDevice(path: kernel, access: .readOnly)
        return BuiltImage(
            version: plan.version, image: image,
            imageDigest: try FileDigest.sha256(of: device, byteCount: device.sizeBytes), imageBytes: device.sizeBytes,
            kernel: kernel, kernelDigest: try FileDigest.sha256(of: kernelFile, byteCount: kernelFile.sizeBytes))
    }

    /// Commands for `debugfs` that give every inode the same owner and times.
    private static func levelling(_ folder: String) throws -> String {
        var script = ""
        for path in ["", "lost+found"] + (try entries(of: folder)) {
            for field in ["atime", "mtime", "ctime", "crtime"] {
                script += "set_inode_field /\(path) \(field) @\(epoch)\nset_inode_field /\(path) \(field)_extra 0\n"
            }
            script += "set_inode_field /\(path) uid 0\nset_inode_field /\(path) gid 0\n"
        }
        return script
    }

    private func writeKernel(_ version: Version, to path: String) throws {
        let bytes: Data
        if let kernel = source.kernel {
            bytes = try Folder.bytes(kernel)
        } else {
            let programs = source.programs.values.compactMap { program -> String? in
                if case .file(let path) = program { path } else { nil }
            }
            let candidates = programs + source.libraries
            let stand = candidates.max { Folder.size($0) < Folder.size($1) }
            guard let stand else { throw DemoError.sourceFilesMissing(what: "kernel") }
            bytes = KernelFile.standIn(for: try Folder.bytes(stand))
        }
        let file = KernelFile.build(kernel: bytes, version: version)
        guard FileManager.default.createFile(atPath: path, contents: file) else {
            throw DemoError.fileFailed(path: path, reason: "it cannot be written")
        }
    }
}
