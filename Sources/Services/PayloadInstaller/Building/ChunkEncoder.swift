internal import CompressionCodecs
internal import PayloadFormat
internal import SlotDevice

/// How a partition is cut into operations and packed.
enum ChunkStyle: Sendable {
    /// As Flatcar's own generator does it.
    case bzip2
    /// As Android's does it.
    case xz
    /// As ``ChunkPlan`` does it.
    case zstd

    /// The size of every chunk, or of the largest.
    var chunkBytes: UInt64 { self == .xz ? 2 << 20 : 1 << 20 }
}

/// Finds the shortest operation that makes some bytes.
struct ChunkEncoder: StepEncoder {
    /// A kind of operation and its blob.
    struct Encoded: EncodedOperation {
        let kind: OperationKind
        let blob: [UInt8]
        /// What it makes of the image, in bytes.
        let range: Range<UInt64>
    }

    let style: ChunkStyle
    let effort: PayloadBuilder.Effort
    let content: any BlockDevice

    /// A chunk that shrinks by less than this share is data that was compressed before: packing it would only cost time.
    private static let gainMin = 0.03

    /// Data that is not packed comes in pieces of this size, since a machine holds each in memory.
    private static let plainByteCount: UInt64 = 512 << 10

    /// What the libraries take at the greatest effort, with the bytes and what they refer to.
    func workingByteCount(of chunk: ChunkPlan.Chunk) -> Int {
        guard !chunk.isZero else { return 0 }
        switch style {
        case .bzip2: return 12 << 20
        case .xz: return 104 << 20
        case .zstd: return 144 << 20
        }
    }

    /// The operations that make the chunk, in order.
    func encode(_ chunk: ChunkPlan.Chunk) throws(PayloadBuildError) -> [Encoded] {
        if chunk.isZero { return [Encoded(kind: .zero, blob: [], range: chunk.range)] }
        let bytes = try read(chunk.range)
        let packed: (kind: OperationKind, blob: [UInt8])
        switch style {
        case .bzip2: packed = try attempt { () throws(CodecError) in try Self.encodeForOldClients(bytes) }
        case .xz: packed = try attempt { () throws(CodecError) in try encodeForForeignClients(bytes) }
        case .zstd: packed = try encodeForOwnClients(bytes, chunk.references)
        }
        if style == .zstd, packed.kind == .replace { return plainPieces(of: bytes, chunk.range) }
        return [Encoded(kind: packed.kind, blob: packed.blob, range: chunk.range)]
    }

    private func plainPieces(of bytes: [UInt8], _ range: Range<UInt64>) -> [Encoded] {
        stride(from: range.lowerBound, to: range.upperBound, by: UInt64.Stride(Self.plainByteCount)).map { start in
            let end = min(start + Self.plainByteCount, range.upperBound)
            let blob = bytes[Int(start - range.lowerBound)..<Int(end - range.lowerBound)]
            return Encoded(kind: .replace, blob: Array(blob), range: start..<end)
        }
    }

    /// Old clients know plain and bzip2 data only.
    static func encodeForOldClients(
        _ bytes: [UInt8]
    ) throws(CodecError) -> (kind: OperationKind, blob: [UInt8]) {
        let packed = try BZip2.compress(bytes)
        return packed.count < bytes.count ? (.replaceBZ, packed) : (.replace, bytes)
    }

    private func encodeForForeignClients(_ bytes: [UInt8]) throws(CodecError) -> (OperationKind, [UInt8]) {
        if bytes.allSatisfy({ $0 == 0 }) { return (.zero, []) }
        var packed = try XZ.compress(bytes, preset: 1, check: .crc32)
        guard isWorthIt(packed, instead: bytes) else { return (.replace, bytes) }
        if effort == .best {
            let smaller = try XZ.compress(bytes, preset: 6, check: .crc32)
            if smaller.count < packed.count { packed = smaller }
        }
        return (.replaceXZ, packed)
    }

    private func encodeForOwnClients(
        _ bytes: [UInt8], _ references: [Range<UInt64>]
    ) throws(PayloadBuildError) -> (OperationKind, [UInt8]) {
        var rest = references[...]
        let prefix = try ZstandardPrefix(byteCount: references.reduce(0) { $0 + $1.count }) {
            (_) throws(PayloadBuildError) in
            // As many pieces as references: their bytes are counted above.
            guard let range = rest.popFirst() else { preconditionFailure("There is a reference for each byte.") }
            return try read(range)[...]
        }
        var settings = ZstandardSettings(level: effort == .best ? 19 : 9)
        settings.windowLog = 23  // More than the largest prefix and chunk together.
        let packed = try attempt { () throws(CodecError) in
            try Zstandard.compress(bytes, settings: settings, prefix: prefix)
        }
        return isWorthIt(packed, instead: bytes) ? (.zstd, packed) : (.replace, bytes)
    }

    private func isWorthIt(_ packed: [UInt8], instead bytes: [UInt8]) -> Bool {
        Double(packed.count) < Double(bytes.count) * (1 - Self.gainMin)
    }

    private func read(_ range: Range<UInt64>) throws(PayloadBuildError) -> [UInt8] {
        try PayloadBuildError.attempt { () throws(DeviceError) in
            try content.read(at: range.lowerBound, count: range.count)
        }
    }

    private func attempt<Value>(_ body: () throws(CodecError) -> Value) throws(PayloadBuildError) -> Value {
        do throws(CodecError) { return try body() } catch { throw .compression(error) }
    }
}
