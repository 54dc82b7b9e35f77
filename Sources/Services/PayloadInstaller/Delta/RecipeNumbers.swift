internal import CompressionCodecs

/// The numbers of a recipe, which stand in an operation's blob before its patch: their size packed, then a zstd frame of
/// varints.
struct RecipeNumbers {
    /// More are not read.
    static let byteCountMax = 1 << 20

    private(set) var rest: ArraySlice<UInt8>

    private init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The beginning of a blob.
    static func blob(_ numbers: [UInt8]) throws(CodecError) -> [UInt8] {
        let packed = try Zstandard.compress(numbers)
        var bytes: [UInt8] = []
        bytes.appendVarint(UInt64(packed.count))
        return bytes + packed
    }

    /// Splits a blob.
    /// - Returns: `nil` where its beginning is not of this form.
    static func split(_ blob: [UInt8]) -> (numbers: RecipeNumbers, patch: ArraySlice<UInt8>)? {
        var opening = RecipeNumbers(blob[...])
        guard let count = opening.next(atMost: opening.rest.count),
            let list = try? Zstandard.decompress(opening.rest.prefix(count), outputLimit: UInt64(byteCountMax))
        else { return nil }
        return (RecipeNumbers(list[...]), opening.rest.dropFirst(count))
    }

    /// - Returns: `nil` where nothing is left that makes sense.
    mutating func next() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    /// - Returns: `nil` also for a larger number.
    mutating func next(atMost limit: Int) -> Int? {
        guard let number = next(), number <= UInt64(limit) else { return nil }
        return Int(number)
    }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

extension [UInt8] {
    /// Seven bits a byte, the lowest first, the highest bit set where more follow.
    mutating func appendVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
