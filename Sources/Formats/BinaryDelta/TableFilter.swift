/// Turns the places in tables of relocations into distances from the entry before.
///
/// A kernel module is to a third such tables: entries of 24 bytes, of which the first eight tell a place, the next eight what goes
/// there. Where code moved, every place behind it changes, but the distances between places stay what they were.
///
/// The filter makes as many bytes as it is given, takes any bytes, and can always be undone: whether a word is turned, the
/// words before it tell. The rules, for words of eight bytes from the first byte on, the lowest byte first:
///
/// 1. A word is a place where three words stand before it, neither of the last two is a place, the first of the three is below 2^32, and
///    the second has 1 to 42 in its lower half and less than 2^20 in its upper half: a type and a symbol. Then the first of the three is
///    taken from it, modulo 2^64.
/// 2. Of the two words behind a place neither is one. If the first of them equals the second of the three, then from the second of
///    them the third of the three is taken.
/// 3. Where an ELF file's magic number ends in a word, within this word and the one before it, and begins at no word's beginning, the next
///    word is the first that begins a multiple of eight bytes behind the magic number's beginning; the words before are forgotten,
///    and the bytes between stay as they are.
/// 4. Bytes behind the last whole word stay as they are.
///
/// Source: System V ABI, “Relocation”, and its supplement for AMD64, which has the types.
package struct TableFilter: StreamFilter {
    private let isUndoing: Bool
    /// The three words before, as they were before the filter.
    private var words = Self.noWords
    /// How many words are not looked at.
    private var restCount = 0
    /// The word between the two from which the last distance was.
    private var kind: UInt64 = 0
    /// How many bytes stand before the next word.
    private var skippedCount = 0

    private static let noWords: (UInt64, UInt64, UInt64) = (.max, .max, .max)

    private static let wordByteCount = 8

    private init(isUndoing: Bool) { self.isUndoing = isUndoing }

    package static func filter(_ bytes: inout [UInt8]) {
        var filter = TableFilter(isUndoing: false)
        _ = filter.settle(&bytes, from: 0, isEnd: true)
    }

    package static var undoing: TableFilter { TableFilter(isUndoing: true) }

    package mutating func settle(_ bytes: inout [UInt8], from start: Int, isEnd: Bool) -> Int {
        var index = start
        unsafe bytes.withUnsafeMutableBytes { bytes in
            while index < bytes.count {
                if skippedCount > 0 {
                    index += 1
                    skippedCount -= 1
                    continue
                }
                guard index + Self.wordByteCount <= bytes.count else { return }
                let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let turned = turned(word)
                if turned != word {
                    unsafe bytes.storeBytes(of: turned.littleEndian, toByteOffset: index, as: UInt64.self)
                }
                note(isUndoing ? turned : word)
                index += Self.wordByteCount
            }
        }
        return isEnd ? bytes.count : index
    }

    private mutating func turned(_ word: UInt64) -> UInt64 {
        guard restCount == 0 else {
            restCount -= 1
            // What goes there, of two places for the same symbol.
            return restCount == 0 && words.2 == kind ? difference(word) : word
        }
        guard isEntry else { return word }
        (restCount, kind) = (2, words.1)
        return difference(word)
    }

    private func difference(_ word: UInt64) -> UInt64 { isUndoing ? word &+ words.0 : word &- words.0 }

    /// - Parameter word: As it is before the filter.
    private mutating func note(_ word: UInt64) {
        if let begun = Self.byteCountSinceProgram(words.2, word), begun % Self.wordByteCount != 0 {
            words = Self.noWords
            restCount = 0
            skippedCount = Self.wordByteCount - begun % Self.wordByteCount
        } else {
            words = (words.1, words.2, word)
        }
    }

    /// How many bytes before the end of two words an ELF file's magic number begins, if it ends in the second one.
    private static func byteCountSinceProgram(_ first: UInt64, _ second: UInt64) -> Int? {
        // Whether any byte is the last of the four: a zero among the bytes of the difference.
        let difference = second ^ 0x4646_4646_4646_4646
        guard (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080 != 0 else { return nil }
        let both = UInt128(second) << 64 | UInt128(first)
        return (4...11).first { UInt32(truncatingIfNeeded: both >> UInt128(128 - 8 * $0)) == 0x464C_457F }
    }

    /// Whether the three words before may be an entry.
    private var isEntry: Bool {
        words.0 < 1 << 32 && words.1 >> 32 < 1 << 20 && (1...42).contains(words.1 & 0xFFFF_FFFF)
    }
}
