internal import Glibc
internal import HostLinux
internal import SlotDevice
internal import UpdateModel

/// A regular file that is written aside and takes its name only when it is complete.
///
/// Until ``commit()`` whatever bears the name stays as it is, also when the power goes.
struct OutputFile {
    let path: String
    let device: any BlockDevice
    private let area: DirectoryFileArea
    private let name: String
    private var partialName: String { ".\(name).partial" }
    private let partialPath: String
    /// Of the file that is replaced; `nil` for a new one.
    private let replaced: FileOwnership?

    /// - Parameters:
    ///   - sizeBytes: The room for writing; ``commit(sizeBytes:)`` may cut it.
    ///   - caching: Past the system's cache for what is written once and read back to be verified.
    init(
        path: String, sizeBytes: UInt64, caching: FileBlockDevice.Caching = .buffered
    ) throws(DeviceError) {
        let resolved = FileKind.resolved(path)
        let slash = resolved.lastIndex(of: "/")
        let directory = slash.map { $0 == resolved.startIndex ? "/" : String(resolved[..<$0]) } ?? "."
        self.path = path
        self.name = slash.map { String(resolved[resolved.index(after: $0)...]) } ?? resolved
        self.area = try DirectoryFileArea(path: directory)
        let partialName = ".\(name).partial"
        try area.remove(partialName)  // What an interrupted run left must not shine through holes.
        let partialPath = directory + "/" + partialName
        let created = try area.create(partialName, sizeBytes: sizeBytes)
        self.device =
            caching == .buffered
            ? created : try FileBlockDevice(path: partialPath, access: .readWrite, caching: caching)
        self.partialPath = partialPath
        self.replaced = FileOwnership(ofFile: resolved)
        replaced?.give(to: partialPath, keepingWritable: true)  // Nobody who could not read the old may read the new.
    }

    /// Cuts the file to `sizeBytes`, and puts it into place. Durable on return.
    func commit(sizeBytes: UInt64? = nil) throws(DeviceError) {
        if let sizeBytes, sizeBytes != device.sizeBytes {
            try area.create(partialName, sizeBytes: sizeBytes).flush()
        }
        replaced?.give(to: partialPath, keepingWritable: false)
        try device.flush()
        try area.rename(partialName, to: name)
    }

    /// Removes what was written. For when the work failed, so a failure to clean up has nobody to tell.
    func discard() { try? area.remove(partialName) }

    /// Writes a small file in one go.
    static func write(_ bytes: [UInt8], to path: String) throws(DeviceError) {
        try AtomicFile.write(bytes, to: path)
    }
}

/// What stands at a path.
enum FileKind: Hashable {
    case missing
    case regular
    case blockDevice
    case other

    init(path: String) {
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

    /// Whether both paths lead to one file or one device.
    static func areSame(_ left: String, _ right: String) -> Bool {
        var (one, other) = (stat(), stat())
        guard unsafe stat(left, &one) == 0, unsafe stat(right, &other) == 0 else { return false }
        if one.st_mode & S_IFMT == S_IFBLK, other.st_mode & S_IFMT == S_IFBLK { return one.st_rdev == other.st_rdev }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    /// As ``areSame(_:_:)``, also for files that are still to be made.
    static func willBeSame(_ left: String, _ right: String) -> Bool {
        areSame(left, right) || placed(left) == placed(right)
    }

    /// The path with the links of its folder followed.
    private static func placed(_ path: String) -> String {
        if FileKind(path: path) != .missing { return resolved(path) }
        guard let slash = path.lastIndex(of: "/") else { return resolved(".") + "/" + path }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return resolved(folder) + path[slash...]
    }

    /// The path with symbolic links followed, so that a link's target is replaced and not the link.
    static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
