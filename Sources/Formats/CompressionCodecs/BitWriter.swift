/// Bits into bytes, the lowest first, as deflate has them. Source: RFC 1951, section 3.1.1.
struct BitWriter {
    private(set) var bytes: [UInt8]
    private var waiting: UInt64 = 0
    private var waitingCount = 0

    /// - Parameter bytes: What stands before.
    init(behind bytes: [UInt8]) { self.bytes = bytes }

    /// - Parameter count: At most 16 bits.
    mutating func write(_ bits: UInt16, count: Int) {
        waiting |= UInt64(bits) << UInt64(waitingCount)
        waitingCount += count
        while waitingCount >= 8 { writeByte() }
    }

    /// Zeros up to the next byte.
    mutating func align() {
        guard waitingCount > 0 else { return }
        waitingCount = 8
        writeByte()
    }

    /// Only after ``align()``.
    mutating func write(contentsOf content: ArraySlice<UInt8>) { bytes += content }

    private mutating func writeByte() {
        bytes.append(UInt8(truncatingIfNeeded: waiting))
        waiting >>= 8
        waitingCount -= 8
    }
}
