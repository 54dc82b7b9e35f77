internal import BinaryDelta
internal import CompressionCodecs
internal import ContentTrust
internal import PayloadFormat
internal import UpdateModel

/// Makes the operation of one step.
struct DeltaEncoder: StepEncoder {
    /// An operation without its place in the payload, and its blob.
    struct Encoded: EncodedOperation {
        var kind: OperationKind
        var blob: [UInt8] = []
        var sourceExtents: [BlockExtent] = []
        var targetExtents: [BlockExtent]
        var writtenExtents: [BlockExtent] = []
        var sourceDigest: SHA256Digest?
        var sourceLength: UInt64?
        var targetLength: UInt64?
    }

    let target: DeltaImage
    let source: DeltaImage
    let effort: PayloadBuilder.Effort

    func workingByteCount(of step: DeltaPlan.Step) -> Int {
        switch step {
        case .zero: 0
        case .copy: 2 * Self.pairBlocksMax * Int(DeltaImage.blockSize)
        case .patch(let group):
            StreamedPatchMaker.workingByteCount(
                old: (group.sourceBlocks + group.written.blockCount) * Int(DeltaImage.blockSize),
                new: group.targetBlocks * Int(DeltaImage.blockSize))
        case .packed(let units, _):
            StreamedPatchMaker.workingByteCount(
                old: units.reduce(0) { $0 + $1.sourceByteCount }, new: units.reduce(0) { $0 + $1.targetByteCount })
        case .gzip(let group):
            StreamedPatchMaker.workingByteCount(
                old: group.sourceContentByteCount + group.source.byteCount,
                new: group.contentByteCount + group.target.byteCount)
        }
    }

    /// The operations of a step: one, but for blocks to copy that turn out to differ.
    func encode(_ step: DeltaPlan.Step) throws(PayloadBuildError) -> [Encoded] {
        switch step {
        case .zero(let spans): [Encoded(kind: .zero, targetExtents: spans.extents)]
        case .copy(let target, let source): try copy(target: target, source: source)
        case .patch(let group): [try patch(group)]
        case .packed(let units, let encoder): try packed(units, with: encoder)
        case .gzip(let group): [try gzip(group)]
        }
    }

    // MARK: - Copies

    /// The plan knows only that hashes are equal; here every byte is compared.
    private func copy(target: [BlockSpan], source: [BlockSpan]) throws(PayloadBuildError) -> [Encoded] {
        var digest = StreamDigest()
        var (kept, from, differing): ([BlockSpan], [BlockSpan], [BlockSpan]) = ([], [], [])
        let size = Int(DeltaImage.blockSize)
        for pair in Self.pairs(target, source, blocksMax: Self.pairBlocksMax) {
            let (new, old) = try (self.target.bytes(of: [pair.target]), self.source.bytes(of: [pair.source]))
            if new == old {
                digest.update(old)
                kept.append(pair.target)
                from.append(pair.source)
                continue
            }
            for index in 0..<pair.target.count {
                let range = index * size..<(index + 1) * size
                if new[range] == old[range] {
                    digest.update(old[range])
                    kept.append(block: pair.target.start + index)
                    from.append(block: pair.source.start + index)
                } else {
                    differing.append(block: pair.target.start + index)
                }
            }
        }
        var operations: [Encoded] = []
        if !kept.isEmpty {
            operations.append(
                Encoded(
                    kind: .sourceCopy, sourceExtents: from.joined.extents, targetExtents: kept.joined.extents,
                    sourceDigest: digest.finalized()))
        }
        if !differing.isEmpty {
            var group = DeltaGroup()
            group.add(DeltaUnit(target: differing, source: []))
            operations.append(try patch(group))
        }
        return operations
    }

    /// Both lists cut where either is, and after so many blocks.
    static func pairs(
        _ target: [BlockSpan], _ source: [BlockSpan], blocksMax: Int
    ) -> [(target: BlockSpan, source: BlockSpan)] {
        var pairs: [(target: BlockSpan, source: BlockSpan)] = []
        var rest = source[...]
        for span in target {
            var new = span
            while new.count > 0, var old = rest.first {
                let count = min(new.count, old.count, blocksMax)
                pairs.append((BlockSpan(start: new.start, count: count), BlockSpan(start: old.start, count: count)))
                new = BlockSpan(start: new.start + count, count: new.count - count)
                old = BlockSpan(start: old.start + count, count: old.count - count)
                rest = old.count > 0 ? [old] + rest.dropFirst() : rest.dropFirst()
            }
        }
        return pairs
    }

    private static let pairBlocksMax = 256

    // MARK: - Patches

    private func patch(_ group: DeltaGroup) throws(PayloadBuildError) -> Encoded {
        // Units may share a counterpart, as the halves of a large file do; it is read once.
        var spans: [BlockSpan] = []
        var starts: [[BlockSpan]: Int] = [:]
        for unit in group.units where starts[unit.source] == nil {
            starts[unit.source] = spans.byteCount
            spans += unit.source
        }
        let sourceBytes = try source.bytes(of: spans)
        let old = sourceBytes + (try target.bytes(of: group.written))
        var maker = StreamedPatchMaker(effort: patchEffort)
        for unit in group.units {
            let bytes = try target.bytes(of: unit.target)
            let start = starts[unit.source] ?? 0
            // What refers to the target has no source of its own.
            let resembled = group.written.isEmpty ? old[start..<start + unit.source.byteCount] : old[...]
            try attempt { () throws(BinaryDeltaError) in
                if resembled.isEmpty {
                    maker.add(bytes[...])
                } else {
                    try maker.add(bytes[...], resembling: resembled, at: start)
                }
            }
        }
        return Encoded(
            kind: .sourcePatch, blob: try attempt { () throws(BinaryDeltaError) in try maker.patch(old: old[...]) },
            sourceExtents: spans.joined.extents, targetExtents: group.units.flatMap(\.target).joined.extents,
            writtenExtents: group.written.extents,
            sourceDigest: spans.isEmpty ? nil : StreamDigest.digest(of: sourceBytes))
    }

    var patchEffort: StreamedPatchMaker.Effort { effort == .best ? .best : .fast }

    func attempt<Value>(_ body: () throws(BinaryDeltaError) -> Value) throws(PayloadBuildError) -> Value {
        do throws(BinaryDeltaError) { return try body() } catch { throw .patch(error) }
    }
}

extension [BlockSpan] {
    /// The same blocks in the same order in as few runs as possible.
    var joined: [BlockSpan] {
        var joined: [BlockSpan] = []
        for span in self {
            if let last = joined.last, last.end == span.start {
                joined[joined.count - 1].count += span.count
            } else {
                joined.append(span)
            }
        }
        return joined
    }
}
