internal import SlotDevice

/// Memory for one read or write at a time, used again and again: the system charges a fault for each page of new memory.
///
/// Its bytes begin on a page, so that a device that bypasses the system's cache can move them from where they are.
/// Used by one thread at a time.
final class TransferBuffer: @unchecked Sendable {
    private static let pageByteCount = 4096

    private var memory: [UInt8]
    private let start: Int
    private(set) var byteCount = 0

    /// - Parameter capacity: At most so many bytes will stand in it.
    init(capacity: Int) {
        memory = [UInt8](repeating: 0, count: capacity + Self.pageByteCount)
        let address = unsafe memory.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        let beyond = Int(address % UInt(Self.pageByteCount))
        start = beyond == 0 ? 0 : Self.pageByteCount - beyond
    }

    /// What stands in it. To be let go of before it is changed: the memory would have to be copied.
    var bytes: ArraySlice<UInt8> { memory[start..<start + byteCount] }

    func append(_ bytes: ArraySlice<UInt8>) {
        let range = start + byteCount..<start + byteCount + bytes.count
        unsafe memory.withUnsafeMutableBytes { target in
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[range]).copyBytes(from: bytes)
        }
        byteCount += bytes.count
    }

    /// Appends zeros.
    func appendZeros(count: Int) {
        let range = start + byteCount..<start + byteCount + count
        unsafe memory.withUnsafeMutableBytes { target in
            _ = unsafe UnsafeMutableRawBufferPointer(rebasing: target[range]).initializeMemory(
                as: UInt8.self, repeating: 0)
        }
        byteCount += count
    }

    /// Appends `count` bytes of a device.
    func append(from device: any BlockDevice, at offsetBytes: UInt64, count: Int) throws(DeviceError) {
        let range = start + byteCount..<start + byteCount + count
        var failure: DeviceError?
        unsafe memory.withUnsafeMutableBytes { target in
            do throws(DeviceError) {
                try unsafe device.read(
                    at: offsetBytes, into: UnsafeMutableRawBufferPointer(rebasing: target[range]))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        byteCount += count
    }

    func clear() { byteCount = 0 }
}
