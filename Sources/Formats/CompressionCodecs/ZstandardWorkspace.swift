internal import CZstd

/// Memory in which one zstd frame after another is unpacked right behind what it refers back to.
///
/// What one frame made is often what the next refers to: then it is moved within the memory, and read from nowhere.
///
/// ```text
/// ┌──────────────── prefix ────────────────┐
/// [ filled from elsewhere │ kept from before │ content ]
/// ```
@safe
public final class ZstandardWorkspace {
    private var memory: UnsafeMutableBufferPointer<UInt8> = unsafe .init(start: nil, count: 0)
    /// What stands in the memory: the last prefix, and the last content behind it.
    private var prefixByteCount = 0
    private var contentByteCount = 0

    public init() {}

    deinit { unsafe memory.deallocate() }

    private var capacity: Int { unsafe memory.count }

    /// Prefix and content of the last frame together.
    public var heldByteCount: Int { prefixByteCount + contentByteCount }

    /// Puts a prefix into place; what was there before is gone, but for the part that is kept.
    /// - Parameters:
    ///   - byteCount: The whole prefix.
    ///   - keptByteCount: So many of its last bytes are the last bytes of what stands here now.
    ///   - contentLimit: How many bytes the frame will make at most.
    ///   - nextPiece: Called with how many of the other bytes are still missing, until none are; gives at least one, and
    ///     no more.
    public func setPrefix<Failure: Error>(
        byteCount: Int, keptByteCount: Int, contentLimit: Int,
        nextPiece: (_ missingByteCount: Int) throws(Failure) -> ArraySlice<UInt8>
    ) throws(Failure) {
        precondition(keptByteCount <= min(byteCount, heldByteCount), "Only what is there can be kept.")
        let kept = heldByteCount - keptByteCount..<heldByteCount
        (prefixByteCount, contentByteCount) = (0, 0)
        reserve(byteCount + contentLimit, keeping: kept, at: byteCount - keptByteCount)
        var filled = 0
        while filled < byteCount - keptByteCount {
            let piece = try nextPiece(byteCount - keptByteCount - filled)
            precondition((1...(byteCount - keptByteCount - filled)).contains(piece.count), "A piece fits.")
            _ = unsafe memory[filled..<filled + piece.count].update(fromContentsOf: piece)
            filled += piece.count
        }
        prefixByteCount = byteCount
    }

    /// Unpacks `frame`, which must be one frame that tells its content's size.
    /// - Parameter outputLimit: At most the `contentLimit` of the prefix.
    /// - Returns: How many bytes it made; see ``content(_:)``.
    public func decompress(_ frame: ArraySlice<UInt8>, outputLimit: Int) throws(CodecError) -> Int {
        precondition(prefixByteCount + outputLimit <= capacity, "There is room.")
        contentByteCount = 0
        let opening = try ZstandardFrame(opening: frame)
        guard let declared = opening.contentByteCount else { throw .unsupported(.zstd) }
        guard declared <= UInt64(outputLimit) else { throw .outputTooLarge(limit: UInt64(outputLimit)) }
        try Zstandard.checkSpan(of: frame)
        let context = try DecompressionContext(prefix: nil)
        let target = unsafe memory.baseAddress.map { unsafe $0 + prefixByteCount }
        if prefixByteCount > 0 {
            let result = unsafe ZSTD_DCtx_refPrefix(context.pointer, memory.baseAddress, prefixByteCount)
            if let error = CodecError(whileDecompressing: result) { throw error }
        }
        let result = unsafe frame.withUnsafeBytes { source in
            unsafe ZSTD_decompressDCtx(context.pointer, target, Int(declared), source.baseAddress, source.count)
        }
        if let error = CodecError(whileDecompressing: result) { throw error }
        guard UInt64(result) == declared else { throw .damaged(.zstd) }
        contentByteCount = result
        return result
    }

    /// A part of what the last frame made.
    public func content(_ range: Range<Int>) -> [UInt8] {
        precondition(range.upperBound <= contentByteCount, "Only what was made can be had.")
        return unsafe Array(memory[prefixByteCount + range.lowerBound..<prefixByteCount + range.upperBound])
    }

    /// Makes sure of the room, and moves what is kept to its new place.
    private func reserve(_ byteCount: Int, keeping kept: Range<Int>, at offset: Int) {
        guard byteCount > capacity else {
            guard let start = unsafe memory.baseAddress, !kept.isEmpty else { return }
            unsafe (start + offset).update(from: start + kept.lowerBound, count: kept.count)
            return
        }
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: byteCount)
        _ = unsafe larger[offset..<offset + kept.count].initialize(fromContentsOf: memory[kept])
        unsafe memory.deallocate()
        unsafe memory = unsafe larger
    }
}
