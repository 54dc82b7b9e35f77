/// Chooses machines by their labels: `role=web,zone!=eu,gpu,!old`. Every part must hold.
///
///     key=value    has the label with this value       key     has the label, whatever its value
///     key!=value   does not have it with this value    !key    does not have the label
public struct LabelQuery: Hashable, Sendable {
    public enum Term: Hashable, Sendable {
        case equals(String, String)
        case differs(String, String)
        case exists(String)
        case absent(String)
    }

    public let terms: [Term]
    /// As it was written.
    public let text: String

    public static let byteCountMaximum = 512
    public static let termCountMaximum = 16

    /// `nil` for text of another form, for none, and for more than ``termCountMaximum`` parts.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.byteCountMaximum else { return nil }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= Self.termCountMaximum else { return nil }
        var terms: [Term] = []
        for part in parts {
            guard let term = Self.term(part) else { return nil }
            terms.append(term)
        }
        self.terms = terms
        self.text = text
    }

    private static func term(_ part: Substring) -> Term? {
        if let range = part.range(of: "!=") { return pair(part, range).map { Term.differs($0, $1) } }
        if let index = part.firstIndex(of: "=") {
            return pair(part, index..<part.index(after: index)).map { Term.equals($0, $1) }
        }
        if part.first == "!" {
            let key = String(part.dropFirst())
            return LabelRule.isName(key) ? .absent(key) : nil
        }
        return LabelRule.isName(String(part)) ? .exists(String(part)) : nil
    }

    private static func pair(_ part: Substring, _ mark: Range<Substring.Index>) -> (String, String)? {
        let (key, value) = (String(part[..<mark.lowerBound]), String(part[mark.upperBound...]))
        return LabelRule.isName(key) && LabelRule.isName(value) ? (key, value) : nil
    }

    public func matches(_ labels: [String: String]) -> Bool {
        terms.allSatisfy { term in
            switch term {
            case .equals(let key, let value): labels[key] == value
            case .differs(let key, let value): labels[key] != value
            case .exists(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            }
        }
    }
}

extension Substring {
    fileprivate func range(of mark: String) -> Range<Substring.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(mark) { return start..<index(start, offsetBy: mark.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// What labels may be.
public enum LabelRule {
    /// More labels than this on one machine are refused.
    public static let countMaximum = 32

    /// 1 to 63 bytes of `[A-Za-z0-9._/-]`: for keys and values alike.
    public static func isName(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F: true
                default: false
                }
            }
    }
}

extension LabelQuery: Codable, CustomStringConvertible {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = LabelQuery(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "Labels are chosen like role=web,zone!=eu,gpu,!old.")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
}
