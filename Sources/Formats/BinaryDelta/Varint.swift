/// Reads numbers of seven bits a byte, the lowest first, the highest bit set where more follow.
package struct VarintReader {
    package private(set) var rest: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// - Throws: ``BinaryDeltaError/damagedHeader`` for a number that is cut short, or is above 2^63.
    package mutating func number() throws(BinaryDeltaError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = rest.popFirst() else { throw .damagedHeader }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damagedHeader
    }

    /// - Throws: ``BinaryDeltaError/damagedHeader`` where fewer bytes are left.
    package mutating func take(_ count: UInt64) throws(BinaryDeltaError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw .damagedHeader }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}

extension [UInt8] {
    /// As ``VarintReader`` reads it.
    package mutating func appendVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
