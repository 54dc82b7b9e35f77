internal import FoundationEssentials
internal import Glibc

/// Installs a built release onto a disk, or into a file.
package struct ImageInstaller: Sendable {
    /// Where it goes.
    package enum Target: Hashable, Sendable {
        /// A disk, with its size and the size of its sectors.
        case disk(path: String, sizeBytes: UInt64, sectorBytes: Int)
        /// A file that stands for a disk, by its path without links: a link to it stays one.
        case file(path: String, sizeBytes: UInt64, exists: Bool)

        package var path: String {
            switch self {
            case .disk(let path, _, _), .file(let path, _, _): path
            }
        }

        package var sizeBytes: UInt64 {
            switch self {
            case .disk(_, let size, _), .file(_, let size, _): size
            }
        }

        /// Whether something is erased.
        package var isErased: Bool {
            if case .file(_, _, exists: false) = self { false } else { true }
        }
    }

    package let image: BuiltImage
    private let directory: String

    /// - Parameter directory: what a build made.
    package init(directory: String) throws(ImageError) {
        self.image = try BuiltImage.load(from: directory)
        self.directory = directory
    }

    /// Looks at the target without touching it.
    /// - Parameter sizeBytes: for a file; one that exists keeps its size when this is `nil`.
    /// - Throws: ``ImageError/targetInUse(path:by:)``, ``ImageError/targetTooSmall(path:sizeBytes:neededBytes:)``,
    ///   ``ImageError/sizeNeeded(path:)``, ``ImageError/sizeOfDisk(path:)``, ``ImageError/file(path:reason:)``.
    package func examine(_ path: String, sizeBytes: UInt64?) throws(ImageError) -> Target {
        let target = try Self.target(path, sizeBytes: sizeBytes)
        guard target.sizeBytes >= image.diskBytesMin else {
            throw .targetTooSmall(path: path, sizeBytes: target.sizeBytes, neededBytes: image.diskBytesMin)
        }
        return target
    }

    /// Erases the target and installs the release. Nobody else can use a disk from the first write to the last.
    package func install(to target: Target) async throws {
        guard let platform = ImagePlatform(image.architecture) else {
            throw ImageError.notAnImage(directory: directory, reason: "its architecture is not known")
        }
        try HostTool.require(DiskWriter.tools)
        let layout = DiskLayout(
            sizes: image.sizes, platform: platform, diskMebibytes: Int(target.sizeBytes >> 20))
        let writer = DiskWriter(image: image, directory: directory, platform: platform, runner: ToolRunner())
        switch target {
        case .file(let path, _, _):
            try await writer.makeFile(path, layout: layout)
        case .disk(let path, let sizeBytes, let sectorBytes):
            let disk = try HeldTarget(disk: path, sectorBytes: sectorBytes)
            do {
                defer { disk.release() }
                guard disk.sizeBytes == sizeBytes else {
                    throw ImageError.file(path: path, reason: "another disk is there now")
                }
                try await writer.write(to: disk, layout: layout)
            }
            // The kernel reads the new table; where it cannot yet, the disk is complete all the same.
            _ = try? await ToolRunner().run(.partitionProbe, ["--update", path], doing: "reading the new table")
        }
    }

    private static func target(_ path: String, sizeBytes: UInt64?) throws(ImageError) -> Target {
        switch Files.kindFollowingLinks(path) {
        case S_IFBLK:
            guard sizeBytes == nil else { throw .sizeOfDisk(path: path) }
            let facts = try DiskFacts(path)
            close(try DiskUse.claim(path))
            return .disk(path: path, sizeBytes: facts.sizeBytes, sectorBytes: facts.sectorBytes)
        case S_IFREG:
            if let user = DiskUse.loopDevice(of: path) { throw .targetInUse(path: path, by: "it backs \(user)") }
            guard let file = Files.resolved(path) else { throw Files.failure(path, "it cannot be found") }
            let present = try Files.size(of: file)
            return .file(path: file, sizeBytes: sizeBytes ?? present, exists: true)
        case nil:
            try requireRoom(for: path)
            guard let sizeBytes else { throw .sizeNeeded(path: path) }
            return .file(path: path, sizeBytes: sizeBytes, exists: false)
        default:
            throw .file(path: path, reason: "it is neither a disk nor a file")
        }
    }

    /// Whether a new file could be made there.
    private static func requireRoom(for path: String) throws(ImageError) {
        guard !Files.exists(path) else { throw .file(path: path, reason: "it is a link that leads nowhere") }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard folder.isEmpty || Files.exists(folder) else {
            throw .file(path: path, reason: "there is no folder \(folder)")
        }
    }
}
