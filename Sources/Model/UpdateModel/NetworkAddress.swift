internal import Glibc

/// An address of IPv4 or IPv6. One of IPv4 in the clothes of IPv6 is the former.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16, most significant first.
    public let bytes: [UInt8]

    /// `nil` unless there are 4 or 16.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        // ::ffff:a.b.c.d
        let isMapped = bytes.count == 16 && bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    /// `192.0.2.1` or `2001:db8::1`, without brackets; `nil` for anything else.
    public init?(_ text: String) {
        let isFour = !text.contains(":")
        var bytes = [UInt8](repeating: 0, count: isFour ? 4 : 16)
        // The buffer has the size of the family's address.
        guard unsafe inet_pton(isFour ? AF_INET : AF_INET6, text, &bytes) == 1 else { return nil }
        self.init(bytes: bytes)
    }

    /// As people write it.
    public var description: String {
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}

/// The addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`.
public struct NetworkPrefix: Hashable, Sendable, CustomStringConvertible {
    public let address: NetworkAddress
    public let bitCount: Int

    /// `ADDRESS/BITS`, or one address; `nil` for anything else, and where bits stand after the prefix.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = NetworkAddress(String(parts[0])) else { return nil }
        let width = address.bytes.count * 8
        guard let bitCount = parts.count == 2 ? UInt8(parts[1]).map(Int.init) : width, bitCount <= width,
            parts.last?.first != "+"
        else { return nil }
        self.address = address
        self.bitCount = bitCount
        let hasRest = (bitCount..<width).contains { address.bytes[$0 / 8] & (0x80 >> UInt8($0 % 8)) != 0 }
        if hasRest { return nil }
    }

    public func contains(_ other: NetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = bitCount / 8
        guard other.bytes[..<whole] == address.bytes[..<whole] else { return false }
        let rest = bitCount % 8
        return rest == 0 || (other.bytes[whole] ^ address.bytes[whole]) >> UInt8(8 - rest) == 0
    }

    public var description: String { "\(address)/\(bitCount)" }
}

extension NetworkAddress {
    /// Whether the address is one of the public Internet: none of a private network, of this machine, of a link, of several
    /// machines at once, or for documents, and none that hides another.
    ///
    /// Source: IANA's registries of special-purpose addresses (RFC 6890), for IPv4 and IPv6.
    public var isPublic: Bool {
        if bytes.count == 4 { return !Self.specialFour.contains { $0.contains(self) } }
        return Self.global.contains { $0.contains(self) } && !Self.specialSix.contains { $0.contains(self) }
    }

    private static let specialFour = prefixes([
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    ])
    private static let global = prefixes(["2000::/3"])
    /// Among them 6to4 and Teredo, which hold addresses of IPv4.
    private static let specialSix = prefixes(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])

    private static func prefixes(_ texts: [String]) -> [NetworkPrefix] {
        texts.map { text in
            guard let prefix = NetworkPrefix(text) else { preconditionFailure("\(text) is a prefix") }
            return prefix
        }
    }
}
