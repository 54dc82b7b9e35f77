import CLinux
import Glibc

/// An open file, closed with the last reference. All of the system's calls on files go through here.
final class FileDescriptor: Sendable {
    let number: CInt

    init(owning number: CInt) { self.number = number }

    deinit { close(number) }

    /// Opens `path`; always close-on-exec.
    static func open(_ path: String, flags: CInt, mode: mode_t = 0) throws(SystemError) -> FileDescriptor {
        try open(path, in: AT_FDCWD, flags: flags, mode: mode)
    }

    /// Opens `name` within this directory.
    func open(_ name: String, flags: CInt, mode: mode_t = 0) throws(SystemError) -> FileDescriptor {
        try Self.open(name, in: number, flags: flags, mode: mode)
    }

    private static func open(
        _ path: String, in directory: CInt, flags: CInt, mode: mode_t
    ) throws(SystemError) -> FileDescriptor {
        let number = try retryingInterrupts { unsafe martlet_open_at(directory, path, flags | O_CLOEXEC, mode) }
        return FileDescriptor(owning: number)
    }

    /// Size and kind.
    func status() throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw .last }
        return status
    }

    func synchronizeData() throws(SystemError) { _ = try retryingInterrupts { fdatasync(number) } }

    func synchronize() throws(SystemError) { _ = try retryingInterrupts { fsync(number) } }

    func truncate(to sizeBytes: UInt64) throws(SystemError) {
        guard let size = off_t(exactly: sizeBytes) else { throw SystemError(code: EFBIG) }
        _ = try retryingInterrupts { ftruncate(number, size) }
    }

    /// Reads up to `count` bytes; fewer only at the end of the file.
    func read(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                filled = try unsafe read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `buffer` from `offset`. Returns the bytes read: fewer only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let position = off_t(clamping: offset) + off_t(done)
            let count = try retryingInterrupts { unsafe pread(number, rest.baseAddress, rest.count, position) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Writes all of `buffer` at `offset`.
    func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var done = 0
        while done < buffer.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
            let position = off_t(clamping: offset) + off_t(done)
            let count = try retryingInterrupts { unsafe pwrite(number, rest.baseAddress, rest.count, position) }
            guard count > 0 else { throw SystemError(code: EIO) }
            done += count
        }
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(SystemError) {
        var failure: SystemError?
        unsafe bytes.withUnsafeBytes { buffer in
            do throws(SystemError) {
                try unsafe write(buffer, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// Drops what the system remembers of the file, so that the next read asks the medium. Advice: it may be ignored.
    func forgetCache() { _ = posix_fadvise(number, 0, 0, POSIX_FADV_DONTNEED) }

    func lockExclusively() throws(SystemError) { _ = try retryingInterrupts { flock(number, LOCK_EX) } }

    func unlock() { _ = flock(number, LOCK_UN) }
}
