internal import FileSystemMaps
internal import PayloadFormat
package import SlotDevice

/// How large a delta would be, found out in a fraction of the time that making it takes.
///
/// A share of each step's files is packed in the quick way, and what that gives is scaled up. On the image pairs of
/// `scripts/image-pairs.sh` the estimate is within a quarter of the size that comes out; docs/benchmarks.md has the figures.
package struct DeltaEstimate: Hashable, Sendable {
    package let payloadBytes: UInt64
    /// What does not stand in the source as it is.
    package let changedBytes: UInt64

    /// How far the payload's real size may be from the estimate, as a share of it.
    package static let error = 0.25

    /// - Parameters:
    ///   - old, new: What a partition held, and will hold.
    package init(from old: any BlockDevice, to new: any BlockDevice) async throws(PayloadBuildError) {
        let (source, target) = (try DeltaImage(old), try DeltaImage(new))
        let steps = try DeltaBuilder.plan(from: source, to: target, leavingOut: nil)
        var tally = Tally()
        for step in steps { tally.count(step) }
        let encoder = SampleEncoder(encoder: DeltaEncoder(target: target, source: source, effort: .fast))
        try await EncodingPipeline(encoder).run(steps.compactMap(\.sample)) {
            (sample, operations) throws(PayloadBuildError) in
            tally.blobBytes += Double(operations.reduce(0) { $0 + $1.blob.count }) / sample.share
        }
        payloadBytes = tally.payloadBytes
        changedBytes = UInt64(tally.changedBlocks) * DeltaImage.blockSize
    }

    private struct Tally {
        var blobBytes = 0.0
        var changedBlocks = 0
        private var manifestBytes = 0

        /// What the thorough way makes of what the quick way gives; measured on the image pairs.
        private static let thoroughness = 0.82

        mutating func count(_ step: DeltaPlan.Step) {
            let spans: Int
            switch step {
            case .copy(let target, let source): spans = target.count + source.count
            case .zero(let zeros): spans = zeros.count
            case .patch(let group):
                spans = group.units.reduce(group.written.count) { $0 + $1.target.count + $1.source.count }
                changedBlocks += group.targetBlocks
            case .packed(let units, _):
                spans = units.reduce(0) { $0 + 2 * $1.runs.count + $1.written.count / 4 }
                changedBlocks += units.reduce(0) { $0 + $1.runs.reduce(0) { $0 + $1.clusters.count } }
            case .gzip(let group):
                spans = group.target.spans.count + group.source.spans.count
                changedBlocks += group.target.blocks.count
            }
            // An operation's digests, and an extent's two numbers.
            manifestBytes += 90 + 9 * spans
        }

        var payloadBytes: UInt64 { UInt64(blobBytes * Self.thoroughness) + UInt64(manifestBytes) }
    }
}

/// A part of what a step packs, and its share of the whole.
private struct DeltaSample {
    let step: DeltaPlan.Step
    let share: Double
}

private struct SampleEncoder: StepEncoder {
    let encoder: DeltaEncoder

    func workingByteCount(of sample: DeltaSample) -> Int { encoder.workingByteCount(of: sample.step) }

    func encode(_ sample: DeltaSample) throws(PayloadBuildError) -> [DeltaEncoder.Encoded] {
        try encoder.encode(sample.step)
    }
}

extension DeltaPlan.Step {
    /// One unit in so many is looked at.
    private static let sampleInterval = 4
    private static let sampleBlocksMin = 128

    /// `nil` for a step that packs nothing.
    fileprivate var sample: DeltaSample? {
        switch self {
        case .copy, .zero: return nil
        case .patch(let group):
            guard group.written.isEmpty else { return DeltaSample(step: self, share: 1) }
            var part = DeltaGroup()
            for unit in Self.some(of: group.units, size: { $0.target.blockCount }) { part.add(unit) }
            return DeltaSample(
                step: .patch(part), share: Double(part.targetBlocks) / Double(group.targetBlocks))
        case .packed(let units, let encoder):
            guard units.allSatisfy(\.written.isEmpty) else { return DeltaSample(step: self, share: 1) }
            let part = Self.some(of: units) { $0.targetByteCount / PackedBlock.byteCount }
            let whole = units.reduce(0) { $0 + $1.targetByteCount }
            return DeltaSample(
                step: .packed(part, encoder),
                share: Double(part.reduce(0) { $0 + $1.targetByteCount }) / Double(whole))
        case .gzip(let group):
            var part = GzipGroup()
            for unit in Self.some(of: group.units, size: { $0.target.blocks.count }) { part.add(unit) }
            // A file may hold nothing, but it stands in a block.
            return DeltaSample(step: .gzip(part), share: Double(part.newByteCount) / Double(group.newByteCount))
        }
    }

    /// Units spread over all of them, whose sizes make up about the share that is looked at.
    private static func some<Unit>(of units: [Unit], size: (Unit) -> Int) -> [Unit] {
        var owed = sampleBlocksMin
        return units.filter { unit in
            let count = size(unit)
            guard owed > 0 else {
                owed += count / (sampleInterval - 1)
                return false
            }
            owed -= count
            return true
        }
    }
}
