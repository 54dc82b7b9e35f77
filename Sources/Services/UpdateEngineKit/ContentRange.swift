/// The numbers of a `Content-Range: bytes FIRST-LAST/TOTAL` header.
///
/// Source: RFC 9110, section 14.4.
package struct ContentRange: Hashable, Sendable {
    package let first: UInt64
    package let last: UInt64
    /// `nil` when the server does not know.
    package let total: UInt64?

    package init?(_ text: String?) {
        guard let text, text.lowercased().hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let bounds = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = UInt64(bounds[0]), let last = UInt64(bounds[1]), first <= last else {
            return nil
        }
        guard halves[1] == "*" || UInt64(halves[1]) != nil else { return nil }
        self.first = first
        self.last = last
        self.total = UInt64(halves[1])
    }
}
