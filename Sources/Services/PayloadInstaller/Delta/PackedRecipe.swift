internal import BinaryDelta
internal import CompressionCodecs
internal import FileSystemMaps

/// What an operation of kind `packedPatch` knows beside its patch: how the blocks of the source unpack, and how what the
/// patch makes is packed into blocks again.
///
/// Its blob is: a number of bytes as a varint, the recipe as a zstd frame of so many bytes, the patch. The recipe is a list of
/// varints:
/// ```text
/// number   the version of liblz4 whose encoder made the blocks
/// number   the encoder's level
/// number   how many blocks of the source; for each, in the order of the source extents:
///   number   the bytes that it holds, times two; and one if they are not packed
/// number   how many runs; for each, a stretch of a file:
///   number   how many pieces; for each:
///     number   its bytes, times four; and 0 packed, 1 a block not packed, 2 not written: it only follows others
/// ```
/// Blocks go to the target extents in order. What the encoder sees beyond a piece ends with its run.
struct PackedRecipe: Equatable {
    enum Form: UInt64 {
        case packed = 0
        case plain = 1
        case unwritten = 2
    }

    struct Piece: Equatable {
        var byteCount: Int
        var form: Form
    }

    var encoder: PackedBlock.Encoder
    var source: [Piece]
    var runs: [[Piece]]

    /// Both sides are in memory.
    static let unpackedBytesMax = 8 << 20
    private static let piecesMax = 65_536

    init(encoder: PackedBlock.Encoder, source: [Piece], runs: [[Piece]]) {
        self.encoder = encoder
        self.source = source
        self.runs = runs
    }

    var sourceByteCount: Int { source.reduce(0) { $0 + $1.byteCount } }
    var targetByteCount: Int { runs.joined().reduce(0) { $0 + $1.byteCount } }
    var blockCount: Int { runs.joined().count { $0.form != .unwritten } }

    /// The blob's beginning, before the patch.
    func encoded() throws(CodecError) -> [UInt8] {
        var numbers: [UInt8] = []
        numbers.appendVarint(encoder.libraryVersion)
        numbers.appendVarint(UInt64(encoder.level))
        numbers.appendVarint(UInt64(source.count))
        for piece in source { numbers.appendVarint(UInt64(piece.byteCount) << 1 | piece.form.rawValue) }
        numbers.appendVarint(UInt64(runs.count))
        for run in runs {
            numbers.appendVarint(UInt64(run.count))
            for piece in run { numbers.appendVarint(UInt64(piece.byteCount) << 2 | piece.form.rawValue) }
        }
        let packed = try Zstandard.compress(numbers)
        var bytes: [UInt8] = []
        bytes.appendVarint(UInt64(packed.count))
        return bytes + packed
    }

    /// Splits a blob.
    /// - Returns: The recipe, within its bounds, and the patch; `nil` for what is neither.
    static func decode(_ blob: [UInt8]) -> (recipe: PackedRecipe, patch: ArraySlice<UInt8>)? {
        var opening = NumberList(blob[...])
        guard let size = opening.next(), let count = Int(exactly: size), count <= opening.rest.count,
            let list = try? Zstandard.decompress(opening.rest.prefix(count), outputLimit: 1 << 20)
        else { return nil }
        var numbers = NumberList(list[...])
        guard let version = numbers.next(), let level = numbers.next(),
            let encoder = PackedBlock.Encoder(libraryVersion: version, level: Int(clamping: level)),
            let source = numbers.pieces(shift: 1), let runCount = numbers.next(), runCount <= UInt64(piecesMax)
        else { return nil }
        var recipe = PackedRecipe(encoder: encoder, source: source, runs: [])
        var total = 0
        for _ in 0..<runCount {
            guard let run = numbers.pieces(shift: 2) else { return nil }
            total += run.count
            guard total <= piecesMax else { return nil }
            recipe.runs.append(run)
        }
        guard numbers.rest.isEmpty, recipe.sourceByteCount <= 2 * unpackedBytesMax,
            recipe.targetByteCount <= 2 * unpackedBytesMax
        else { return nil }
        return (recipe, opening.rest.dropFirst(count))
    }

    /// Reads varints until one makes no sense.
    private struct NumberList {
        private(set) var rest: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        mutating func next() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 63, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }

        mutating func pieces(shift: UInt64) -> [Piece]? {
            guard let count = next(), count <= UInt64(piecesMax) else { return nil }
            var pieces: [Piece] = []
            for _ in 0..<count {
                guard let number = next(), let form = Form(rawValue: number & (1 << shift - 1)),
                    number >> shift <= UInt64(2 * unpackedBytesMax)
                else { return nil }
                let byteCount = Int(number >> shift)
                guard byteCount > 0, form != .plain || byteCount <= PackedBlock.byteCount else { return nil }
                pieces.append(Piece(byteCount: byteCount, form: form))
            }
            return pieces
        }
    }
}

extension [UInt8] {
    /// Seven bits a byte, the lowest first, the highest bit set where more follow.
    fileprivate mutating func appendVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
