/// The bytes of a representation that a request asks for.
///
/// Source: RFC 9110, clauses 14.1.2 (byte ranges), 14.2 (`Range`), 13.1.5 (`If-Range`), 15.3.7 (206) and 15.5.17 (416).
package enum ByteRange: Equatable, Sendable {
    /// Everything: there was no range, or one that a server should ignore.
    case whole
    /// One range within the representation.
    case part(Range<UInt64>)
    /// A range that lies outside of the representation.
    case unsatisfiable

    /// Reads a `Range` header for a representation of `size` bytes.
    ///
    /// Several ranges in one header are answered with the whole, as clause 14.2 allows: no update client asks for
    /// them, and each further range would cost a seek that a stranger chooses. A header that breaks the grammar, or
    /// has a unit other than bytes, counts as absent.
    package init(header: String?, size: UInt64) {
        self = header.flatMap { Self.parse($0, size: size) } ?? .whole
    }

    private static func parse(_ header: String, size: UInt64) -> ByteRange? {
        let sides = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, trimmed(sides[0]).lowercased() == "bytes", !sides[1].contains(",") else { return nil }
        let ends = trimmed(sides[1]).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        switch (trimmed(ends[0]), trimmed(ends[1])) {
        case ("", let suffix):
            guard let length = number(suffix) else { return nil }
            return length == 0 || size == 0 ? .unsatisfiable : .part(size - min(length, size)..<size)
        case (let first, ""):
            guard let start = number(first) else { return nil }
            return start < size ? .part(start..<size) : .unsatisfiable
        case (let first, let last):
            guard let start = number(first), let end = number(last), start <= end else { return nil }
            // `end` may be the largest number there is, so it is limited before one is added.
            return start < size ? .part(start..<min(end, size - 1) + 1) : .unsatisfiable
        }
    }

    /// A number of any count of digits; one that does not fit is as good as the largest.
    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(text) ?? .max
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
