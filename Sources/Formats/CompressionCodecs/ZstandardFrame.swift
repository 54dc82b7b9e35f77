/// What the opening of a zstd frame says.
///
/// Source: RFC 8878, section 3.1.1.1.
public struct ZstandardFrame: Hashable, Sendable {
    /// How many bytes back the frame may refer within itself, and so how many of them a reader must keep.
    public let windowByteCount: UInt64
    /// How many bytes it holds; `nil` where its writer did not know.
    public let contentByteCount: UInt64?
    /// The number of the dictionary that it needs; 0: none that has a number.
    public let dictionaryNumber: UInt32

    /// No opening is longer.
    public static let openingByteCountMax = 18

    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// - Parameter bytes: The frame, or at least its first ``openingByteCountMax`` bytes.
    /// - Throws: ``CodecError/notRecognised(_:)``, ``CodecError/truncated(_:)``, ``CodecError/unsupported(_:)``.
    public init(opening bytes: ArraySlice<UInt8>) throws(CodecError) {
        guard Self.magic.starts(with: bytes.prefix(4)) else { throw .notRecognised(.zstd) }
        var rest = bytes.dropFirst(4)
        guard bytes.count > 4, let descriptor = rest.popFirst() else { throw .truncated(.zstd) }
        guard descriptor & 0b1000 == 0 else { throw .unsupported(.zstd) }
        let isSingleSegment = descriptor & 0b10_0000 != 0
        let window = isSingleSegment ? nil : try Self.number(1, of: &rest)
        dictionaryNumber = UInt32(try Self.number([0, 1, 2, 4][Int(descriptor & 0b11)], of: &rest))
        let sizeCode = Int(descriptor >> 6)
        let contentFieldSize = sizeCode == 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeCode
        let content = try Self.number(contentFieldSize, of: &rest)
        contentByteCount = contentFieldSize == 0 ? nil : contentFieldSize == 2 ? content + 256 : content
        if let window {
            let base = UInt64(1) << (10 + window >> 3)
            windowByteCount = base + base / 8 * (window & 7)
        } else {
            windowByteCount = contentByteCount ?? 0
        }
    }

    private static func number(_ byteCount: Int, of rest: inout ArraySlice<UInt8>) throws(CodecError) -> UInt64 {
        guard rest.count >= byteCount else { throw .truncated(.zstd) }
        defer { rest = rest.dropFirst(byteCount) }
        return rest.prefix(byteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
