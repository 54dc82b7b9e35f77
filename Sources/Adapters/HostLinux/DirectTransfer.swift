import CLinux
import Glibc

/// Reads and writes that bypass the system's cache. Memory, offset and length are multiples of ``alignmentBytes``.
struct DirectTransfer: Sendable {
    /// Every disk's sectors divide it, and so do the pages of memory.
    static let alignmentBytes = 4096
    private static let pieceBytes = 1 << 20

    private let descriptor: FileDescriptor

    /// Opens `path` a second time; `nil` where the file system does not support it.
    init?(path: String, flags: CInt) {
        guard let descriptor = try? FileDescriptor.open(path, flags: flags | martlet_open_flag_direct()) else {
            return nil  // The caller goes through the cache instead.
        }
        self.descriptor = descriptor
    }

    /// The part of a range that can be transferred directly; empty when there is none.
    static func alignedPart(of range: Range<UInt64>) -> Range<UInt64> {
        let alignment = UInt64(alignmentBytes)
        let upper = range.upperBound / alignment * alignment
        let (padded, overflow) = range.lowerBound.addingReportingOverflow(alignment - 1)
        let lower = padded / alignment * alignment
        return overflow || lower >= upper ? range.upperBound..<range.upperBound : lower..<upper
    }

    static func isAligned(_ buffer: UnsafeRawBufferPointer) -> Bool {
        UInt(bitPattern: buffer.baseAddress) % UInt(alignmentBytes) == 0
    }

    /// Writes `bytes`, a multiple of the alignment. Those that begin on a page are not copied.
    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(SystemError) {
        let isAligned = unsafe bytes.withUnsafeBytes { buffer in unsafe Self.isAligned(buffer) }
        if isAligned { return try descriptor.write(bytes, at: offset) }
        try unsafe withBuffer(count: bytes.count) { buffer throws(SystemError) in
            for start in stride(from: 0, to: bytes.count, by: buffer.count) {
                let piece = bytes.dropFirst(start).prefix(buffer.count)
                unsafe buffer.copyBytes(from: piece)
                let filled = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<piece.count])
                try unsafe descriptor.write(filled, at: offset + UInt64(start))
            }
        }
    }

    /// Reads `count` bytes, a multiple of the alignment; fewer only at the end of the file.
    func read(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        try unsafe withBuffer(count: count) { buffer throws(SystemError) in
            while bytes.count < count {
                let rest = min(buffer.count, count - bytes.count)
                let wanted = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<rest])
                let got = try unsafe descriptor.read(into: wanted, at: offset + UInt64(bytes.count))
                unsafe bytes.append(contentsOf: wanted[..<got])
                if got < rest { break }
            }
        }
        return bytes
    }

    /// Fills `buffer`, which is aligned. Returns the bytes read: fewer only at the end of the file.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try unsafe descriptor.read(into: buffer, at: offset)
    }

    private func withBuffer(
        count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(min(count, Self.pieceBytes), Self.alignmentBytes), alignment: Self.alignmentBytes)
        defer { unsafe buffer.deallocate() }
        try unsafe body(buffer)
    }
}
