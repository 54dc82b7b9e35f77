internal import CZstd

/// Making and reading zstd frames that are whole in memory. See ``ZstandardCompressor`` and ``DecompressionReader`` for
/// those that are not.
public enum Zstandard {
    /// `bytes` as one zstd frame that says how many they are.
    /// - Parameter prefix: What the frame may refer back to.
    /// - Throws: ``CodecError/outOfMemory(_:)``, ``CodecError/libraryFailure(_:code:)``.
    public static func compress(
        _ bytes: ArraySlice<UInt8>, settings: ZstandardSettings = ZstandardSettings(), prefix: ZstandardPrefix? = nil
    ) throws(CodecError) -> [UInt8] {
        let context = try CompressionContext(settings, prefix: prefix)
        var failure: CodecError?
        let output = unsafe [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { target, count in
            let result = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_compress2(
                    context.pointer, target.baseAddress, target.count, source.baseAddress, source.count)
            }
            failure = CodecError(whileCompressing: result)
            count = failure == nil ? result : 0
        }
        if let failure { throw failure }
        return output
    }

    public static func compress(
        _ bytes: [UInt8], settings: ZstandardSettings = ZstandardSettings(), prefix: ZstandardPrefix? = nil
    ) throws(CodecError) -> [UInt8] {
        try compress(bytes[...], settings: settings, prefix: prefix)
    }

    /// The content of `bytes`, which are one frame and nothing else.
    ///
    /// The output is the only window that is needed, so this takes no more memory than what it gives.
    /// - Parameters:
    ///   - outputLimit: The frame may unpack to this many bytes and no more.
    ///   - prefix: What the frame was made with.
    /// - Throws: ``CodecError``.
    public static func decompress(
        _ bytes: ArraySlice<UInt8>, outputLimit: UInt64, prefix: ZstandardPrefix? = nil
    ) throws(CodecError) -> [UInt8] {
        let frame = try ZstandardFrame(opening: bytes)
        guard let declared = frame.contentByteCount else {
            return try decompressPiecewise(bytes, outputLimit: outputLimit, prefix: prefix)
        }
        guard declared <= outputLimit else { throw .outputTooLarge(limit: outputLimit) }
        guard let capacity = Int(exactly: declared) else { throw .outOfMemory(.zstd) }
        try checkSpan(of: bytes)
        let context = try DecompressionContext(prefix: prefix)
        var failure: CodecError?
        let output = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
            let result = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_decompressDCtx(
                    context.pointer, target.baseAddress, capacity, source.baseAddress, source.count)
            }
            failure = CodecError(whileDecompressing: result)
            count = failure == nil ? result : 0
        }
        if let failure { throw failure }
        guard output.count == capacity else { throw .damaged(.zstd) }
        return output
    }

    private static func decompressPiecewise(
        _ bytes: ArraySlice<UInt8>, outputLimit: UInt64, prefix: ZstandardPrefix?
    ) throws(CodecError) -> [UInt8] {
        let reader = try DecompressionReader(.zstd, bytes, outputLimit: outputLimit, prefix: prefix)
        var output: [UInt8] = []
        while let piece = try reader.next() { output += piece }
        return output
    }

    /// Refuses what is cut short or goes on after its end: the library would unpack a second frame too.
    static func checkSpan(of bytes: ArraySlice<UInt8>) throws(CodecError) {
        let span = unsafe bytes.withUnsafeBytes { unsafe ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) }
        if ZSTD_isError(span) != 0 {
            throw ZSTD_getErrorCode(span) == ZSTD_error_srcSize_wrong ? .truncated(.zstd) : .damaged(.zstd)
        }
        guard span == bytes.count else { throw .trailingBytes(.zstd, count: bytes.count - span) }
    }
}

extension CodecError {
    /// `nil` when the library's answer is no error.
    init?(whileDecompressing result: Int) {
        guard ZSTD_isError(result) != 0 else { return nil }
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_prefix_unknown: self = .notRecognised(.zstd)
        case ZSTD_error_memory_allocation: self = .outOfMemory(.zstd)
        case ZSTD_error_version_unsupported, ZSTD_error_frameParameter_unsupported, ZSTD_error_dictionary_wrong:
            self = .unsupported(.zstd)
        case ZSTD_error_GENERIC, ZSTD_error_stage_wrong, ZSTD_error_init_missing, ZSTD_error_parameter_outOfBound:
            self = .libraryFailure(.zstd, code: Int32(bitPattern: ZSTD_getErrorCode(result).rawValue))
        default: self = .damaged(.zstd)
        }
    }

    /// `nil` when the library's answer is no error.
    init?(whileCompressing result: Int) {
        guard ZSTD_isError(result) != 0 else { return nil }
        let code = ZSTD_getErrorCode(result)
        self =
            code == ZSTD_error_memory_allocation
            ? .outOfMemory(.zstd) : .libraryFailure(.zstd, code: Int32(bitPattern: code.rawValue))
    }
}
