/// Bytes that come in chunks of any size and leave in pieces of the sizes that a format asks for.
///
/// Once a piece has been asked for, what comes goes straight into it: a large piece is in memory once, not twice.
struct ByteQueue: Sendable {
    /// The beginning of the piece that was asked for last.
    private var piece: [UInt8] = []
    private var pieceByteCount = 0
    /// What follows, in order. Empty while the piece is not complete.
    private var rest: [ArraySlice<UInt8>] = []
    private(set) var count = 0

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        count += bytes.count
        let wanted = rest.isEmpty ? bytes.prefix(max(0, pieceByteCount - piece.count)) : []
        piece += wanted
        if wanted.count < bytes.count { rest.append(bytes.dropFirst(wanted.count)) }
    }

    /// The next `byteCount` bytes, which stay; `nil` when fewer are there.
    mutating func peek(_ byteCount: Int) -> ArraySlice<UInt8>? {
        guard byteCount <= count else { return nil }
        if piece.count < byteCount { gather(byteCount) }
        return piece.prefix(byteCount)
    }

    /// Takes the next `byteCount` bytes; `nil`, and nothing taken, when fewer are there.
    mutating func take(_ byteCount: Int) -> [UInt8]? {
        if byteCount != pieceByteCount { gather(byteCount) }
        guard byteCount <= count else { return nil }
        count -= byteCount
        pieceByteCount = 0
        defer { piece = [] }
        return piece
    }

    /// Makes the piece one of `byteCount` bytes, as far as they are there.
    private mutating func gather(_ byteCount: Int) {
        if !piece.isEmpty { rest.insert(piece[...], at: 0) }
        piece = []
        piece.reserveCapacity(byteCount)
        pieceByteCount = byteCount
        var used = 0
        while used < rest.count, piece.count < byteCount {
            let wanted = rest[used].prefix(byteCount - piece.count)
            piece += wanted
            rest[used] = rest[used].dropFirst(wanted.count)
            if rest[used].isEmpty { used += 1 }
        }
        rest.removeFirst(used)
    }
}
