/// Memory in which bytes are gathered for one write, used again and again.
///
/// Its bytes begin on a page, so that a device that bypasses the system's cache can take them from where they are.
/// Used by one thread at a time.
final class GatheringBuffer: @unchecked Sendable {
    private static let pageByteCount = 4096

    private var memory: [UInt8]
    private let start: Int
    private(set) var byteCount = 0

    /// - Parameter capacity: At most so many bytes will be gathered.
    init(capacity: Int) {
        memory = [UInt8](repeating: 0, count: capacity + Self.pageByteCount)
        let address = unsafe memory.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        let beyond = Int(address % UInt(Self.pageByteCount))
        start = beyond == 0 ? 0 : Self.pageByteCount - beyond
    }

    /// What has been gathered. To be let go of before more is appended: the memory would have to be copied.
    var bytes: ArraySlice<UInt8> { memory[start..<start + byteCount] }

    func append(_ bytes: ArraySlice<UInt8>) {
        let range = start + byteCount..<start + byteCount + bytes.count
        unsafe memory.withUnsafeMutableBytes { target in
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[range]).copyBytes(from: bytes)
        }
        byteCount += bytes.count
    }

    func clear() { byteCount = 0 }
}
