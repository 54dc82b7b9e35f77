internal import CZstd

/// A zstd frame in libzstd, a piece at a time.
final class ZstandardDecoder: StreamDecoder {
    private let context: DecompressionContext
    private let windowLimit: UInt64
    /// The opening has been seen, and asks for no larger window than allowed.
    private var isOpened = false

    /// - Parameter windowLimit: In bytes; how much of its own output a frame may want to be kept.
    init(windowLimit: UInt64, prefix: ZstandardPrefix?) throws(CodecError) {
        self.context = try DecompressionContext(prefix: prefix)
        self.windowLimit = windowLimit
        // The exact limit is kept here; the library knows powers of two only, and must not refuse before.
        let log = min(31, max(10, UInt64.bitWidth - (max(windowLimit, 1) - 1).leadingZeroBitCount))
        let result = unsafe ZSTD_DCtx_setParameter(context.pointer, ZSTD_d_windowLogMax, Int32(log))
        if let error = CodecError(whileDecompressing: result) { throw error }
    }

    func decode(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(CodecError) -> DecodingProgress {
        if !isOpened { try open(input) }
        var consumed = 0
        var produced = 0
        let result = unsafe input.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                var source = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var target = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                let result = unsafe ZSTD_decompressStream(context.pointer, &target, &source)
                (consumed, produced) = unsafe (source.pos, target.pos)
                return result
            }
        }
        if let error = CodecError(whileDecompressing: result) { throw error }
        return DecodingProgress(consumedByteCount: consumed, producedByteCount: produced, isFinished: result == 0)
    }

    /// The whole frame is in memory, so its opening is there, or will never be.
    private func open(_ input: ArraySlice<UInt8>) throws(CodecError) {
        let frame = try ZstandardFrame(opening: input)
        guard frame.windowByteCount <= windowLimit else {
            throw .memoryLimit(needed: frame.windowByteCount, limit: windowLimit)
        }
        isOpened = true
    }
}
