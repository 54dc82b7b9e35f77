import CLinux
import Glibc
import PartitionTable
package import SlotDevice

/// A disk, a partition, or a regular file in their place.
///
/// After ``flush()`` the next read asks the medium, not the system's cache, as far as the system allows: what is read
/// back to be verified is what a boot loader will find.
package final class FileBlockDevice: BlockDevice, ExclusivelyLockable {
    package enum Access: Hashable, Sendable {
        case readOnly
        case readWrite
    }

    package enum Caching: Hashable, Sendable {
        /// Through the system's cache.
        case buffered
        /// Past the system's cache for all that lies on multiples of 4 KiB; the rest, and everything where the file
        /// system refuses, goes through it.
        case direct
    }

    package let path: String
    package let sizeBytes: UInt64
    package let sectorSizeBytes: Int
    private let isBlockDevice: Bool
    private let descriptor: FileDescriptor
    private let direct: DirectTransfer?

    /// Opens what is at `path`; a symbolic link is followed.
    /// - Parameter sectorSizeBytes: for a regular file; a block device is asked.
    package convenience init(
        path: String, access: Access, caching: Caching = .buffered, sectorSizeBytes: Int = 512
    ) throws(DeviceError) {
        let flags = access == .readOnly ? O_RDONLY : O_RDWR
        do {
            let descriptor = try FileDescriptor.open(path, flags: flags)
            let direct = caching == .direct ? DirectTransfer(path: path, flags: flags) : nil
            try self.init(descriptor, direct: direct, path: path, sectorSizeBytes: sectorSizeBytes)
        } catch {
            throw error.asDeviceError("open", path)
        }
    }

    init(
        _ descriptor: FileDescriptor, direct: DirectTransfer? = nil, path: String, sectorSizeBytes: Int = 512
    ) throws(SystemError) {
        let status = try descriptor.status()
        self.isBlockDevice = status.st_mode & S_IFMT == S_IFBLK
        self.descriptor = descriptor
        self.direct = direct
        self.path = path
        if isBlockDevice {
            var size: UInt64 = 0
            var sector: CInt = 0
            guard unsafe martlet_block_device_size(descriptor.number, &size) == 0,
                unsafe martlet_block_device_sector_size(descriptor.number, &sector) == 0
            else { throw .last }
            self.sizeBytes = size
            self.sectorSizeBytes = Int(sector)
        } else {
            guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(code: EINVAL) }
            self.sizeBytes = UInt64(clamping: status.st_size)
            self.sectorSizeBytes = sectorSizeBytes
        }
    }

    package func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try checkRange(offsetBytes, count)
        let bytes: [UInt8]
        do {
            if let direct = try readDirectly(at: offsetBytes, count: count) {
                bytes = direct
            } else {
                bytes = try descriptor.read(at: offsetBytes, count: count)
            }
        } catch {
            throw error.asDeviceError("read", path)
        }
        guard bytes.count == count else {
            throw .failed(operation: "read", path: path, reason: "it ends before its size")
        }
        return bytes
    }

    package func read(at offsetBytes: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        try checkRange(offsetBytes, buffer.count)
        let count: Int
        do {
            if let direct = try unsafe readDirectly(at: offsetBytes, into: buffer) {
                count = direct
            } else {
                count = try unsafe descriptor.read(into: buffer, at: offsetBytes)
            }
        } catch {
            throw error.asDeviceError("read", path)
        }
        guard count == buffer.count else {
            throw .failed(operation: "read", path: path, reason: "it ends before its size")
        }
    }

    package func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try checkRange(offsetBytes, bytes.count)
        do {
            try writeWhole(bytes, at: offsetBytes)
        } catch {
            throw error.asDeviceError("write", path)
        }
    }

    package func flush() throws(DeviceError) {
        do { try descriptor.synchronizeData() } catch { throw error.asDeviceError("flush", path) }
        descriptor.forgetCache()
    }

    package func lockExclusively() throws(DeviceError) {
        do { try descriptor.lockExclusively() } catch { throw error.asDeviceError("lock", path) }
    }

    package func unlock() { descriptor.unlock() }

    /// `nil` when the range is not aligned, or where the file system refuses.
    private func readDirectly(at offsetBytes: UInt64, count: Int) throws(SystemError) -> [UInt8]? {
        let range = offsetBytes..<offsetBytes + UInt64(count)
        guard let direct, count > 0, DirectTransfer.alignedPart(of: range) == range else { return nil }
        do {
            return try direct.read(at: offsetBytes, count: count)
        } catch {
            guard error.code == EINVAL else { throw error }
            return nil
        }
    }

    /// `nil` when range or memory is not aligned, or where the file system refuses.
    private func readDirectly(
        at offsetBytes: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int? {
        let range = offsetBytes..<offsetBytes + UInt64(buffer.count)
        guard let direct, buffer.count > 0, DirectTransfer.alignedPart(of: range) == range,
            unsafe DirectTransfer.isAligned(UnsafeRawBufferPointer(buffer))
        else { return nil }
        do {
            return try unsafe direct.read(at: offsetBytes, into: buffer)
        } catch {
            guard error.code == EINVAL else { throw error }
            return nil
        }
    }

    private func writeWhole(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(SystemError) {
        let range = offsetBytes..<offsetBytes + UInt64(bytes.count)
        let aligned = DirectTransfer.alignedPart(of: range)
        guard let direct, !aligned.isEmpty else { return try descriptor.write(bytes, at: offsetBytes) }
        let head = Int(aligned.lowerBound - range.lowerBound)
        let middle = bytes.dropFirst(head).prefix(aligned.count)
        do {
            try direct.write(middle, at: aligned.lowerBound)
        } catch {
            guard error.code == EINVAL else { throw error }
            try descriptor.write(middle, at: aligned.lowerBound)
        }
        if head > 0 { try descriptor.write(bytes.prefix(head), at: offsetBytes) }
        let tail = bytes.dropFirst(head + aligned.count)
        if !tail.isEmpty { try descriptor.write(tail, at: aligned.upperBound) }
    }
}

extension FileBlockDevice {
    /// Makes a sparse regular file of `sizeBytes`, or resizes the one that is there.
    package static func create(
        path: String, sizeBytes: UInt64, caching: Caching = .buffered, sectorSizeBytes: Int = 512
    ) throws(DeviceError) -> FileBlockDevice {
        do {
            try FileDescriptor.open(path, flags: O_RDWR | O_CREAT, mode: 0o644).truncate(to: sizeBytes)
        } catch {
            throw error.asDeviceError("create", path)
        }
        return try FileBlockDevice(path: path, access: .readWrite, caching: caching, sectorSizeBytes: sectorSizeBytes)
    }

    /// Makes a range read as zeros, without writing them where the medium can do that by itself.
    package func writeZeros(at offsetBytes: UInt64, count: UInt64) throws(DeviceError) {
        guard offsetBytes <= sizeBytes, count <= sizeBytes - offsetBytes else {
            throw .outOfRange(offsetBytes: offsetBytes, count: Int(clamping: count), sizeBytes: sizeBytes)
        }
        guard count > 0, !zeroQuickly(at: offsetBytes, count: count) else { return }
        let zeros = [UInt8](repeating: 0, count: Int(min(count, 1 << 20)))
        var done: UInt64 = 0
        while done < count {
            let piece = zeros.prefix(Int(min(count - done, UInt64(zeros.count))))
            try write(piece, at: offsetBytes + done)
            done += UInt64(piece.count)
        }
    }

    private func zeroQuickly(at offsetBytes: UInt64, count: UInt64) -> Bool {
        if isBlockDevice { return martlet_block_device_zero(descriptor.number, offsetBytes, count) == 0 }
        return martlet_punch_hole(descriptor.number, Int64(clamping: offsetBytes), Int64(clamping: count)) == 0
    }
}
