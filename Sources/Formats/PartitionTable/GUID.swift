/// Sixteen bytes that name a disk, a partition or a partition's type.
///
/// On disk the first three groups are little-endian and the last two are in the order of the text.
///
/// Source: UEFI Specification 2.10, appendix A.
public struct GUID: Hashable, Sendable {
    /// The bytes in the order of the text, as two big-endian words.
    private let high: UInt64
    private let low: UInt64

    /// All zero: the type of an unused entry.
    public static let zero = GUID(high: 0, low: 0)
    public static let byteCount = 16

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses `c12a7328-f81f-11d2-ba4b-00a0c93ec93b` in either case; `nil` for any other shape.
    public init?(_ text: some StringProtocol) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return nil }
        let digits = groups.joined()
        guard digits.utf8.allSatisfy(Self.isHexadecimalDigit),
            let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// Takes the sixteen bytes as they lie on disk; `nil` for any other count.
    public init?(diskBytes: some Collection<UInt8>) {
        guard diskBytes.count == Self.byteCount else { return nil }
        let ordered = Self.swapped(Array(diskBytes))
        self.init(high: Self.word(ordered[..<8]), low: Self.word(ordered[8...]))
    }

    /// A random GUID of version 4.
    public static func random(using generator: inout some RandomNumberGenerator) -> GUID {
        let high = UInt64.random(in: 0...UInt64.max, using: &generator)
        let low = UInt64.random(in: 0...UInt64.max, using: &generator)
        return GUID(high: high & ~0xF000 | 0x4000, low: low & ~(3 << 62) | 1 << 63)
    }

    /// The bytes as they lie on disk.
    public var diskBytes: [UInt8] {
        let shifts = stride(from: 56, through: 0, by: -8)
        return Self.swapped([high, low].flatMap { word in shifts.map { UInt8(truncatingIfNeeded: word >> $0) } })
    }

    private static func swapped(_ bytes: [UInt8]) -> [UInt8] {
        bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...]
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}

extension GUID: CustomStringConvertible {
    /// The text in lower case, as in a kernel's command line.
    public var description: String {
        let digits = Self.digits(high) + Self.digits(low)
        var groups: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            groups.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return groups.joined(separator: "-")
    }

    private static func digits(_ word: UInt64) -> String {
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

extension GUID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let identifier = GUID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "A GUID is written 8-4-4-4-12.")
        }
        self = identifier
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
