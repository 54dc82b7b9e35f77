import FoundationEssentials

/// The hosts that are reached without a proxy: `no_proxy`.
///
/// Names, each with everything below it; addresses; networks such as `10.0.0.0/8`; or `*` alone for every host.
/// Commas and spaces separate them, a dot before a name says nothing.
///
/// Source: curl(1), `--noproxy`.
package struct ProxyExceptions: Hashable, Sendable {
    private let isEverything: Bool
    private let names: [String]

    package init(_ text: String) {
        let names = text.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
        self.isEverything = names == ["*"]
        self.names = names
    }

    /// - Parameter host: a name, or an address without brackets.
    package func contains(_ host: String) -> Bool {
        if isEverything { return true }
        if let address = NetworkBits(host) { return names.contains { Self.covers($0, address) } }
        let host = Self.bare(host.lowercased())
        return names.contains { name in
            let name = Self.bare(name)
            return !name.isEmpty && (host == name || host.hasSuffix(".\(name)"))
        }
    }

    /// Without the dot of a domain's beginning and that of its root.
    private static func bare(_ name: String) -> String {
        let name = name.hasPrefix(".") ? name.dropFirst() : name[...]
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    private static func covers(_ entry: String, _ address: NetworkBits) -> Bool {
        let parts = entry.split(separator: "/", omittingEmptySubsequences: false)
        let plain = parts[0].hasPrefix("[") ? parts[0].dropFirst().prefix { $0 != "]" } : parts[0]
        guard let network = NetworkBits(String(plain)), parts.count <= 2 else { return false }
        guard parts.count == 2 else { return network == address }
        guard let bits = Int(parts[1]), (0...network.bytes.count * 8).contains(bits) else { return false }
        return network.hasSame(bits: bits, as: address)
    }
}

/// An IP address as its 4 or 16 bytes.
private struct NetworkBits: Hashable {
    let bytes: [UInt8]

    init?(_ text: String) {
        guard let bytes = text.contains(":") ? Self.longBytes(text) : Self.shortBytes(text[...]) else { return nil }
        self.bytes = bytes
    }

    /// `192.0.2.1`
    private static func shortBytes(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.utf8.allSatisfy { (48...57).contains($0) } ? UInt8($0) : nil }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    /// `2001:db8::1`, `::ffff:192.0.2.1`: at most one `::` stands for the zeros that are missing.
    private static func longBytes(_ text: String) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let bytes = groups(text[...])
            return bytes?.count == 16 ? bytes : nil
        }
        let after = text[gap.upperBound...]
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(after), head.count + tail.count <= 14 else {
            return nil
        }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let short = shortBytes(part) else { return nil }
                bytes += short
            } else {
                guard (1...4).contains(part.utf8.count), !part.hasPrefix("+"), let word = UInt16(part, radix: 16) else {
                    return nil
                }
                bytes += [UInt8(word >> 8), UInt8(truncatingIfNeeded: word)]
            }
        }
        return bytes
    }

    func hasSame(bits: Int, as other: NetworkBits) -> Bool {
        guard bytes.count == other.bytes.count else { return false }
        return zip(bytes, other.bytes).enumerated().allSatisfy { index, pair in
            let left = min(max(bits - index * 8, 0), 8)
            return (pair.0 ^ pair.1) >> (8 - UInt8(left)) == 0 || left == 0
        }
    }
}
