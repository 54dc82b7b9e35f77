internal import CompressionCodecs
internal import PayloadFormat

/// Finds the shortest operation that makes some bytes.
struct ChunkEncoder: Sendable {
    /// A kind of operation and its blob.
    struct Encoded: Sendable {
        let kind: OperationKind
        let blob: [UInt8]
    }

    let format: FormatVersion
    let effort: PayloadBuilder.Effort

    /// Old clients know plain and bzip2 data only, so format 1 keeps to these.
    func encode(_ bytes: [UInt8]) throws(CodecError) -> Encoded {
        if format == .two, bytes.allSatisfy({ $0 == 0 }) { return Encoded(kind: .zero, blob: []) }
        var best = Encoded(kind: .replace, blob: bytes)
        if format == .two {
            let packed = try XZ.compress(bytes, preset: effort == .fast ? 1 : 6, check: .crc32)
            if packed.count < best.blob.count { best = Encoded(kind: .replaceXZ, blob: packed) }
        }
        if format == .one || effort == .best {
            let packed = try BZip2.compress(bytes)
            if packed.count < best.blob.count { best = Encoded(kind: .replaceBZ, blob: packed) }
        }
        return best
    }
}
