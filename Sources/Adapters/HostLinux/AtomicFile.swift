import Glibc
package import SlotDevice

/// Small files that are replaced as a whole: after a power cut there is the old content or the new one.
package enum AtomicFile {
    /// Writes `bytes` aside, makes them durable, renames the file into place and makes that durable.
    /// - Parameter mode: permissions of the new file, such as `0o600`; the process's mask does not narrow them.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(DeviceError) {
        do {
            try replace(path, with: bytes, mode: mode_t(mode))
        } catch {
            throw error.asDeviceError("write", path)
        }
    }

    /// The content of the file at `path`; `nil` when there is none.
    /// - Parameter limit: bytes; a larger file is refused.
    package static func read(_ path: String, limit: Int) throws(DeviceError) -> [UInt8]? {
        let bytes: [UInt8]
        do {
            // Not sized by `fstat`: the kernel's own files say that they are empty.
            bytes = try FileDescriptor.open(path, flags: O_RDONLY).read(at: 0, count: limit + 1)
        } catch {
            if error.code == ENOENT { return nil }
            throw error.asDeviceError("read", path)
        }
        guard bytes.count <= limit else {
            throw .failed(operation: "read", path: path, reason: "it is larger than \(limit) bytes")
        }
        return bytes
    }

    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(SystemError) {
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
        let directory = try FileDescriptor.open(parent, flags: O_RDONLY | O_DIRECTORY)
        // One writer a file: a left-over of an earlier, interrupted write is simply overwritten.
        let aside = ".\(name).new"
        let file = try directory.open(aside, flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: mode)
        do throws(SystemError) {
            guard fchmod(file.number, mode) == 0 else { throw .last }
            try file.write(bytes[...], at: 0)
            try file.synchronize()
            guard unsafe renameat(directory.number, aside, directory.number, name) == 0 else { throw .last }
        } catch {
            _ = unsafe unlinkat(directory.number, aside, 0)
            throw error
        }
        try directory.synchronize()
    }
}
