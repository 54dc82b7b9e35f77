/// Unpacks one compressed stream that is whole in memory, a piece at a time.
///
/// The bytes are one stream and nothing else: if they end early, or go on after its end, that is an error. Once an error
/// has been thrown, the same error is thrown again.
///
/// ```swift
/// let reader = try DecompressionReader(.bzip2, blob, outputLimit: extentBytes)
/// while let piece = try reader.next() { try target.write(piece) }
/// ```
public final class DecompressionReader {
    /// The most that ``next()`` gives at once. What is larger the C library takes from the system each time anew, and each
    /// page of it costs a fault.
    public static let pieceByteCount = 128 << 10
    /// Enough for a dictionary of 64 MiB, the largest that clients of this format take, and what goes with it.
    public static let memoryLimitDefault: UInt64 = 72 << 20

    private let format: CompressionFormat
    private let outputLimit: UInt64
    private let decoder: any StreamDecoder
    private var input: ArraySlice<UInt8>
    private var outputByteCount: UInt64 = 0
    /// Unpacked and not yet handed out.
    private var ready: ArraySlice<UInt8> = []
    private var isFinished = false
    private var failure: CodecError?

    /// - Parameters:
    ///   - outputLimit: The stream may unpack to this many bytes and no more.
    ///   - memoryLimit: How many bytes of memory xz may use, and zstd for its window; bzip2 never needs more than 4 MiB.
    ///   - prefix: What a zstd frame was made with; the other formats know no such thing.
    public init(
        _ format: CompressionFormat, _ bytes: ArraySlice<UInt8>, outputLimit: UInt64,
        memoryLimit: UInt64 = memoryLimitDefault, prefix: ZstandardPrefix? = nil
    ) throws(CodecError) {
        self.format = format
        self.input = bytes
        self.outputLimit = outputLimit
        switch format {
        case .bzip2: self.decoder = try BZip2Decoder()
        case .xz: self.decoder = try XZDecoder(memoryLimit: memoryLimit)
        case .zstd: self.decoder = try ZstandardDecoder(windowLimit: memoryLimit, prefix: prefix)
        }
    }

    public convenience init(
        _ format: CompressionFormat, _ bytes: [UInt8], outputLimit: UInt64, memoryLimit: UInt64 = memoryLimitDefault
    ) throws(CodecError) {
        try self.init(format, bytes[...], outputLimit: outputLimit, memoryLimit: memoryLimit)
    }

    /// The next bytes, never none and at most ``pieceByteCount``; `nil` once the stream has ended as it should.
    public func next() throws(CodecError) -> ArraySlice<UInt8>? {
        try fill()
        guard !ready.isEmpty else { return nil }
        defer { ready = [] }
        return ready
    }

    /// Exactly `count` bytes.
    /// - Throws: ``CodecError/outputTooShort(missing:)`` when the stream ends before.
    public func read(count: Int) throws(CodecError) -> [UInt8] {
        precondition(count >= 0, "A count is not negative.")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(count, Self.pieceByteCount))
        while bytes.count < count {
            try fill()
            guard !ready.isEmpty else { throw .outputTooShort(missing: count - bytes.count) }
            let piece = ready.prefix(count - bytes.count)
            bytes += piece
            ready = ready.dropFirst(piece.count)
        }
        return bytes
    }

    /// Makes sure that everything has been read and that the stream ended as it should.
    /// - Throws: ``CodecError/outputUnread`` when there is more.
    public func expectEnd() throws(CodecError) {
        try fill()
        guard ready.isEmpty else { throw .outputUnread }
    }

    /// Unpacks the next piece, unless one is ready or nothing is left.
    private func fill() throws(CodecError) {
        if let failure { throw failure }
        guard ready.isEmpty, !isFinished else { return }
        do throws(CodecError) {
            ready = try decodePiece()
        } catch {
            failure = error
            throw error
        }
    }

    private func decodePiece() throws(CodecError) -> ArraySlice<UInt8> {
        var output = [UInt8](repeating: 0, count: Self.pieceByteCount)
        while true {
            let progress = try decoder.decode(input, into: &output)
            input = input.dropFirst(progress.consumedByteCount)
            isFinished = progress.isFinished
            outputByteCount += UInt64(progress.producedByteCount)
            guard outputByteCount <= outputLimit else { throw .outputTooLarge(limit: outputLimit) }
            if isFinished && !input.isEmpty { throw .trailingBytes(format, count: input.count) }
            if isFinished || progress.producedByteCount > 0 { return output.prefix(progress.producedByteCount) }
            guard progress.consumedByteCount > 0 else { throw .truncated(format) }
        }
    }
}

extension DecompressionReader {
    /// Unpacks all of `bytes` into memory.
    /// - Parameter outputLimit: The stream may unpack to this many bytes and no more.
    public static func decompress(
        _ format: CompressionFormat, _ bytes: ArraySlice<UInt8>, outputLimit: UInt64
    ) throws(CodecError) -> [UInt8] {
        let reader = try DecompressionReader(format, bytes, outputLimit: outputLimit)
        var output: [UInt8] = []
        while let piece = try reader.next() { output += piece }
        return output
    }
}
