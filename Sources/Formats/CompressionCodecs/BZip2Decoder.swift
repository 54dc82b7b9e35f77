internal import CBZip2

/// A bzip2 stream in libbz2.
@safe
final class BZip2Decoder: StreamDecoder {
    /// At a fixed address, because the library's state points back at it.
    private let stream: UnsafeMutablePointer<bz_stream>

    init() throws(CodecError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: bz_stream())
        let code = unsafe BZ2_bzDecompressInit(stream, 0, 0)
        guard code == BZ_OK else { throw Self.error(code) }
    }

    deinit {
        unsafe BZ2_bzDecompressEnd(stream)  // Harmless where the beginning failed.
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    func decode(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(CodecError) -> DecodingProgress {
        let inputCount = UInt32(clamping: input.count)
        let outputCount = UInt32(clamping: output.count)
        let code = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe target.withMemoryRebound(to: CChar.self) { target in
                    unsafe source.withMemoryRebound(to: CChar.self) { source in
                        // The library only reads from next_in, though its type does not say so.
                        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                        unsafe stream.pointee.avail_in = inputCount
                        unsafe stream.pointee.next_out = target.baseAddress
                        unsafe stream.pointee.avail_out = outputCount
                        return unsafe BZ2_bzDecompress(stream)
                    }
                }
            }
        }
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
        guard code == BZ_OK || code == BZ_STREAM_END else { throw Self.error(code) }
        return DecodingProgress(
            consumedByteCount: unsafe Int(inputCount - stream.pointee.avail_in),
            producedByteCount: unsafe Int(outputCount - stream.pointee.avail_out),
            isFinished: code == BZ_STREAM_END)
    }

    private static func error(_ code: Int32) -> CodecError {
        switch code {
        case BZ_DATA_ERROR: .damaged(.bzip2)
        case BZ_DATA_ERROR_MAGIC: .notRecognised(.bzip2)
        case BZ_MEM_ERROR: .outOfMemory(.bzip2)
        default: .libraryFailure(.bzip2, code: code)
        }
    }
}
