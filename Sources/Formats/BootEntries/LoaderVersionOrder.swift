/// Compares version texts as systemd-boot does.
///
/// Source: UAPI.10 Version Format Specification, as systemd 252 has it in `strverscmp_improved`.
package enum LoaderVersionOrder {
    /// Negative when `left` is older than `right`, 0 when they count as equal, positive when it is newer.
    package static func compare(_ left: String, _ right: String) -> Int {
        var left = VersionText(left)
        var right = VersionText(right)
        while true {
            left.dropSeparators()
            right.dropSeparators()
            if let order = compareMark(UInt8(ascii: "~"), &left, &right) { return order }
            if left.isAtEnd || right.isAtEnd { return sign(left.isAtEnd ? 0 : 1, right.isAtEnd ? 0 : 1) }
            for mark in [UInt8(ascii: "-"), UInt8(ascii: "^"), UInt8(ascii: ".")] {
                if let order = compareMark(mark, &left, &right) { return order }
            }
            let order = left.isAtDigit || right.isAtDigit ? compareNumbers(&left, &right) : compareWords(&left, &right)
            if order != 0 { return order }
        }
    }

    /// The text that has the mark here is older. When both have it, both pass it; `nil` when it decides nothing.
    private static func compareMark(_ mark: UInt8, _ left: inout VersionText, _ right: inout VersionText) -> Int? {
        let isMarked = (left.next == mark, right.next == mark)
        if isMarked.0 && isMarked.1 {
            left.skip()
            right.skip()
            return nil
        }
        return isMarked.0 ? -1 : isMarked.1 ? 1 : nil
    }

    /// A number is newer than none; otherwise by value, of any length.
    private static func compareNumbers(_ left: inout VersionText, _ right: inout VersionText) -> Int {
        let numbers = (left.takeRun(VersionText.isDigit), right.takeRun(VersionText.isDigit))
        if numbers.0.isEmpty || numbers.1.isEmpty { return sign(numbers.0.count, numbers.1.count) }
        let values = (numbers.0.drop { $0 == 0x30 }, numbers.1.drop { $0 == 0x30 })
        if values.0.count != values.1.count { return sign(values.0.count, values.1.count) }
        return values.0.lexicographicallyPrecedes(values.1) ? -1 : values.0.elementsEqual(values.1) ? 0 : 1
    }

    /// By ASCII, capitals first; the longer is newer.
    private static func compareWords(_ left: inout VersionText, _ right: inout VersionText) -> Int {
        let words = (left.takeRun(VersionText.isLetter), right.takeRun(VersionText.isLetter))
        return words.0.lexicographicallyPrecedes(words.1) ? -1 : words.0.elementsEqual(words.1) ? 0 : 1
    }

    private static func sign(_ left: Int, _ right: Int) -> Int { left < right ? -1 : left > right ? 1 : 0 }
}

/// What is left of a version text.
private struct VersionText {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { self.rest = Array(text.utf8)[...] }

    var next: UInt8? { rest.first }
    var isAtEnd: Bool { rest.isEmpty }
    var isAtDigit: Bool { next.map(Self.isDigit) ?? false }

    mutating func skip() { rest = rest.dropFirst() }

    /// Passes what is part of no version.
    mutating func dropSeparators() {
        rest = rest.drop { byte in
            !Self.isDigit(byte) && !Self.isLetter(byte) && !"~-^.".utf8.contains(byte)
        }
    }

    mutating func takeRun(_ belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let run = rest.prefix(while: belongs)
        rest = rest.dropFirst(run.count)
        return run
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
}
