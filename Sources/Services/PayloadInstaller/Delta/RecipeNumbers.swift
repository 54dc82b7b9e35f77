internal import BinaryDelta
internal import CompressionCodecs

/// The numbers of a recipe, which stand in an operation's blob before its patch: their size packed, then a zstd frame of
/// varints.
struct RecipeNumbers {
    /// More are not read.
    static let byteCountMax = 1 << 20

    private var reader: VarintReader

    private init(_ bytes: ArraySlice<UInt8>) { reader = VarintReader(bytes) }

    var rest: ArraySlice<UInt8> { reader.rest }

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
    mutating func next() -> UInt64? { try? reader.number() }

    /// - Returns: `nil` also for a larger number.
    mutating func next(atMost limit: Int) -> Int? {
        guard let number = next(), number <= UInt64(limit) else { return nil }
        return Int(number)
    }

    mutating func take(_ count: Int) -> [UInt8]? {
        (try? reader.take(UInt64(count))).map(Array.init)
    }
}
