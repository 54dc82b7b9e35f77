internal import CompressionCodecs

/// A patch in Martlet's own form: the method of bsdiff, with better codings and the old data at hand for all of it.
///
/// Numbers are varints: seven bits a byte, the lowest first, the highest bit set where more follow.
/// ```text
/// 4 bytes   ASCII "MDP1"
/// number    the size of the new data
/// five parts, each:
///   number    0 as it is · 1 zstd · from 2 on LZMA2 behind a ``PatchFilter``
///   number    (from 2 on) the dictionary's size
///   number    (from 2 on) the start of the known bytes, a place in the old data
///   number    (from 2 on) how many they are
///   number    the size of the part's data
/// the data of the parts
/// ```
/// The parts are: how many bytes each instruction adds; how many it copies; how far it then seeks, as a number whose lowest
/// bit is its sign (each of these three: eight bytes, the lowest first, that tell how many bytes of numbers follow); the
/// bytes that are added to old bytes; the bytes that are copied. Known bytes stand before a part's content as if they had
/// been unpacked already; behind a filter they were filtered as well, from their place in the old data on.
public struct StreamedPatch: Sendable {
    /// In bytes.
    public let newSize: UInt64
    let parts: [Part]

    struct Part: Sendable {
        var coding: Coding
        var data: ArraySlice<UInt8>
    }

    /// How a part is packed.
    enum Coding: Sendable, Hashable {
        case plain
        case zstd
        case lzma(PatchFilter, dictionaryByteCount: UInt64, knownStart: UInt64, knownByteCount: UInt64)
    }

    static let opening = Array("MDP1".utf8)
    static let partCount = 5
    /// What a part's dictionary may take, in bytes. What is new takes all of it, with the known bytes once more beside it while they
    /// are read; differences are made with a third (``PatchLZMA/dictionaryByteCount(for:)``): patching takes 36 MiB at the most.
    static let dictionaryByteCountMax: UInt64 = 24 << 20
    /// How much of the old data a part may know, in bytes.
    public static let knownByteCountMax = 12 << 20

    /// Checks the structure; the parts are unpacked by ``apply(oldSize:readOld:write:)``.
    /// - Parameter newSizeLimit: In bytes; a patch that makes more is refused.
    public init(_ patch: ArraySlice<UInt8>, newSizeLimit: UInt64) throws(BinaryDeltaError) {
        guard patch.starts(with: Self.opening) else { throw .notAPatch }
        var reader = VarintReader(patch.dropFirst(Self.opening.count))
        let size = try reader.number()
        guard size <= newSizeLimit else { throw .outputTooLarge(size: size, limit: newSizeLimit) }
        var codings: [(Coding, UInt64)] = []
        for _ in 0..<Self.partCount { codings.append((try Self.coding(&reader), try reader.number())) }
        var parts: [Part] = []
        for (coding, byteCount) in codings { parts.append(Part(coding: coding, data: try reader.take(byteCount))) }
        guard reader.rest.isEmpty else { throw .damagedHeader }
        self.newSize = size
        self.parts = parts
    }

    /// What its parts take together while they are unpacked, in bytes: dictionaries, windows, and the bytes they know.
    public var unpackingByteCount: UInt64 {
        parts.reduce(0) { sum, part in
            switch part.coding {
            case .plain: sum
            case .zstd: sum + min(Self.windowByteCount(of: part.data), Self.dictionaryByteCountMax)
            case .lzma(_, let dictionary, _, let known): sum + dictionary + known
            }
        }
    }

    /// 0 for what is no frame: unpacking it will say so.
    private static func windowByteCount(of frame: ArraySlice<UInt8>) -> UInt64 {
        guard let opening = try? ZstandardFrame(opening: frame) else { return 0 }
        return min(opening.windowByteCount, opening.contentByteCount ?? .max)
    }

    private static func coding(_ reader: inout VarintReader) throws(BinaryDeltaError) -> Coding {
        let number = try reader.number()
        switch number {
        case 0: return .plain
        case 1: return .zstd
        default:
            guard let filter = PatchFilter(rawValue: number) else {
                throw .unsupportedCompressor(identifier: UInt8(truncatingIfNeeded: number))
            }
            let dictionary = try reader.number()
            let (start, count) = (try reader.number(), try reader.number())
            guard dictionary <= dictionaryByteCountMax, count <= UInt64(knownByteCountMax), start <= UInt64(Int64.max)
            else { throw .damagedHeader }
            return .lzma(filter, dictionaryByteCount: dictionary, knownStart: start, knownByteCount: count)
        }
    }
}
