/// Bytes that come in chunks of any size and leave in pieces of the sizes that a format asks for.
struct ByteQueue: Sendable {
    private var storage: [UInt8] = []
    private var start = 0

    var count: Int { storage.count - start }

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        if start == storage.count {
            storage.removeAll(keepingCapacity: true)
            start = 0
        } else if start > storage.count / 2 {
            storage.removeFirst(start)
            start = 0
        }
        storage.append(contentsOf: bytes)
    }

    /// The next `byteCount` bytes, which stay; `nil` when fewer are there.
    func peek(_ byteCount: Int) -> ArraySlice<UInt8>? {
        guard byteCount <= count else { return nil }
        return storage[start..<start + byteCount]
    }

    /// Takes the next `byteCount` bytes; `nil`, and nothing taken, when fewer are there.
    mutating func take(_ byteCount: Int) -> [UInt8]? {
        guard let bytes = peek(byteCount) else { return nil }
        start += byteCount
        return Array(bytes)
    }
}
