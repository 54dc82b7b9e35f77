internal import FileSystemMaps

/// Packs content that comes in pieces of any size into blocks, as a recipe says.
struct BlockPacker {
    private let encoder: PackedBlock.Encoder
    /// Each piece, and how many bytes of its run follow it.
    private var pieces: ArraySlice<(piece: PackedRecipe.Piece, following: Int)>
    private var waiting: [UInt8] = []
    private var used = 0

    init(_ recipe: PackedRecipe) {
        encoder = recipe.encoder
        var pieces: [(piece: PackedRecipe.Piece, following: Int)] = []
        for run in recipe.runs {
            var following = run.reduce(0) { $0 + $1.byteCount }
            for piece in run {
                following -= piece.byteCount
                pieces.append((piece, following))
            }
        }
        self.pieces = pieces[...]
    }

    var isDone: Bool { pieces.isEmpty && used == waiting.count }

    /// - Parameter write: Given each block that is complete.
    /// - Returns: Whether everything could be packed as it was.
    mutating func append<Failure: Error>(
        _ bytes: ArraySlice<UInt8>, write: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        waiting += bytes
        while let (piece, following) = pieces.first {
            let needed = piece.byteCount + min(following, PackedBlock.lookaheadByteCount)
            guard waiting.count - used >= needed else { break }
            if piece.form != .unwritten {
                guard let block = Self.block(piece, waiting[used..<used + needed], encoder) else { return false }
                try write(block[...])
            }
            used += piece.byteCount
            pieces.removeFirst()
        }
        if used > 1 << 20 {
            waiting.removeFirst(used)
            used = 0
        }
        return true
    }

    /// - Parameter content: The piece, and what follows.
    static func block(
        _ piece: PackedRecipe.Piece, _ content: ArraySlice<UInt8>, _ encoder: PackedBlock.Encoder
    ) -> [UInt8]? {
        switch piece.form {
        case .packed: PackedBlock.pack(content, count: piece.byteCount, with: encoder)
        case .plain:
            content.prefix(piece.byteCount) + [UInt8](repeating: 0, count: PackedBlock.byteCount - piece.byteCount)
        case .unwritten: nil
        }
    }
}
