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
    fileprivate static let piecesMax = 65_536

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
        return try RecipeNumbers.blob(numbers)
    }

    /// Splits a blob.
    /// - Returns: The recipe, within its bounds, and the patch; `nil` for what is neither.
    static func decode(_ blob: [UInt8]) -> (recipe: PackedRecipe, patch: ArraySlice<UInt8>)? {
        guard let (opening, patch) = RecipeNumbers.split(blob) else { return nil }
        var numbers = opening
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
        return (recipe, patch)
    }
}

extension RecipeNumbers {
    fileprivate mutating func pieces(shift: UInt64) -> [PackedRecipe.Piece]? {
        guard let count = next(), count <= UInt64(PackedRecipe.piecesMax) else { return nil }
        var pieces: [PackedRecipe.Piece] = []
        for _ in 0..<count {
            guard let number = next(), let form = PackedRecipe.Form(rawValue: number & (1 << shift - 1)),
                number >> shift <= UInt64(2 * PackedRecipe.unpackedBytesMax)
            else { return nil }
            let byteCount = Int(number >> shift)
            guard byteCount > 0, form != .plain || byteCount <= PackedBlock.byteCount else { return nil }
            pieces.append(PackedRecipe.Piece(byteCount: byteCount, form: form))
        }
        return pieces
    }
}
