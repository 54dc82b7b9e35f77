internal import CLZMA

/// Making xz streams.
public enum XZ {
    /// What lets a reader see that a stream is damaged.
    public enum Check: Sendable, Hashable, CaseIterable {
        case none
        case crc32
        /// Not understood by the small decoders of some update clients.
        case crc64
    }

    /// `bytes` as one xz stream. The dictionary is no larger than `bytes`, so that unpacking needs little memory.
    /// - Parameter preset: From 0, fast, to 9, small.
    public static func compress(
        _ bytes: ArraySlice<UInt8>, preset: Int = 6, check: Check = .crc32
    ) throws(CodecError) -> [UInt8] {
        precondition((0...9).contains(preset), "An xz preset is 0 to 9.")
        var options = unsafe lzma_options_lzma()
        guard unsafe lzma_lzma_preset(&options, UInt32(preset)) == 0 else {
            throw .libraryFailure(.xz, code: Int32(preset))
        }
        let dictionaryByteCount = max(UInt32(clamping: bytes.count), dictionaryByteCountMin)
        unsafe options.dict_size = unsafe min(options.dict_size, dictionaryByteCount)

        var output = [UInt8](repeating: 0, count: lzma_stream_buffer_bound(bytes.count))
        var outputCount = 0
        let code = unsafe withUnsafeMutablePointer(to: &options) { options in
            var filters = unsafe [
                lzma_filter(id: martlet_lzma_filter_lzma2(), options: UnsafeMutableRawPointer(options)),
                lzma_filter(id: martlet_lzma_filter_end(), options: nil),
            ]
            let capacity = output.count
            return unsafe bytes.withUnsafeBufferPointer { source in
                unsafe lzma_stream_buffer_encode(
                    &filters, check.native, nil, source.baseAddress, source.count, &output, &outputCount, capacity)
            }
        }
        if code == LZMA_MEM_ERROR { throw .outOfMemory(.xz) }
        guard code == LZMA_OK else { throw .libraryFailure(.xz, code: Int32(bitPattern: code.rawValue)) }
        output.removeLast(output.count - outputCount)
        return output
    }

    public static func compress(
        _ bytes: [UInt8], preset: Int = 6, check: Check = .crc32
    ) throws(CodecError) -> [UInt8] {
        try compress(bytes[...], preset: preset, check: check)
    }

    /// The smallest dictionary that LZMA2 has.
    private static let dictionaryByteCountMin: UInt32 = 4096
}

extension XZ.Check {
    fileprivate var native: lzma_check {
        switch self {
        case .none: LZMA_CHECK_NONE
        case .crc32: LZMA_CHECK_CRC32
        case .crc64: LZMA_CHECK_CRC64
        }
    }
}
