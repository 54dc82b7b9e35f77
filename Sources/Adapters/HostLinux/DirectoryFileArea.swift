import Glibc
package import SlotDevice

/// A directory of the host, such as `/boot/flatcar`.
///
/// Symbolic links in it are refused, and so are names with a slash: nothing outside the directory can be reached.
package struct DirectoryFileArea: FileArea {
    package let path: String
    private let directory: FileDescriptor

    /// - Parameter path: of a directory that exists.
    package init(path: String) throws(DeviceError) {
        self.path = path
        do {
            self.directory = try FileDescriptor.open(path, flags: O_RDONLY | O_DIRECTORY)
        } catch {
            throw error.asDeviceError("open", path)
        }
    }

    package func names() throws(DeviceError) -> [String] {
        do { return try directory.regularFileNames().sorted() } catch { throw error.asDeviceError("list", path) }
    }

    package func open(_ name: String) throws(DeviceError) -> (any BlockDevice)? {
        let file = try filePath(name)
        do {
            let descriptor = try directory.open(name, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            return try FileBlockDevice(descriptor, path: file)
        } catch {
            if error.code == ENOENT { return nil }
            throw error.asDeviceError("open", file)
        }
    }

    package func create(_ name: String, sizeBytes: UInt64) throws(DeviceError) -> any BlockDevice {
        let file = try filePath(name)
        do {
            let descriptor = try directory.open(name, flags: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o644)
            if try descriptor.status().st_size != off_t(clamping: sizeBytes) {
                try descriptor.truncate(to: sizeBytes)
                // FAT keeps name and length in the directory: what is flushed later must be found after a power cut.
                try descriptor.synchronize()
                try directory.synchronize()
            }
            return try FileBlockDevice(descriptor, path: file)
        } catch {
            throw error.asDeviceError("create", file)
        }
    }

    /// The file itself is made durable before the directory: on FAT a file's place and length stand in its directory
    /// entry, and Linux writes the entry of the new name without them until the file is synchronised. Synchronising it
    /// writes the sector that also lacks the old name: one write, which a power cut leaves done or undone.
    package func rename(_ name: String, to newName: String) throws(DeviceError) {
        let file = try filePath(name)
        _ = try filePath(newName)
        do throws(SystemError) {
            let renamed = try directory.open(name, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            guard unsafe renameat(directory.number, name, directory.number, newName) == 0 else {
                throw .last
            }
            try renamed.synchronize()
            try directory.synchronize()
        } catch {
            throw error.asDeviceError("rename", file)
        }
    }

    package func remove(_ name: String) throws(DeviceError) {
        let file = try filePath(name)
        do throws(SystemError) {
            guard unsafe unlinkat(directory.number, name, 0) == 0 || errno == ENOENT else { throw .last }
            try directory.synchronize()
        } catch {
            throw error.asDeviceError("remove", file)
        }
    }

    package func freeBytes() throws(DeviceError) -> UInt64 {
        var status = statvfs()
        guard unsafe fstatvfs(directory.number, &status) == 0 else {
            throw SystemError.last.asDeviceError("measure", path)
        }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : bytes
    }

    /// - Throws: ``DeviceError/failed(operation:path:reason:)`` unless `name` is a single component of a path.
    private func filePath(_ name: String) throws(DeviceError) -> String {
        let isComponent =
            (1...255).contains(name.utf8.count) && name != "." && name != ".."
            && !name.utf8.contains { $0 == 0x2F || $0 == 0 }
        guard isComponent else {
            throw .failed(operation: "open", path: "\(path)/\(name)", reason: "a file name cannot be “\(name)”")
        }
        return "\(path)/\(name)"
    }
}

extension FileDescriptor {
    /// The names of the regular files in this directory.
    func regularFileNames() throws(SystemError) -> [String] {
        let copy = try open(".", flags: O_RDONLY | O_DIRECTORY)
        let duplicate = try retryingInterrupts { dup(copy.number) }
        guard let stream = unsafe fdopendir(duplicate) else {
            let failure = SystemError.last
            close(duplicate)
            throw failure
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if try isRegularFile(name) { names.append(name) }
        }
        return names
    }

    private func isRegularFile(_ name: String) throws(SystemError) -> Bool {
        var status = stat()
        guard unsafe fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return false }  // It went away meanwhile.
            throw .last
        }
        return status.st_mode & S_IFMT == S_IFREG
    }
}
