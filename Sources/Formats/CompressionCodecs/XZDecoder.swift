internal import CLZMA

/// An xz stream in liblzma.
@safe
final class XZDecoder: StreamDecoder {
    /// At a fixed address for as long as the library knows it.
    private let stream: UnsafeMutablePointer<lzma_stream>
    private let memoryLimit: UInt64

    init(memoryLimit: UInt64) throws(CodecError) {
        self.memoryLimit = memoryLimit
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        let code = unsafe lzma_stream_decoder(stream, memoryLimit, martlet_lzma_tell_unsupported_check())
        guard code == LZMA_OK else { throw error(code) }
    }

    deinit {
        unsafe lzma_end(stream)  // Harmless where the beginning failed.
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    func decode(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(CodecError) -> DecodingProgress {
        let (inputCount, outputCount) = (input.count, output.count)
        let code = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = inputCount
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = outputCount
                return unsafe lzma_code(stream, LZMA_RUN)
            }
        }
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
        // LZMA_BUF_ERROR only says that this call could do nothing; the caller sees that, and knows why.
        guard code == LZMA_OK || code == LZMA_STREAM_END || code == LZMA_BUF_ERROR else { throw error(code) }
        return DecodingProgress(
            consumedByteCount: unsafe inputCount - stream.pointee.avail_in,
            producedByteCount: unsafe outputCount - stream.pointee.avail_out,
            isFinished: code == LZMA_STREAM_END)
    }

    private func error(_ code: lzma_ret) -> CodecError {
        switch code {
        case LZMA_FORMAT_ERROR: .notRecognised(.xz)
        case LZMA_DATA_ERROR: .damaged(.xz)
        case LZMA_OPTIONS_ERROR, LZMA_UNSUPPORTED_CHECK: .unsupported(.xz)
        case LZMA_MEM_ERROR: .outOfMemory(.xz)
        case LZMA_MEMLIMIT_ERROR: .memoryLimit(needed: unsafe lzma_memusage(stream), limit: memoryLimit)
        default: .libraryFailure(.xz, code: Int32(bitPattern: code.rawValue))
        }
    }
}
