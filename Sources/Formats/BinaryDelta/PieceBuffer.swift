/// Collects output that comes in bits of any size, and passes it on in whole pieces.
struct PieceBuffer {
    /// How much is still to come.
    private(set) var remainingByteCount: UInt64
    private var bytes: [UInt8] = []

    init(remainingByteCount: UInt64) {
        self.remainingByteCount = remainingByteCount
        bytes.reserveCapacity(Int(min(remainingByteCount, UInt64(BSDiffPatch.pieceByteCount))))
    }

    /// `addition` has at most as many bytes as a piece, and no more than remain.
    mutating func append(_ addition: [UInt8], _ write: (ArraySlice<UInt8>) throws -> Void) throws {
        remainingByteCount -= UInt64(addition.count)
        let room = BSDiffPatch.pieceByteCount - bytes.count
        bytes += addition.prefix(room)
        guard bytes.count == BSDiffPatch.pieceByteCount else { return }
        try flush(write)
        bytes += addition.dropFirst(room)
    }

    mutating func flush(_ write: (ArraySlice<UInt8>) throws -> Void) throws {
        guard !bytes.isEmpty else { return }
        try write(bytes[...])
        bytes.removeAll(keepingCapacity: true)
    }
}
