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

    /// A chunk that shrinks by less than this share is data that was compressed before: packing it would only cost time.
    private static let gainMin = 0.03

    func encode(_ bytes: [UInt8]) throws(CodecError) -> Encoded {
        switch format {
        case .one: try encodeForOldClients(bytes)
        case .two: try encodeForOwnClients(bytes)
        }
    }

    /// Old clients know plain and bzip2 data only.
    private func encodeForOldClients(_ bytes: [UInt8]) throws(CodecError) -> Encoded {
        let packed = try BZip2.compress(bytes)
        return packed.count < bytes.count ? Encoded(kind: .replaceBZ, blob: packed) : Encoded(kind: .replace, blob: bytes)
    }

    private func encodeForOwnClients(_ bytes: [UInt8]) throws(CodecError) -> Encoded {
        if bytes.allSatisfy({ $0 == 0 }) { return Encoded(kind: .zero, blob: []) }
        var packed = try XZ.compress(bytes, preset: 1, check: .crc32)
        guard Double(packed.count) < Double(bytes.count) * (1 - Self.gainMin) else {
            return Encoded(kind: .replace, blob: bytes)
        }
        if effort == .best {
            let smaller = try XZ.compress(bytes, preset: 6, check: .crc32)
            if smaller.count < packed.count { packed = smaller }
        }
        return Encoded(kind: .replaceXZ, blob: packed)
    }
}
