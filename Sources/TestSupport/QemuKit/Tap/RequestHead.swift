/// The head of an HTTP request, as far as one that passes it on has to understand it.
///
/// Source: RFC 9112, clauses 3 and 5; RFC 9110, clause 14.2, for `Range`.
package struct RequestHead: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    package let method: String
    package let path: String
    package let fields: [Field]

    /// Bytes of a head; more is refused.
    package static let byteCountMax = 16 << 10

    /// Reads the head at the start of `bytes`.
    /// - Returns: the head and its length with the empty line; `nil` while that has not come.
    package static func read(_ bytes: [UInt8]) -> (head: RequestHead, byteCount: Int)? {
        guard let end = HeadEnd.find(in: bytes) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self)
            .split(whereSeparator: \.isNewline).map(String.init)
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        let fields = lines.dropFirst().compactMap { line -> Field? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return Field(name: String(line[..<colon]), value: String(value))
        }
        return (RequestHead(method: String(words[0]), path: String(words[1]), fields: fields), end)
    }

    package func value(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Bytes of the body that follows.
    package var contentLength: Int { value("content-length").flatMap { Int($0) } ?? 0 }

    /// The first byte that is asked for, where the request begins in the middle; `nil` without one plain range.
    package var rangeStart: UInt64? {
        guard let range = value("range"), range.hasPrefix("bytes="), !range.contains(",") else { return nil }
        return range.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false).first
            .flatMap { UInt64($0) }
    }

    /// The same request, with a connection that ends behind its answer.
    package var closing: [UInt8] {
        let kept = fields.filter { !["connection", "keep-alive"].contains($0.name.lowercased()) }
        let lines = ["\(method) \(path) HTTP/1.1"] + kept.map { "\($0.name): \($0.value)" } + ["Connection: close"]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}

/// Where the head of an HTTP message ends.
enum HeadEnd {
    /// The place behind the empty line.
    static func find(in bytes: [UInt8]) -> Int? {
        var newlines = 0
        for (place, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\n"): newlines += 1
            case UInt8(ascii: "\r"): break
            default: newlines = 0
            }
            if newlines == 2 { return place + 1 }
        }
        return nil
    }
}
