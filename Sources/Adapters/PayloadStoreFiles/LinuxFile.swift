internal import Glibc
internal import PayloadStore

/// An open file. The system calls of this target are all in this file; each checks its result.
final class LinuxFile: Sendable {
    private let descriptor: Int32
    let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { _ = Glibc.close(descriptor) }

    /// `nil` when there is no such file.
    static func open(_ path: String) throws(PayloadStorageError) -> LinuxFile? {
        let descriptor = retrying { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC) }
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw failure("opening \(path)") }
        return LinuxFile(descriptor: descriptor, path: path)
    }

    /// Fails when there is no such file.
    static func openForAppending(_ path: String) throws(PayloadStorageError) -> LinuxFile {
        let descriptor = retrying { unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure("opening \(path)") }
        return LinuxFile(descriptor: descriptor, path: path)
    }

    /// Fails when the file exists.
    static func create(_ path: String) throws(PayloadStorageError) -> LinuxFile {
        let descriptor = retrying { unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640) }
        guard descriptor >= 0 else { throw failure("creating \(path)") }
        return LinuxFile(descriptor: descriptor, path: path)
    }

    func size() throws(PayloadStorageError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("examining \(path)") }
        return UInt64(clamping: status.st_size)
    }

    /// Appends all of `bytes`.
    func write(_ bytes: [UInt8]) throws(PayloadStorageError) {
        var done = 0
        while done < bytes.count {
            let count = Self.retrying {
                // The pointer is used only inside the call, for no more bytes than the array has left.
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
                }
            }
            guard count > 0 else { throw Self.failure("writing \(path)", needed: UInt64(bytes.count - done)) }
            done += count
        }
    }

    /// At most `count` bytes from `offset`; fewer only at the end of the file.
    func read(at offset: UInt64, count: Int) throws(PayloadStorageError) -> [UInt8] {
        guard let start = off_t(exactly: offset), count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let (position, overflows) = start.addingReportingOverflow(off_t(done))
            if overflows { break }
            let got = Self.retrying {
                // As in `write`: inside the call, within the array.
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    unsafe pread(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, position)
                }
            }
            guard got >= 0 else { throw Self.failure("reading \(path)") }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    /// Returns when the file is on the disk.
    func synchronize() throws(PayloadStorageError) {
        guard Self.retrying({ fsync(descriptor) }) == 0 else { throw Self.failure("syncing \(path)") }
    }

    /// Drops what memory holds of the file, so that the next read asks the disk. A hint: it may be ignored.
    func forgetCachedPages() {
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }
}

// Directories and names.
extension LinuxFile {
    /// Makes what was created, renamed or removed in a directory durable.
    static func synchronizeDirectory(_ path: String) throws(PayloadStorageError) {
        let descriptor = retrying { unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw failure("opening \(path)") }
        defer { _ = Glibc.close(descriptor) }
        guard retrying({ fsync(descriptor) }) == 0 else { throw failure("syncing \(path)") }
    }

    /// - Returns: whether it was made now.
    static func makeDirectory(_ path: String) throws(PayloadStorageError) -> Bool {
        if unsafe mkdir(path, 0o750) == 0 { return true }
        guard errno == EEXIST else { throw failure("making the directory \(path)") }
        return false
    }

    static func rename(_ old: String, to new: String) throws(PayloadStorageError) {
        guard unsafe Glibc.rename(old, new) == 0 else { throw failure("renaming \(old)") }
    }

    /// - Returns: whether there was one.
    static func remove(_ path: String) throws(PayloadStorageError) -> Bool {
        if unsafe unlink(path) == 0 { return true }
        guard errno == ENOENT else { throw failure("removing \(path)") }
        return false
    }

    /// The bytes that unprivileged writers may still use on the file system of `path`.
    static func freeBytes(at path: String) throws(PayloadStorageError) -> UInt64 {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw failure("asking for the free space of \(path)") }
        return UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
    }

    private static func retrying<Value: FixedWidthInteger>(_ call: () -> Value) -> Value {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }

    private static func failure(_ action: String, needed: UInt64 = 0) -> PayloadStorageError {
        let number = errno
        if number == ENOSPC || number == EDQUOT { return .full(needed: needed, available: 0) }
        // `strerror` gives a pointer into a table of constant texts for known numbers.
        let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return .failed(doing: action, reason: text)
    }
}
