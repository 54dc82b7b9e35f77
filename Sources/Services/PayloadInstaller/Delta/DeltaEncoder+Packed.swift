internal import BinaryDelta
internal import CompressionCodecs
internal import ContentTrust
internal import FileSystemMaps
internal import PayloadFormat

extension DeltaEncoder {
    /// The operation of compressed files, and one more for blocks that cannot be made again bit for bit.
    func packed(_ units: [PackedUnit], with encoder: PackedBlock.Encoder) throws(PayloadBuildError) -> [Encoded] {
        var draft = PackedDraft(encoder: encoder, effort: patchEffort)
        for unit in units { try add(unit, to: &draft) }
        var operations: [Encoded] = []
        if draft.recipe.blockCount > 0 {
            let opening = try Self.codec { () throws(CodecError) in try draft.recipe.encoded() }
            let patch = try attempt { () throws(BinaryDeltaError) in try draft.maker.patch(old: draft.old[...]) }
            operations.append(
                Encoded(
                    kind: .packedPatch, blob: opening + patch, sourceExtents: draft.sourceBlocks.extents,
                    targetExtents: draft.targetBlocks.extents, writtenExtents: draft.writtenBlocks.extents,
                    sourceDigest: draft.sourceBlocks.isEmpty ? nil : draft.sourceDigest.finalized()))
        }
        if !draft.rest.isEmpty {
            var group = DeltaGroup()
            group.add(DeltaUnit(target: draft.rest, source: []))
            operations += try encode(.patch(group))
        }
        return operations
    }

    private func add(_ unit: PackedUnit, to draft: inout PackedDraft) throws(PayloadBuildError) {
        let start = try addSource(unit, to: &draft)
        var new: [UInt8] = []
        for run in unit.runs { new += try checked(run, &draft) }
        let resembled = draft.old[start.lowerBound..<start.upperBound]
        try attempt { () throws(BinaryDeltaError) in
            if resembled.isEmpty {
                draft.maker.add(new[...])
            } else {
                try draft.maker.add(new[...], resembling: resembled, at: start.lowerBound)
            }
        }
    }

    /// Unpacks what a unit resembles, once for all units that share it.
    private func addSource(_ unit: PackedUnit, to draft: inout PackedDraft) throws(PayloadBuildError) -> Range<Int> {
        let (clusters, image) = unit.written.isEmpty ? (unit.source, source) : (unit.written, target)
        if let known = draft.known[clusters] { return known }
        let start = draft.old.count
        for cluster in clusters {
            let block = try image.block(cluster.block)
            guard let content = DeltaImage.unpack(block[...], cluster.piece) else { continue }
            draft.old += content
            draft.recipe.source.append(cluster.piece)
            if unit.written.isEmpty {
                draft.sourceBlocks.append(block: Int(cluster.block))
                draft.sourceDigest.update(block)
            } else {
                draft.writtenBlocks.append(block: Int(cluster.block))
            }
        }
        draft.known[clusters] = start..<draft.old.count
        return start..<draft.old.count
    }

    /// The run's content. Every block is packed again and compared; one that differs is told as it is.
    private func checked(
        _ run: PackedUnit.Run, _ draft: inout PackedDraft
    ) throws(PayloadBuildError) -> [UInt8] {
        guard let own = try target.unpacked(run.clusters) else {
            for cluster in run.clusters { draft.rest.append(block: Int(cluster.block)) }
            return []
        }
        let following = (try target.unpacked(run.following) ?? []).prefix(PackedBlock.lookaheadByteCount)
        let content = own + following
        var pieces: [PackedRecipe.Piece] = []
        var offset = 0
        for cluster in run.clusters {
            var piece = cluster.piece
            let block = try target.block(cluster.block)
            if BlockPacker.block(piece, content[offset...], draft.recipe.encoder) == block {
                draft.targetBlocks.append(block: Int(cluster.block))
            } else {
                draft.rest.append(block: Int(cluster.block))
                piece.form = .unwritten
            }
            pieces.append(piece)
            offset += cluster.byteCount
        }
        if !following.isEmpty { pieces.append(PackedRecipe.Piece(byteCount: following.count, form: .unwritten)) }
        draft.recipe.runs.append(pieces)
        return content
    }

    private static func codec<Value>(_ body: () throws(CodecError) -> Value) throws(PayloadBuildError) -> Value {
        do throws(CodecError) { return try body() } catch { throw .compression(error) }
    }
}

/// An operation on compressed files while it is put together.
private struct PackedDraft {
    var recipe: PackedRecipe
    var maker: StreamedPatchMaker
    var old: [UInt8] = []
    var known: [[CompressedCluster]: Range<Int>] = [:]
    var sourceBlocks: [BlockSpan] = []
    var sourceDigest = StreamDigest()
    /// Units that refer to the target stand by themselves, so that these come behind no others.
    var writtenBlocks: [BlockSpan] = []
    var targetBlocks: [BlockSpan] = []
    /// Blocks that the encoder does not make again.
    var rest: [BlockSpan] = []

    init(encoder: PackedBlock.Encoder, effort: StreamedPatchMaker.Effort) {
        recipe = PackedRecipe(encoder: encoder, source: [], runs: [])
        maker = StreamedPatchMaker(effort: effort)
    }
}
