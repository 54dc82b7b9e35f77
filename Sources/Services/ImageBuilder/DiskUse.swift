internal import FoundationEssentials
internal import Glibc

/// Size and sectors of a disk, as the kernel shows them.
struct DiskFacts {
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

/// Finds out whether somebody uses a disk, and takes it.
enum DiskUse {
    /// Opens a disk so that nobody else can: the kernel gives it to nobody while it, or a partition of it, is mounted,
    /// swapped to, or part of another device.
    /// - Returns: a descriptor; closing it gives the disk back.
    static func claim(_ path: String) throws(ImageError) -> CInt {
        let descriptor = unsafe open(path, O_RDWR | O_EXCL | O_CLOEXEC)
        guard descriptor < 0 else { return descriptor }
        let code = errno
        guard code == EBUSY else { throw Files.failure(path, "it cannot be opened for writing", code: code) }
        throw .targetInUse(path: path, by: mount(of: kernelName(of: path)) ?? "the kernel holds it")
    }

    /// `/dev/vda` and its links are `vda`.
    static func kernelName(of path: String) -> String { Files.resolved(path).map(Files.name(of:)) ?? "" }

    /// The loop device that a file backs.
    static func loopDevice(of path: String) -> String? {
        guard let file = Files.resolved(path) else { return nil }
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
