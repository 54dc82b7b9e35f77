internal import CZstd

/// What the library needs for one frame that is being made.
@safe
final class CompressionContext {
    let pointer: OpaquePointer
    /// The library only borrows it.
    private let prefix: ZstandardPrefix?

    init(_ settings: ZstandardSettings, prefix: ZstandardPrefix?) throws(CodecError) {
        guard let pointer = unsafe ZSTD_createCCtx() else { throw .outOfMemory(.zstd) }
        unsafe self.pointer = unsafe pointer
        self.prefix = prefix
        for (parameter, value) in settings.parameters {
            try check(unsafe ZSTD_CCtx_setParameter(pointer, parameter, Int32(clamping: value)))
        }
        if let prefix, prefix.byteCount > 0 {
            try check(unsafe ZSTD_CCtx_refPrefix(pointer, prefix.bytes.baseAddress, prefix.byteCount))
        }
    }

    deinit { unsafe ZSTD_freeCCtx(pointer) }

    func check(_ result: Int) throws(CodecError) {
        if let error = CodecError(whileCompressing: result) { throw error }
    }
}

extension ZstandardSettings {
    fileprivate var parameters: [(ZSTD_cParameter, Int)] {
        let chosen: [(ZSTD_cParameter, Int?)] = [
            (ZSTD_c_compressionLevel, level), (ZSTD_c_windowLog, windowLog),
            (ZSTD_c_enableLongDistanceMatching, looksFar ? 1 : nil), (ZSTD_c_checksumFlag, hasChecksum ? 1 : nil),
            (ZSTD_c_hashLog, hashLog), (ZSTD_c_chainLog, chainLog), (ZSTD_c_searchLog, searchLog),
            (ZSTD_c_minMatch, matchLengthMin), (ZSTD_c_targetLength, targetLength), (ZSTD_c_strategy, strategy),
        ]
        return chosen.compactMap { parameter, value in value.map { (parameter, $0) } }
    }
}

/// What the library needs for one frame that is being read.
@safe
final class DecompressionContext {
    let pointer: OpaquePointer
    /// The library only borrows it.
    private let prefix: ZstandardPrefix?

    init(prefix: ZstandardPrefix?) throws(CodecError) {
        guard let pointer = unsafe ZSTD_createDCtx() else { throw .outOfMemory(.zstd) }
        unsafe self.pointer = unsafe pointer
        self.prefix = prefix
        if let prefix, prefix.byteCount > 0 {
            let result = unsafe ZSTD_DCtx_refPrefix(pointer, prefix.bytes.baseAddress, prefix.byteCount)
            if let error = CodecError(whileDecompressing: result) { throw error }
        }
    }

    deinit { unsafe ZSTD_freeDCtx(pointer) }
}
