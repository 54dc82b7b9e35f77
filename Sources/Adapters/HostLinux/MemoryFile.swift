import CLinux
import Glibc
import SlotDevice

/// A file without a name that lives in memory and goes with its last descriptor.
enum MemoryFile {
    private static let pieceBytes = 1 << 20

    /// A copy of `content`, open for reading only: the kernel refuses to load from a file that somebody may write.
    /// - Parameter label: for the system's list of open files.
    static func copy(of content: any BlockDevice, label: String) throws(DeviceError) -> FileDescriptor {
        do throws(SystemError) {
            let number = try retryingInterrupts { unsafe martlet_memory_file(label) }
            let writer = FileDescriptor(owning: number)
            var offset: UInt64 = 0
            while offset < content.sizeBytes {
                let count = Int(min(content.sizeBytes - offset, UInt64(pieceBytes)))
                try writer.write(try piece(of: content, at: offset, count: count)[...], at: offset)
                offset += UInt64(count)
            }
            return try FileDescriptor.open("/proc/self/fd/\(number)", flags: O_RDONLY)
        } catch {
            throw error.asDeviceError("copy", label)
        }
    }

    private static func piece(
        of content: any BlockDevice, at offset: UInt64, count: Int
    ) throws(SystemError) -> [UInt8] {
        do { return try content.read(at: offset, count: count) } catch { throw SystemError(code: EIO) }
    }
}
