/// Writes a document as bytes, safe for every text.
///
/// What XML 1.0 does not allow at all (most control characters, U+FFFE, U+FFFF) is left out; characters that a reader
/// would take for markup or fold into spaces become references.
///
/// Source: XML 1.0 (fifth edition), clauses 2.2, 2.4 and 3.3.3.
struct XMLWriter {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(1024)
        raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    }

    /// Opens an element. Attributes whose value is `nil` are left out.
    mutating func start(_ name: StaticString, _ attributes: [(StaticString, String?)] = [], closing: StaticString = ">")
    {
        raw("<")
        raw(name)
        for (name, value) in attributes {
            guard let value else { continue }
            raw(" ")
            raw(name)
            raw("=\"")
            escaped(value)
            raw("\"")
        }
        raw(closing)
    }

    mutating func end(_ name: StaticString) {
        raw("</")
        raw(name)
        raw(">")
    }

    /// An element with nothing inside, in the long form that all servers and clients of this protocol write.
    mutating func empty(_ name: StaticString, _ attributes: [(StaticString, String?)] = []) {
        start(name, attributes)
        end(name)
    }

    mutating func newline() { raw("\n") }

    /// Four spaces for each level.
    mutating func indent(_ level: Int) {
        for _ in 0..<level { raw("    ") }
    }

    /// Text inside an element or an attribute.
    mutating func escaped(_ text: String) {
        if text.utf8.allSatisfy(Self.isPlain) {
            bytes.append(contentsOf: text.utf8)
        } else {
            for scalar in text.unicodeScalars { escaped(scalar) }
        }
    }

    private mutating func escaped(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "&": raw("&amp;")
        case "<": raw("&lt;")
        case ">": raw("&gt;")
        case "\"": raw("&quot;")
        case "'": raw("&apos;")
        case "\t", "\n", "\r", "\u{7F}"..."\u{9F}":
            bytes.append(contentsOf: "&#\(scalar.value);".utf8)
        case "\0"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
            break  // Not allowed in any form, not even as a reference.
        default:
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.EncodedScalar())
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): false
        default: (0x20...0x7E).contains(byte)
        }
    }

    private mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }
}
