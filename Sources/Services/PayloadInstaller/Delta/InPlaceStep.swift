internal import FileSystemMaps

/// One step of a delta of format 1, which works on a copy of its source: it reads and writes the same partition.
struct InPlaceStep: Sendable {
    enum Work: Sendable {
        /// Takes blocks that stand elsewhere; both lists have as many.
        case move
        /// Patches what stands in `source`.
        case patch
        /// Says all of it anew, and reads nothing.
        case replace
    }

    private(set) var work: Work
    let target: [BlockSpan]
    /// What it reads, before any step has written there.
    private(set) var source: [BlockSpan]

    init(_ work: Work, target: [BlockSpan], source: [BlockSpan] = []) {
        self.work = work
        self.target = target
        self.source = source
    }

    /// Gives up reading, so that others need not wait.
    mutating func readNothing() {
        work = .replace
        source = []
    }

    /// Such clients hold what one operation moves or patches in memory, the old bytes and the new.
    private static let targetBlocksMax = 2048
    private static let sourceBlocksMax = 3072
    private static let movedBlocksMax = 256

    /// What the steps of a plan come to in place. Blocks that stay where they are need nothing.
    static func steps(
        of plan: [DeltaPlan.Step], from source: DeltaImage, to target: DeltaImage
    ) throws(PayloadBuildError) -> [InPlaceStep] {
        var steps: [InPlaceStep] = []
        for step in plan {
            switch step {
            case .copy(let new, let old): steps += try moves(to: new, from: old, source: source, target: target)
            case .zero(let spans):
                let changed = try spans.differing(from: source, in: target)
                if !changed.isEmpty { steps.append(InPlaceStep(.replace, target: changed)) }
            case .patch(let group): steps += group.units.flatMap(patches)
            case .packed(let units, _):
                // Known to our own format only, and not planned for this one.
                let blocks = units.flatMap(\.runs).flatMap(\.clusters).map { Int($0.block) }
                steps.append(InPlaceStep(.replace, target: [BlockSpan](blocks: blocks)))
            case .gzip(let group): steps.append(InPlaceStep(.replace, target: group.target.spans))
            }
        }
        return steps
    }

    /// A step for each run, so that few wait for one another.
    private static func moves(
        to new: [BlockSpan], from old: [BlockSpan], source: DeltaImage, target: DeltaImage
    ) throws(PayloadBuildError) -> [InPlaceStep] {
        var steps: [InPlaceStep] = []
        for pair in DeltaEncoder.pairs(new, old, blocksMax: movedBlocksMax) {
            if pair.target.start != pair.source.start {
                steps.append(InPlaceStep(.move, target: [pair.target], source: [pair.source]))
                continue
            }
            // Only their hashes are known to be equal.
            let changed = try [pair.target].differing(from: source, in: target)
            if !changed.isEmpty { steps.append(InPlaceStep(.replace, target: changed)) }
        }
        return steps
    }

    private static func patches(of unit: DeltaUnit) -> [InPlaceStep] {
        guard !unit.source.isEmpty else { return [InPlaceStep(.replace, target: unit.target)] }
        let total = unit.target.blockCount
        return stride(from: 0, to: total, by: targetBlocksMax).map { done in
            let count = min(targetBlocksMax, total - done)
            let center = (Double(done) + Double(count) / 2) / Double(total)
            return InPlaceStep(
                .patch, target: unit.target.dropping(done).window(of: count, around: 0),
                source: unit.source.window(of: sourceBlocksMax, around: center))
        }
    }
}

extension [BlockSpan] {
    /// Those of the blocks that do not stand in the same place of `source` as they do in `target`.
    func differing(from source: DeltaImage, in target: DeltaImage) throws(PayloadBuildError) -> [BlockSpan] {
        let size = Int(DeltaImage.blockSize)
        var differing: [BlockSpan] = []
        for span in self {
            let shared = BlockSpan(
                start: span.start, count: Swift.max(0, Swift.min(span.end, source.blockCount) - span.start))
            let new = try target.bytes(of: [shared])
            let old = try source.bytes(of: [shared])
            for index in 0..<shared.count
            where new[index * size..<(index + 1) * size] != old[index * size..<(index + 1) * size] {
                differing.append(block: span.start + index)
            }
            for block in shared.end..<Swift.max(shared.end, span.end) { differing.append(block: block) }
        }
        return differing
    }
}
