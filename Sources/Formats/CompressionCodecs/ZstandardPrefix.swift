/// Bytes that a zstd frame may refer back to as if they stood before it. Reading needs the same bytes as writing did.
///
/// Kept at one address, because the library reads them for as long as it works on the frame. May be shared between
/// frames and threads.
@safe
public final class ZstandardPrefix: @unchecked Sendable {  // Never changes once it is made.
    let bytes: UnsafeMutableBufferPointer<UInt8>

    public var byteCount: Int { unsafe bytes.count }

    public init(_ content: ArraySlice<UInt8>) {
        unsafe bytes = .allocate(capacity: content.count)
        _ = unsafe bytes.initialize(from: content)
    }

    public convenience init(_ content: [UInt8]) { self.init(content[...]) }

    /// Puts the bytes together from pieces, so that they are never in memory twice.
    /// - Parameters:
    ///   - byteCount: How many bytes there will be.
    ///   - nextPiece: Called with how many bytes are still missing, until none are; gives at least one, and no more.
    public init<Failure: Error>(
        byteCount: Int, nextPiece: (_ missingByteCount: Int) throws(Failure) -> ArraySlice<UInt8>
    ) throws(Failure) {
        unsafe bytes = .allocate(capacity: byteCount)
        unsafe bytes.initialize(repeating: 0)
        var filled = 0
        while filled < byteCount {
            // Once all members have their values, a throwing initialiser runs `deinit`.
            let piece = try nextPiece(byteCount - filled)
            precondition((1...(byteCount - filled)).contains(piece.count), "A piece fits into the prefix.")
            _ = unsafe bytes[filled..<filled + piece.count].update(fromContentsOf: piece)
            filled += piece.count
        }
    }

    deinit { unsafe bytes.deallocate() }
}
