/// What a part's content goes through before it is packed by LZMA; the number is the coding's.
enum PatchFilter: UInt64, Sendable, CaseIterable {
    case none = 2
    /// ``UnwindFilter``, then ``ProgramFilter``.
    case program = 3
    /// ``TableFilter``.
    case table = 4
    /// First ``program``, then ``table``.
    case programAndTable = 5

    var isProgram: Bool { self == .program || self == .programAndTable }
    var isTable: Bool { self == .table || self == .programAndTable }

    /// - Parameter position: Of the first byte in the old data, for what is known; otherwise 0.
    func apply(to bytes: inout [UInt8], position: Int = 0) {
        if isProgram {
            UnwindFilter.filter(&bytes)
            ProgramFilter.filter(&bytes, position: position)
        }
        if isTable { TableFilter.filter(&bytes) }
    }

    func undoing(_ reader: any PieceReader) -> any PieceReader {
        let words: any PieceReader = isTable ? FilterReader(reader, TableFilter.undoing) : reader
        return isProgram ? FilterReader(FilterReader(words, ProgramFilter.undoing), UnwindFilter.undoing) : words
    }
}
