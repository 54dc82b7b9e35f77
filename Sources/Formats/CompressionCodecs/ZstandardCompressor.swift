internal import CZstd

/// Makes one zstd frame of bytes that come in pieces.
///
/// ```swift
/// let compressor = try ZstandardCompressor(settings, contentByteCount: image.sizeBytes)
/// while let piece = try image.next() { try output.write(compressor.append(piece)) }
/// try output.write(compressor.finish())
/// ```
public final class ZstandardCompressor {
    private let context: CompressionContext

    /// - Parameters:
    ///   - contentByteCount: How many bytes will come; the frame then says so, and other numbers are an error.
    ///   - prefix: What the frame may refer back to.
    public init(
        _ settings: ZstandardSettings = ZstandardSettings(), contentByteCount: UInt64? = nil,
        prefix: ZstandardPrefix? = nil
    ) throws(CodecError) {
        context = try CompressionContext(settings, prefix: prefix)
        if let contentByteCount {
            try context.check(unsafe ZSTD_CCtx_setPledgedSrcSize(context.pointer, contentByteCount))
        }
    }

    /// Takes the next bytes, and gives what is ready of the frame; often nothing.
    public func append(_ bytes: ArraySlice<UInt8>) throws(CodecError) -> [UInt8] {
        try run(bytes, ZSTD_e_continue)
    }

    /// The rest of the frame. Nothing may be appended afterwards.
    public func finish() throws(CodecError) -> [UInt8] { try run([], ZSTD_e_end) }

    private func run(_ bytes: ArraySlice<UInt8>, _ directive: ZSTD_EndDirective) throws(CodecError) -> [UInt8] {
        var rest = bytes
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())
        while true {
            let step = try self.step(rest, directive, into: &piece)
            rest = rest.dropFirst(step.consumed)
            output += piece.prefix(step.produced)
            if directive == ZSTD_e_end ? step.isFlushed : rest.isEmpty { return output }
        }
    }

    private func step(
        _ bytes: ArraySlice<UInt8>, _ directive: ZSTD_EndDirective, into piece: inout [UInt8]
    ) throws(CodecError) -> (consumed: Int, produced: Int, isFlushed: Bool) {
        var (consumed, produced) = (0, 0)
        let result = unsafe bytes.withUnsafeBytes { source in
            unsafe piece.withUnsafeMutableBytes { target in
                var source = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var target = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                let result = unsafe ZSTD_compressStream2(context.pointer, &target, &source, directive)
                (consumed, produced) = unsafe (source.pos, target.pos)
                return result
            }
        }
        try context.check(result)
        return (consumed, produced, result == 0)
    }
}
