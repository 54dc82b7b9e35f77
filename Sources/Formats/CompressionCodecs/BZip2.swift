internal import CBZip2

/// Making bzip2 streams.
public enum BZip2 {
    /// `bytes` as one bzip2 stream.
    /// - Parameter level: The size of the blocks in units of 100 000 bytes, 1 to 9.
    public static func compress(_ bytes: ArraySlice<UInt8>, level: Int = 9) throws(CodecError) -> [UInt8] {
        precondition((1...9).contains(level), "A bzip2 level is 1 to 9.")
        // The manual promises that this is enough for any input.
        var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 601)
        guard let inputCount = UInt32(exactly: bytes.count), var outputCount = UInt32(exactly: output.count) else {
            throw .outOfMemory(.bzip2)
        }
        let code = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe source.withMemoryRebound(to: CChar.self) { source in
                    unsafe target.withMemoryRebound(to: CChar.self) { target in
                        unsafe BZ2_bzBuffToBuffCompress(
                            target.baseAddress, &outputCount, UnsafeMutablePointer(mutating: source.baseAddress),
                            inputCount, Int32(level), 0, 0)
                    }
                }
            }
        }
        if code == BZ_MEM_ERROR { throw .outOfMemory(.bzip2) }
        guard code == BZ_OK else { throw .libraryFailure(.bzip2, code: code) }
        output.removeLast(output.count - Int(outputCount))
        return output
    }

    public static func compress(_ bytes: [UInt8], level: Int = 9) throws(CodecError) -> [UInt8] {
        try compress(bytes[...], level: level)
    }
}
