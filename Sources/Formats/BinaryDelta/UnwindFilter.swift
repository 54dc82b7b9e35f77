/// Turns the places in x86-64 programs' tables for unwinding the stack into distances from the entry before.
///
/// For each of its functions a program says twice where it stands: in `.eh_frame` as a distance from the record that says
/// so, with its size, and in `.eh_frame_hdr` in a table for searching. Functions mostly stand one behind the other, so that
/// the end of one tells the beginning of the next. Where code moved, what is left stays what it was.
///
/// The filter makes as many bytes as it is given, takes any bytes, and can always be undone. Numbers have four bytes, the
/// lowest first, and are taken from each other modulo 2^32. The rules, for a place `i` that goes from the first byte to the last:
///
/// 1. Where the bytes 01 1B 03 3B stand at `i`, a table begins: the number at `i + 8` says how many pairs of numbers follow behind
///    it. From each pair but the first, the pair before it is taken, number by number. `i` goes to behind the table.
/// 2. Where a number of 12 to 255 stands at `i`, and behind it four bytes 00, a 01, and the letters zR or zP, records begin. `i` goes
///    behind this one from record to record, each of which has four bytes more than its first number says, until that number is below
///    12 or above 65,535.
///    1. A record's second number is the distance back to the record that it has in common with others, and 0 in such a record itself.
///       The distance to the last of these is taken from it.
///    2. A distance that reaches further back than the first record ends the records, and `i` goes to behind it.
///    3. In a record with a distance the third number says where a function begins, from the number's own place on, and the fourth
///       how long it is. The third becomes the distance from the end of the function in the record before, if there was one.
/// 3. Elsewhere `i` goes one on. Where fewer bytes are left than a rule looks at, 12 while searching, 8 for a pair, 16 for a record, the
///    rest stays as it is.
///
/// Source: Linux Standard Base Core Specification 5.0, sections 10.6.1 and 10.6.2.
package struct UnwindFilter: StreamFilter {
    private enum State {
        case searching
        case table(pairCount: UInt32, last: (UInt32, UInt32)?)
        case records(Records)
    }

    private struct Records {
        /// Places of the first record and of the last one without a function.
        let first: UInt32
        var common: UInt32
        /// Where the function before ends.
        var functionEnd: UInt32?
    }

    private let isUndoing: Bool
    private var state = State.searching
    /// Of the next byte.
    private var position: UInt32 = 0
    /// How many bytes stay as they are.
    private var skippedCount = 0

    private init(isUndoing: Bool) { self.isUndoing = isUndoing }

    package static func filter(_ bytes: inout [UInt8]) {
        var filter = UnwindFilter(isUndoing: false)
        _ = filter.settle(&bytes, from: 0, isEnd: true)
    }

    package static var undoing: UnwindFilter { UnwindFilter(isUndoing: true) }

    package mutating func settle(_ bytes: inout [UInt8], from start: Int, isEnd: Bool) -> Int {
        var span = bytes.mutableSpan
        let startPosition = position &- UInt32(truncatingIfNeeded: start)
        var index = start
        while index < span.count {
            let skipped = min(skippedCount, span.count - index)
            index += skipped
            skippedCount -= skipped
            position = startPosition &+ UInt32(truncatingIfNeeded: index)
            guard skippedCount == 0, goOn(&span, &index) else { break }
        }
        if isEnd { index = span.count }
        position = startPosition &+ UInt32(truncatingIfNeeded: index)
        return index
    }

    /// - Returns: Whether there were bytes enough.
    private mutating func goOn(_ span: inout MutableSpan<UInt8>, _ index: inout Int) -> Bool {
        switch state {
        case .searching: return search(span, &index)
        case .table(let pairCount, let last): return turnPair(&span, index, pairCount, last)
        case .records(let records): return turnRecord(&span, index, records)
        }
    }

    // MARK: - Where something begins

    private static let searchedByteCount = 12
    private static let magic: UInt32 = 0x3B03_1B01

    /// Goes to the next table or record. The one has a 01 at its beginning, the other eight bytes behind it.
    private mutating func search(_ span: borrowing MutableSpan<UInt8>, _ index: inout Int) -> Bool {
        let start = index
        let end = span.count - Self.searchedByteCount
        guard start <= end else { return false }
        var one = start
        while true {
            one = Self.nextOne(span, from: one, through: end + 8)
            if one <= end, Self.number(span, one) == Self.magic {
                state = .table(pairCount: Self.number(span, one + 8), last: nil)
                skippedCount = Self.searchedByteCount
                index = one
                return true
            }
            if one - 8 >= start, one - 8 <= end, Self.isRecord(span, at: one - 8) {
                index = one - 8
                let place = position &+ UInt32(truncatingIfNeeded: index - start)
                state = .records(Records(first: place, common: place))
                skippedCount = 4 + Int(Self.number(span, index))
                return true
            }
            guard one < end + 8 else { break }
            one += 1
        }
        index = end + 1
        return false
    }

    /// The place of the next 01; behind `end` where there is none.
    private static func nextOne(_ span: borrowing MutableSpan<UInt8>, from start: Int, through end: Int) -> Int {
        let bytes = unsafe span.bytes
        var index = start
        // Eight at a time: most of a program is searched.
        while index + 7 <= end {
            let word = unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            // Which byte is the first to be zero in the difference.
            let difference = word ^ 0x0101_0101_0101_0101
            let zeros = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
            if zeros != 0 { return index + zeros.trailingZeroBitCount / 8 }
            index += 8
        }
        while index <= end, span[index] != 1 { index += 1 }
        return index
    }

    /// Whether the first record of `.eh_frame` may stand there.
    private static func isRecord(_ span: borrowing MutableSpan<UInt8>, at index: Int) -> Bool {
        span[index + 9] == UInt8(ascii: "z") && number(span, index + 4) == 0 && span[index + 8] == 1
            && (span[index + 10] == UInt8(ascii: "R") || span[index + 10] == UInt8(ascii: "P"))
            && (12...255).contains(number(span, index))
    }

    // MARK: - What is turned

    private mutating func turnPair(
        _ span: inout MutableSpan<UInt8>, _ index: Int, _ pairCount: UInt32, _ last: (UInt32, UInt32)?
    ) -> Bool {
        guard pairCount > 0 else {
            state = .searching
            return true
        }
        guard index + 8 <= span.count else { return false }
        let pair = last.map { last in
            (turn(&span, index, from: last.0), turn(&span, index + 4, from: last.1))
        }
        state = .table(
            pairCount: pairCount - 1, last: pair ?? (Self.number(span, index), Self.number(span, index + 4)))
        skippedCount = 8
        return true
    }

    private mutating func turnRecord(_ span: inout MutableSpan<UInt8>, _ index: Int, _ records: Records) -> Bool {
        guard index + 16 <= span.count else { return false }
        var records = records
        let byteCount = Self.number(span, index)
        guard (12...65_535).contains(byteCount) else {
            state = .searching
            return true
        }
        skippedCount = 4 + Int(byteCount)
        let distance = turn(&span, index + 4, from: position &+ 4 &- records.common)
        if distance == 0 {
            records.common = position
        } else if distance > position &+ 4 &- records.first {
            state = .searching
            skippedCount = 8
            return true
        } else {
            let place = position &+ 8
            let begin = records.functionEnd.map { end in turn(&span, index + 8, from: end &- place) }
            records.functionEnd = place &+ (begin ?? Self.number(span, index + 8)) &+ Self.number(span, index + 12)
        }
        state = .records(records)
        return true
    }

    /// Takes a number from that which stands there, or undoes that.
    /// - Returns: The number as it is before the filter.
    private func turn(_ span: inout MutableSpan<UInt8>, _ index: Int, from origin: UInt32) -> UInt32 {
        let number = Self.number(span, index)
        let turned = isUndoing ? number &+ origin : number &- origin
        for offset in 0..<4 { span[index + offset] = UInt8(truncatingIfNeeded: turned >> (8 * UInt32(offset))) }
        return isUndoing ? turned : number
    }

    private static func number(_ span: borrowing MutableSpan<UInt8>, _ index: Int) -> UInt32 {
        UInt32(span[index]) | UInt32(span[index + 1]) << 8 | UInt32(span[index + 2]) << 16
            | UInt32(span[index + 3]) << 24
    }
}
