internal import FoundationEssentials
internal import Glibc

/// Installs a built release onto a disk, or into a file.
package struct ImageInstaller: Sendable {
    /// Where it goes.
    package enum Target: Hashable, Sendable {
        /// A disk, with its size and the size of its sectors.
        case disk(path: String, sizeBytes: UInt64, sectorBytes: Int)
        /// A file that stands for a disk.
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
    ///   ``ImageError/sizeNeeded(path:)``.
    package func examine(_ path: String, sizeBytes: UInt64?) throws(ImageError) -> Target {
        let target = try Self.target(path, sizeBytes: sizeBytes)
        guard target.sizeBytes >= image.diskBytesMin else {
            throw .targetTooSmall(path: path, sizeBytes: target.sizeBytes, neededBytes: image.diskBytesMin)
        }
        return target
    }

    /// Erases the target and installs the release.
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
        case .disk(let path, _, let sectorBytes):
            try await writer.write(to: path, layout: layout, sectorBytes: sectorBytes, isBlank: false)
            // The kernel reads the new table; where it cannot yet, the disk is complete all the same.
            _ = try? await ToolRunner().run(.partitionProbe, ["--update", path], doing: "reading the new table")
        }
    }

    private static func target(_ path: String, sizeBytes: UInt64?) throws(ImageError) -> Target {
        switch FileKindAt(path) {
        case .blockDevice:
            try DiskUse.refuseIfUsed(path)
            let size = try BlockDeviceFacts(path)
            return .disk(path: path, sizeBytes: size.sizeBytes, sectorBytes: size.sectorBytes)
        case .regular:
            if let user = DiskUse.loopDevice(of: path) { throw .targetInUse(path: path, by: "it backs \(user)") }
            let present = try Files.size(of: path)
            return .file(path: path, sizeBytes: sizeBytes ?? present, exists: true)
        case .missing:
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            guard folder.isEmpty || Files.exists(folder) else {
                throw .file(path: path, reason: "there is no folder \(folder)")
            }
            guard let sizeBytes else { throw .sizeNeeded(path: path) }
            return .file(path: path, sizeBytes: sizeBytes, exists: false)
        case .other:
            throw .file(path: path, reason: "it is neither a disk nor a file")
        }
    }
}

/// What stands at a path, links followed.
private enum FileKindAt {
    case missing, regular, blockDevice, other

    init(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            self = .missing
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFBLK: self = .blockDevice
        default: self = .other
        }
    }
}

/// Size and sectors of a disk, as the kernel shows them.
private struct BlockDeviceFacts {
    let sizeBytes: UInt64
    let sectorBytes: Int

    init(_ path: String) throws(ImageError) {
        let folder = "/sys/class/block/\(DiskUse.kernelName(of: path))"
        func number(_ name: String) -> UInt64? {
            guard let text = try? Files.readText("\(folder)/\(name)") else { return nil }  // `nil` says all there is.
            return UInt64(text.split(whereSeparator: \.isWhitespace).first ?? "")
        }
        guard !Files.exists("\(folder)/partition") else {
            throw .file(path: path, reason: "it is a partition; give the whole disk")
        }
        guard let sectors = number("size"), let sectorBytes = number("queue/logical_block_size") else {
            throw .file(path: path, reason: "it is no disk that the kernel knows")
        }
        guard number("ro") == 0 else { throw .file(path: path, reason: "it is write-protected") }
        self.sizeBytes = sectors * 512  // In sysfs a sector has 512 bytes, whatever the disk's have.
        self.sectorBytes = Int(sectorBytes)
    }
}

/// Finds out whether somebody uses a disk.
private enum DiskUse {
    /// The kernel gives nobody exclusive access to a disk while it, or a partition of it, is mounted, swapped to, or
    /// part of another device.
    static func refuseIfUsed(_ path: String) throws(ImageError) {
        let descriptor = unsafe open(path, O_RDWR | O_EXCL | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return
        }
        guard errno == EBUSY else { throw .file(path: path, reason: "it cannot be opened for writing") }
        throw .targetInUse(path: path, by: mount(of: kernelName(of: path)) ?? "the kernel holds it")
    }

    /// `/dev/vda` and its links are `vda`.
    static func kernelName(of path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return "" }
        defer { unsafe free(real) }
        return unsafe String(String(cString: real).split(separator: "/").last ?? "")
    }

    /// The loop device that a file backs.
    static func loopDevice(of path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        let file = unsafe String(cString: real)
        // A host without loop devices has no such folder.
        let names = (try? Files.names(in: "/sys/block")) ?? []
        let found = names.first { name in
            guard name.hasPrefix("loop") else { return false }
            // A loop device that is not set up has no such file.
            let backing = try? Files.readText("/sys/block/\(name)/loop/backing_file")
            return backing.map { $0.split(whereSeparator: \.isNewline).first ?? "" } == file[...]
        }
        return found.map { "/dev/\($0)" }
    }

    private static func mount(of disk: String) -> String? {
        // Only for the message; the kernel has refused already.
        guard let text = try? Files.readText("/proc/self/mounts") else { return nil }
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("/dev/\(disk)") }
        let words = line?.split(separator: " ") ?? []
        return words.count > 1 ? "\(words[0]) is mounted at \(words[1])" : nil
    }
}
