internal import FileSystemMaps

/// What a delta does to each block of its target. A plan touches no device.
struct DeltaPlan {
    enum Step: Sendable {
        /// Blocks that stand in the source as they are; both have the same number.
        case copy(target: [BlockSpan], source: [BlockSpan])
        case zero([BlockSpan])
        case patch(DeltaGroup)
        case packed([PackedUnit], PackedBlock.Encoder)
        case gzip(GzipGroup)

        /// Of all that it makes, the first: files do not come in the order of their blocks.
        var firstTargetBlock: Int {
            switch self {
            case .copy(let target, _), .zero(let target): target.first?.start ?? 0
            case .patch, .packed: comparedBlocks.min() ?? 0
            case .gzip(let group): group.target.blocks.min() ?? 0
            }
        }
    }

    let target: DeltaImage
    let source: DeltaImage
    /// Of the target and of the source.
    let gzip: (target: GzipFiles, source: GzipFiles)
    /// Finds for files of the target what they were.
    let pairing: FilePairing
    private let similar: SimilarContent?
    private let isInPlace: Bool
    private var matches: BlockMatches
    private(set) var isOwned: [Bool]

    /// - Parameters:
    ///   - similar: Finds content that has no counterpart by name.
    ///   - gzip: Files to be unpacked.
    ///   - isInPlace: The target is a copy of the source when the delta is applied.
    init(
        target: DeltaImage, targetDigests: BlockDigests, source: DeltaImage, sourceDigests: BlockDigests,
        similar: SimilarContent?, gzip: (target: GzipFiles, source: GzipFiles) = (.none, .none), isInPlace: Bool = false
    ) {
        self.target = target
        self.source = source
        self.similar = similar
        self.gzip = gzip
        self.isInPlace = isInPlace
        pairing = FilePairing(source.map?.files ?? [])
        matches = BlockMatches(
            target: targetDigests, source: sourceDigests,
            hints: Self.hints(target: target, source: source, pairing: pairing), isInPlace: isInPlace)
        isOwned = [Bool](repeating: false, count: target.blockCount)
    }

    /// Leaves blocks to an operation of their own.
    mutating func leaveOut(_ span: BlockSpan) { own(Array(span.start..<span.end)) }

    /// Says that an operation makes these blocks.
    mutating func own(_ blocks: [Int]) {
        matches.take([BlockSpan](blocks: blocks))
        for block in blocks { isOwned[block] = true }
    }

    func isNew(_ block: Int) -> Bool { matches.origins[block] == .new }

    /// Steps in the order of their first block.
    /// - Parameter encoder: What made the target's compressed blocks, if that is known.
    mutating func steps(encoder: PackedBlock.Encoder?) throws(PayloadBuildError) -> [Step] {
        var steps = try gzipGroups().map { Step.gzip($0) }
        var referring: [ReferringStep] = []
        if let encoder {
            let told = try WrittenContent(packedUnits(), target: target, source: source)
            steps += PackedUnit.groups(of: told.units).map { .packed($0, encoder) }
            let clusters = packedClusters()
            for piece in told.pieces {
                let step = Step.packed([PackedUnit(piece, clusters: clusters)], encoder)
                referring.append(ReferringStep(step: step, target: piece.unit.targetBlocks, written: piece.written))
            }
        }
        var units = fileUnits()
        // In place, what others refer to may be overwritten.
        if !isInPlace {
            let told = try WrittenContent(units, target: target, source: source)
            units = told.units
            for piece in told.pieces {
                let step = Step.patch(DeltaGroup(piece))
                referring.append(ReferringStep(step: step, target: piece.unit.targetBlocks, written: piece.written))
            }
        }
        units += looseUnits()
        steps += DeltaGroup.groups(of: units).map { .patch($0) }
        steps += copySteps() + zeroSteps()
        return ordered(steps, referring)
    }

    /// A step that reads blocks of the target.
    private struct ReferringStep {
        let step: Step
        let target: [Int]
        let written: [BlockSpan]
    }

    /// Steps by their first block, but none before what it refers to.
    /// - Parameter referring: Each refers to steps, and to those before it.
    private func ordered(_ steps: [Step], _ referring: [ReferringStep]) -> [Step] {
        var keyed = steps.map { (key: $0.firstTargetBlock, rank: 0, step: $0) }
        // The key of the step that makes a block.
        var keys = [Int](repeating: 0, count: referring.isEmpty ? 0 : target.blockCount)
        if !referring.isEmpty {
            for (key, _, step) in keyed { for block in step.comparedBlocks { keys[block] = key } }
        }
        for (rank, step) in referring.enumerated() {
            let key = step.written.reduce(step.step.firstTargetBlock) { max($0, keys[$1.start..<$1.end].max() ?? 0) }
            for block in step.target { keys[block] = key }
            keyed.append((key, rank + 1, step.step))
        }
        return keyed.sorted { ($0.key, $0.rank) < ($1.key, $1.rank) }.map(\.step)
    }

    private func packedClusters() -> [Int: CompressedCluster] {
        var clusters: [Int: CompressedCluster] = [:]
        for cluster in (target.map?.files ?? []).flatMap(\.clusters) { clusters[Int(cluster.block)] = cluster }
        return clusters
    }

    private static func hints(target: DeltaImage, source: DeltaImage, pairing: FilePairing) -> [Int32] {
        var hints = [Int32](repeating: -1, count: target.blockCount)
        guard let new = target.map?.files, let old = source.map?.files else { return hints }
        for file in new {
            guard let counterpart = pairing.counterpart(of: file) else { continue }
            let blocks = old[counterpart].spans(within: source.blockCount).flatMap { $0.start..<$0.end }
            let own = file.spans(within: target.blockCount).flatMap { $0.start..<$0.end }
            for (block, was) in zip(own, blocks) { hints[block] = Int32(was) }
        }
        return hints
    }

    // MARK: - Units

    /// A step that is part of a file takes along so many unchanged blocks between changed ones: naming a run of its own
    /// costs more than saying again that nothing changed.
    private static let gapMax = 16
    /// What is larger is cut. Making a patch takes some ten times as much memory.
    private static let unitBlocksMax = 8192
    private static let unitSourceBlocksMax = 12_288

    private mutating func fileUnits() -> [DeltaUnit] {
        guard let files = target.map?.files else { return [] }
        let old = source.map?.files ?? []
        var units: [DeltaUnit] = []
        for file in files where file.clusters.isEmpty {
            // A file may name a block twice.
            let blocks = file.spans(within: target.blockCount).flatMap { $0.start..<$0.end }.filter { block in
                defer { isOwned[block] = true }
                return !isOwned[block]
            }
            let chosen = changedBlocks(of: blocks)
            guard !chosen.isEmpty else { continue }
            let counterpart = pairing.counterpart(of: file).map { old[$0].spans(within: source.blockCount) }
            units += cut(chosen, source: counterpart ?? [])
        }
        return units
    }

    private mutating func packedUnits() -> [PackedUnit] {
        let old = source.map?.files ?? []
        var units: [PackedUnit] = []
        for file in target.map?.files ?? [] where !file.clusters.isEmpty {
            guard file.clusters.contains(where: { isNew($0) }),
                Set(file.clusters.map(\.block)).count == file.clusters.count
            else { continue }
            let counterpart = pairing.counterpart(of: file).map { old[$0].clusters } ?? []
            let found = PackedUnit.units(of: file.clusters, source: counterpart) { isNew($0) }
            own(found.flatMap(\.runs).flatMap(\.clusters).map { Int($0.block) })
            units += found
        }
        return units
    }

    private func isNew(_ cluster: CompressedCluster) -> Bool {
        cluster.block < UInt64(target.blockCount) && isNew(Int(cluster.block))
    }

    /// New blocks, and short stretches of others between them.
    private mutating func changedBlocks(of blocks: [Int]) -> [BlockSpan] {
        var spans: [BlockSpan] = []
        var gap: [Int] = []
        for block in blocks {
            if matches.origins[block] == .new {
                if !spans.isEmpty, gap.count <= Self.gapMax { for skipped in gap { spans.append(block: skipped) } }
                spans.append(block: block)
                gap = []
            } else {
                gap.append(block)
            }
        }
        matches.take(spans)
        return spans
    }

    /// Cuts what is too large for one operation; each piece gets the part of the source that stands at the same share.
    private func cut(_ spans: [BlockSpan], source: [BlockSpan]) -> [DeltaUnit] {
        let total = spans.blockCount
        var units: [DeltaUnit] = []
        var done = 0
        while done < total {
            let count = min(Self.unitBlocksMax, total - done)
            let center = (Double(done) + Double(count) / 2) / Double(total)
            let piece = spans.dropping(done).window(of: count, around: 0)
            let counterpart = source.window(of: Self.unitSourceBlocksMax, around: center)
            units.append(DeltaUnit(target: piece, source: counterpart.isEmpty ? resembling(piece) : counterpart))
            done += count
        }
        return units
    }

    private func resembling(_ spans: [BlockSpan]) -> [BlockSpan] {
        similar?.spans(resembling: spans, limit: DeltaGroup.sourceBlocksMax / 2) ?? []
    }

    private func resembling(_ spans: [BlockSpan], among blocks: BlockList) -> [BlockSpan] {
        similar?.spans(resembling: spans, among: blocks, limit: DeltaGroup.sourceBlocksMax / 2) ?? []
    }

    /// What no file owns: the file system's own blocks, or all of an image that holds none.
    private mutating func looseUnits() -> [DeltaUnit] {
        let own = (0..<target.blockCount).filter { !isOwned[$0] }
        let changed = own.filter { matches.origins[$0] == .new }
        guard !changed.isEmpty else { return [] }
        let old = looseBlocksOfSource()
        // Without a map all of the source is loose, and what stands together there belongs together.
        let oldBlocks = source.map == nil || target.map == nil ? nil : BlockList(old.flatMap { $0.start..<$0.end })
        var units: [DeltaUnit] = []
        var rank = 0
        for start in stride(from: 0, to: changed.count, by: Self.looseBlocksMax) {
            let piece = Array(changed[start..<min(changed.count, start + Self.looseBlocksMax)])
            while own[rank] < piece[piece.count / 2] { rank += 1 }
            let spans = [BlockSpan](blocks: piece)
            matches.take(spans)
            let beside = old.window(of: Self.looseBlocksMax * 3 / 2, around: Double(rank) / Double(own.count))
            let elsewhere = oldBlocks.map { resembling(spans, among: $0) } ?? resembling(spans)
            units.append(DeltaUnit(target: spans, source: (beside + elsewhere).merged))
        }
        return units
    }

    private static let looseBlocksMax = 512

    private func looseBlocksOfSource() -> [BlockSpan] {
        guard target.map != nil, let files = source.map?.files else {
            return source.blockCount > 0 ? [BlockSpan(start: 0, count: source.blockCount)] : []
        }
        var isOwned = [Bool](repeating: false, count: source.blockCount)
        for file in files {
            for span in file.spans(within: source.blockCount) {
                for block in span.start..<span.end { isOwned[block] = true }
            }
            for cluster in file.clusters where cluster.block < UInt64(source.blockCount) {
                isOwned[Int(cluster.block)] = true
            }
        }
        return [BlockSpan](blocks: (0..<source.blockCount).lazy.filter { !isOwned[$0] })
    }

    // MARK: - The rest

    private static let copiedBlocksMax = 16_384

    private func copySteps() -> [Step] {
        var steps: [Step] = []
        var (target, source): ([BlockSpan], [BlockSpan]) = ([], [])
        var count = 0
        for (block, origin) in matches.origins.enumerated() {
            guard case .source(let was) = origin else { continue }
            target.append(block: block)
            source.append(block: was)
            count += 1
            if count == Self.copiedBlocksMax {
                steps.append(.copy(target: target, source: source))
                (target, source, count) = ([], [], 0)
            }
        }
        if count > 0 { steps.append(.copy(target: target, source: source)) }
        return steps
    }

    private func zeroSteps() -> [Step] {
        let spans = [BlockSpan](blocks: matches.origins.indices.lazy.filter { matches.origins[$0] == .zero })
        return spans.isEmpty ? [] : [.zero(spans)]
    }
}

extension [BlockSpan] {
    /// Without the first `count` blocks.
    func dropping(_ count: Int) -> [BlockSpan] {
        var left = count
        return compactMap { span in
            let dropped = Swift.min(left, span.count)
            left -= dropped
            return dropped < span.count ? BlockSpan(start: span.start + dropped, count: span.count - dropped) : nil
        }
    }

    /// Each block once, in order.
    var merged: [BlockSpan] {
        var merged: [BlockSpan] = []
        for span in sorted(by: { $0.start < $1.start }) {
            if let last = merged.last, span.start <= last.end {
                merged[merged.count - 1].count = Swift.max(last.end, span.end) - last.start
            } else {
                merged.append(span)
            }
        }
        return merged
    }
}
