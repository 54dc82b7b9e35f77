internal import ContentTrust
internal import PayloadFormat
internal import SlotDevice
internal import UpdateModel

/// How an image is cut into operations, and what each of them may refer back to.
///
/// A machine should need little memory, yet an image repeats itself over hundreds of MiB: libraries in two places, modules
/// that share their tables. So an operation of up to 1 MiB refers to the 2 MiB before it, which the machine still has in
/// memory, and to up to 2 MiB of whatever earlier places resemble it most, which the machine reads back from its slot.
struct ChunkPlan: Sendable {
    struct Chunk: Sendable, Hashable {
        /// In bytes of the image.
        let range: Range<UInt64>
        let isZero: Bool
        /// Whole blocks of earlier chunks that are not zeros, nearest last.
        var references: [Range<UInt64>] = []
    }

    let chunks: [Chunk]
    /// Of the image.
    let digest: SHA256Digest

    /// Reads the image once from end to end.
    init(
        of content: any BlockDevice, style: ChunkStyle, blockSize: UInt64
    ) throws(PayloadBuildError) {
        var digest = StreamDigest()
        var draft = style == .zstd ? ChunkDraft(sizeBytes: content.sizeBytes, style, blockSize: blockSize) : nil
        try content.forEachPiece(of: 0..<content.sizeBytes, failure: PayloadBuildError.device) {
            (piece, offset) throws(PayloadBuildError) in
            digest.update(piece)
            draft?.add(piece, at: offset)
        }
        self.chunks = draft?.finish() ?? Self.evenChunks(of: content.sizeBytes, chunkBytes: style.chunkBytes)
        self.digest = digest.finalized()
    }

    private static func evenChunks(of sizeBytes: UInt64, chunkBytes: UInt64) -> [Chunk] {
        stride(from: 0, to: sizeBytes, by: UInt64.Stride(chunkBytes)).map { start in
            Chunk(range: start..<min(start + chunkBytes, sizeBytes), isZero: false)
        }
    }
}
