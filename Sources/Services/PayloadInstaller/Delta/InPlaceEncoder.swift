internal import BinaryDelta
internal import CompressionCodecs
internal import PayloadFormat

/// Makes operations that stock clients of format 1 know: MOVE, BSDIFF, REPLACE and REPLACE_BZ.
struct InPlaceEncoder: StepEncoder {
    let target: DeltaImage
    let source: DeltaImage

    /// As Flatcar cuts its own.
    private static let replacedBlocksMax = 256

    func workingByteCount(of step: InPlaceStep) -> Int {
        let size = Int(DeltaImage.blockSize)
        return switch step.work {
        // The bytes once more while they are packed, and bzip2's own.
        case .replace: 12 << 20
        case .move: (step.source.blockCount + step.target.blockCount) * size
        case .patch:
            BSDiffPatch.workingByteCount(old: step.source.byteCount, new: step.target.byteCount)
        }
    }

    func encode(_ step: InPlaceStep) throws(PayloadBuildError) -> [DeltaEncoder.Encoded] {
        switch step.work {
        case .replace: try replace(step.target)
        case .move: try move(step)
        case .patch: try patch(step)
        }
    }

    private func replace(_ spans: [BlockSpan]) throws(PayloadBuildError) -> [DeltaEncoder.Encoded] {
        var made: [DeltaEncoder.Encoded] = []
        for start in stride(from: 0, to: spans.blockCount, by: Self.replacedBlocksMax) {
            let piece = spans.dropping(start).window(of: Self.replacedBlocksMax, around: 0)
            let bytes = try target.bytes(of: piece)
            let packed = try attempt { () throws(CodecError) in try ChunkEncoder.encodeForOldClients(bytes) }
            made.append(
                DeltaEncoder.Encoded(kind: packed.kind, blob: packed.blob, targetExtents: piece.joined.extents))
        }
        return made
    }

    /// The plan knows only that hashes are equal; here every byte is compared.
    private func move(_ step: InPlaceStep) throws(PayloadBuildError) -> [DeltaEncoder.Encoded] {
        guard try target.bytes(of: step.target) == source.bytes(of: step.source) else {
            return try replace(step.target)
        }
        return [
            DeltaEncoder.Encoded(
                kind: .move, sourceExtents: step.source.joined.extents, targetExtents: step.target.joined.extents)
        ]
    }

    private func patch(_ step: InPlaceStep) throws(PayloadBuildError) -> [DeltaEncoder.Encoded] {
        let (old, new) = (try source.bytes(of: step.source), try target.bytes(of: step.target))
        let blob: [UInt8]
        do throws(BinaryDeltaError) {
            blob = try BSDiffPatch.make(old: old[...], new: new[...])
        } catch {
            throw .patch(error)
        }
        let anew = try replace(step.target)
        guard blob.count < anew.reduce(0, { $0 + $1.blob.count }) else { return anew }
        return [
            DeltaEncoder.Encoded(
                kind: .bsdiff, blob: blob, sourceExtents: step.source.joined.extents,
                targetExtents: step.target.joined.extents, sourceLength: UInt64(old.count),
                targetLength: UInt64(new.count))
        ]
    }

    private func attempt<Value>(_ body: () throws(CodecError) -> Value) throws(PayloadBuildError) -> Value {
        do throws(CodecError) { return try body() } catch { throw .compression(error) }
    }
}
