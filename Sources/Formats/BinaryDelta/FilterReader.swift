internal import CompressionCodecs

/// Makes bytes into others of the same number, which can be undone piece by piece.
package protocol StreamFilter {
    /// Works on `bytes` from `start` on, the place it came to the last time.
    /// - Parameter isEnd: Nothing follows.
    /// - Returns: Up to where the bytes are final. What is behind it is to be given again with more bytes.
    mutating func settle(_ bytes: inout [UInt8], from start: Int, isEnd: Bool) -> Int
}

/// Bytes that come as they are asked for.
protocol PieceReader: AnyObject {
    /// Fewer bytes only at the end.
    func read(atMost count: Int) throws(CodecError) -> [UInt8]
    /// Makes sure that nothing is left.
    func expectEnd() throws(CodecError)
}

extension PieceReader {
    func read(count: Int) throws(CodecError) -> [UInt8] {
        let output = try read(atMost: count)
        guard output.count == count else { throw .outputTooShort(missing: count - output.count) }
        return output
    }
}

/// Undoes a filter.
final class FilterReader: PieceReader {
    private let reader: any PieceReader
    private var filter: any StreamFilter
    /// What was unpacked: handed on up to `start`, final up to `settled`.
    private var buffer: [UInt8] = []
    private var start = 0
    private var settled = 0
    private var isEnd = false

    private static let pieceByteCount = 64 << 10

    /// - Parameter filter: One that undoes.
    init(_ reader: any PieceReader, _ filter: any StreamFilter) {
        self.reader = reader
        self.filter = filter
    }

    func read(atMost count: Int) throws(CodecError) -> [UInt8] {
        while settled - start < count, !isEnd { try refill() }
        let taken = min(count, settled - start)
        defer { start += taken }
        return Array(buffer[start..<start + taken])
    }

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
