/// One compressed stream on its way through a library.
protocol StreamDecoder: AnyObject {
    /// Unpacks some of `input` into the front of `output`, as far as either lasts.
    ///
    /// Not to be called again after it threw or reported the end.
    func decode(_ input: ArraySlice<UInt8>, into output: inout [UInt8]) throws(CodecError) -> DecodingProgress
}

struct DecodingProgress {
    var consumedByteCount: Int
    var producedByteCount: Int
    var isFinished: Bool
}
