internal import CLZMA
internal import CompressionCodecs

/// LZMA2 without a container, and with bytes that both sides know in front of it.
///
/// No xz file can say that, but the encoder in it can. Source: The .xz File Format 1.1.0, sections 5.3.1 and 5.3.2.
enum RawLZMA {
    /// What tells the most about a byte that is no repetition.
    enum Content: CaseIterable {
        /// The byte before it.
        case text
        /// Nothing: most are zeros.
        case differences
        /// Its place among eight: numbers in columns.
        case table

        /// How many bits of the byte before, of the place for such bytes, and of the place for everything.
        fileprivate var bits: (lc: UInt32, lp: UInt32, pb: UInt32) {
            switch self {
            case .text: (3, 0, 2)
            case .differences: (0, 0, 0)
            case .table: (0, 3, 3)
            }
        }

        /// A repetition this long is taken at once. Measured: with 128 most is packed up to a seventh faster than with 273, and no worse;
        /// differences, which are zeros for the most part, are a seventh larger with 64.
        fileprivate var niceByteCount: UInt32 { self == .differences ? 273 : 128 }
    }

    enum Effort {
        case fast
        /// As small as it gets, in many times as much time.
        case best

        fileprivate var preset: UInt32 {
            switch self {
            case .fast: 1
            // 9, and LZMA_PRESET_EXTREME, a macro that Swift cannot import.
            case .best: 9 | 1 << 31
            }
        }
    }

    /// - Parameters:
    ///   - known: What the bytes may refer back to as if it stood before them.
    ///   - dictionaryByteCount: How far back a repetition may lie. The known bytes count.
    ///   - effort: How much time it may take.
    static func compress(
        _ bytes: [UInt8], known: ArraySlice<UInt8>, dictionaryByteCount: Int, content: Content, effort: Effort
    ) throws(CodecError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 64 + 1024)
        var outputCount = 0
        let capacity = output.count
        var allocator = unsafe martlet_lzma_large_pages()
        let code = unsafe try withFilters(
            known: known, dictionaryByteCount: dictionaryByteCount, content: content, effort: effort
        ) { filters in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe lzma_raw_buffer_encode(
                    filters, &allocator, source.baseAddress, source.count, &output, &outputCount, capacity)
            }
        }
        if code == LZMA_MEM_ERROR { throw .outOfMemory(.xz) }
        guard code == LZMA_OK else { throw .libraryFailure(.xz, code: Int32(bitPattern: code.rawValue)) }
        output.removeLast(output.count - outputCount)
        return output
    }

    /// How many earlier places are looked at for a repetition. Measured: with 40 what is new is packed in a tenth to a sixth less
    /// time than with the 512 of the preset, and to the same size within 0.2 %.
    private static let searchDepth: UInt32 = 40

    /// The smallest dictionary that LZMA2 has.
    static let dictionaryByteCountMin = 4096

    fileprivate static func withFilters<Value>(
        known: ArraySlice<UInt8>, dictionaryByteCount: Int, content: Content, effort: Effort,
        _ body: (UnsafePointer<lzma_filter>) -> Value
    ) throws(CodecError) -> Value {
        var options = unsafe lzma_options_lzma()
        guard unsafe lzma_lzma_preset(&options, effort.preset) == 0 else {
            throw .libraryFailure(.xz, code: Int32(bitPattern: effort.preset))
        }
        if effort == .best {
            unsafe options.nice_len = content.niceByteCount
            unsafe options.depth = searchDepth
        }
        unsafe options.dict_size = UInt32(clamping: max(dictionaryByteCountMin, dictionaryByteCount))
        (unsafe options.lc, unsafe options.lp, unsafe options.pb) = content.bits
        return unsafe known.withUnsafeBufferPointer { known in
            if known.count > 0 {
                unsafe options.preset_dict = known.baseAddress
                unsafe options.preset_dict_size = UInt32(clamping: known.count)
            }
            return unsafe withUnsafeMutablePointer(to: &options) { options in
                let filters = unsafe [
                    lzma_filter(id: martlet_lzma_filter_lzma2(), options: UnsafeMutableRawPointer(options)),
                    lzma_filter(id: martlet_lzma_filter_end(), options: nil),
                ]
                return unsafe filters.withUnsafeBufferPointer { filters in
                    // Never empty, so there is an address.
                    unsafe body(filters.baseAddress!)
                }
            }
        }
    }
}

/// Unpacks what ``RawLZMA`` made, as much at a time as is asked for.
@safe
final class RawLZMAReader: PieceReader {
    private let stream: UnsafeMutablePointer<lzma_stream>
    private var input: ArraySlice<UInt8>
    private var isFinished = false

    init(_ input: ArraySlice<UInt8>, known: ArraySlice<UInt8>, dictionaryByteCount: Int) throws(CodecError) {
        self.input = input
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        let stream = unsafe self.stream
        // The known bytes are copied here. What the content is, the data itself says.
        let code = unsafe try RawLZMA.withFilters(
            known: known, dictionaryByteCount: dictionaryByteCount, content: .text, effort: .fast
        ) { filters in
            unsafe lzma_raw_decoder(stream, filters)
        }
        guard code == LZMA_OK else { throw error(code) }
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    func read(atMost count: Int) throws(CodecError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count, !isFinished {
            let progress = try step(into: &output, from: filled)
            filled += progress.produced
            if progress.produced == 0, progress.consumed == 0, !isFinished { throw .truncated(.xz) }
        }
        output.removeLast(count - filled)
        return output
    }

    func expectEnd() throws(CodecError) {
        var rest = [UInt8](repeating: 0, count: 1)
        while !isFinished {
            let progress = try step(into: &rest, from: 0)
            guard progress.produced == 0 else { throw .outputUnread }
            if progress.consumed == 0, !isFinished { throw .truncated(.xz) }
        }
        guard input.isEmpty else { throw .trailingBytes(.xz, count: input.count) }
    }

    private func step(
        into output: inout [UInt8], from filled: Int
    ) throws(CodecError) -> (consumed: Int, produced: Int) {
        let (inputCount, room) = (input.count, output.count - filled)
        let stream = unsafe stream
        let code = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = inputCount
                unsafe stream.pointee.next_out = target.baseAddress.map { unsafe $0 + filled }
                unsafe stream.pointee.avail_out = room
                // All of the input is there, and a filter behind holds bytes back until it hears so.
                return unsafe lzma_code(stream, LZMA_FINISH)
            }
        }
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
        guard code == LZMA_OK || code == LZMA_STREAM_END || code == LZMA_BUF_ERROR else { throw error(code) }
        isFinished = code == LZMA_STREAM_END
        let consumed = unsafe inputCount - stream.pointee.avail_in
        input = input.dropFirst(consumed)
        return (consumed, unsafe room - stream.pointee.avail_out)
    }

    private func error(_ code: lzma_ret) -> CodecError {
        switch code {
        case LZMA_DATA_ERROR: .damaged(.xz)
        case LZMA_OPTIONS_ERROR: .unsupported(.xz)
        case LZMA_MEM_ERROR: .outOfMemory(.xz)
        default: .libraryFailure(.xz, code: Int32(bitPattern: code.rawValue))
        }
    }
}
