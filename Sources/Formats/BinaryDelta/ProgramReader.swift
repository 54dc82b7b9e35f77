internal import CompressionCodecs

/// Unpacks what stands behind a ``ProgramFilter``.
final class ProgramReader {
    private let reader: RawLZMAReader
    private var filter = ProgramFilter.undoing
    /// What was unpacked: handed on up to `start`, final up to `settled`.
    private var buffer: [UInt8] = []
    private var start = 0
    private var settled = 0
    private var isEnd = false

    private static let pieceByteCount = 64 << 10

    init(_ reader: RawLZMAReader) { self.reader = reader }

    func read(count: Int) throws(CodecError) -> [UInt8] {
        while settled - start < count {
            guard !isEnd else { throw .outputTooShort(missing: count - (settled - start)) }
            try refill()
        }
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// Makes sure that nothing is left.
    func expectEnd() throws(CodecError) {
        guard start == buffer.count else { throw .outputUnread }
        try reader.expectEnd()
    }

    private func refill() throws(CodecError) {
        // Not at every read: most take a few bytes.
        buffer.removeFirst(start)
        settled -= start
        start = 0
        let piece = try reader.read(atMost: Self.pieceByteCount)
        isEnd = piece.count < Self.pieceByteCount
        buffer += piece
        settled = filter.settle(&buffer, from: settled, isEnd: isEnd)
    }
}
