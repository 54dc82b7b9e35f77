/// Some runs of bytes as if they were one.
struct ReaderChain {
    private let readers: [ExtentReader]
    let byteCount: UInt64

    init(_ readers: [ExtentReader]) {
        self.readers = readers
        byteCount = readers.reduce(0) { $0 + $1.byteCount }
    }

    /// `count` bytes from `offset`, which lie within ``byteCount``.
    func read(at offset: UInt64, count: Int) throws(InstallationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var start: UInt64 = 0
        for reader in readers {
            let position = offset + UInt64(bytes.count)
            if bytes.count < count, position >= start, position - start < reader.byteCount {
                let available = min(UInt64(count - bytes.count), reader.byteCount - (position - start))
                let piece = try reader.read(at: position - start, count: Int(available))
                bytes = bytes.isEmpty ? piece : bytes + piece
            }
            start += reader.byteCount
        }
        return bytes
    }
}
