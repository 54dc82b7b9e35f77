/// Finds files of the target that resemble other files of the target more than what they were: programs that were built
/// from the same sources, and are new as well.
///
/// Only large ones are looked at; small ones stand in one operation with what resembles them. The larger of two is told by
/// itself, and the smaller one refers to it.
struct WrittenContent {
    /// A part of a file, and the blocks that it refers to.
    struct Piece: Sendable {
        let target: [BlockSpan]
        let written: [BlockSpan]
    }

    /// What is left to be told by itself.
    private(set) var units: [DeltaUnit] = []
    /// What refers to blocks of ``units``, or of pieces before it.
    private(set) var pieces: [Piece] = []

    private let target: DeltaImage
    private let source: DeltaImage
    /// Where in the target a sample stands.
    private var places: [UInt64: Int] = [:]
    /// The blocks that may be referred to.
    private var isTold: [Bool]

    private static let unitBlocksMin = 256
    private static let pieceBlocksMax = 1024
    private static let regionBlockCount = 32

    init(_ all: [DeltaUnit], target: DeltaImage, source: DeltaImage) throws(PayloadBuildError) {
        self.target = target
        self.source = source
        isTold = [Bool](repeating: false, count: target.blockCount)
        let large = all.indices.filter { all[$0].target.blockCount >= Self.unitBlocksMin }
            .sorted { (all[$1].target.blockCount, $0) < (all[$0].target.blockCount, $1) }
        var referring: Set<Int> = []
        for index in large {
            let samples = try target.samples(of: all[index].target)
            if try isLikeTarget(samples, all[index]) {
                referring.insert(index)
                try cut(all[index].target)
            }
            for sample in samples where places[sample.hash] == nil { places[sample.hash] = sample.block }
            for span in all[index].target {
                for block in span.start..<span.end { isTold[block] = true }
            }
        }
        units = all.indices.filter { !referring.contains($0) }.map { all[$0] }
    }

    /// Whether more of it stands elsewhere in the target than in what it was, and enough to be worth while.
    private func isLikeTarget(_ samples: [ContentSample], _ unit: DeltaUnit) throws(PayloadBuildError) -> Bool {
        let known = samples.count { places[$0.hash] != nil }
        guard known > samples.count / 16 else { return false }
        let old = Set(try source.samples(of: unit.source).map(\.hash))
        return known > 2 * samples.count { old.contains($0.hash) }
    }

    private mutating func cut(_ spans: [BlockSpan]) throws(PayloadBuildError) {
        for start in stride(from: 0, to: spans.blockCount, by: Self.pieceBlocksMax) {
            let piece = spans.dropping(start).window(of: Self.pieceBlocksMax, around: 0)
            pieces.append(Piece(target: piece, written: try resembled(by: piece)))
        }
    }

    /// The regions with the most samples of the piece.
    private func resembled(by piece: [BlockSpan]) throws(PayloadBuildError) -> [BlockSpan] {
        var votes: [Int: Int] = [:]
        for sample in try target.samples(of: piece) {
            if let block = places[sample.hash] { votes[block / Self.regionBlockCount, default: 0] += 1 }
        }
        let best = votes.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
            .prefix(DeltaGroup.sourceBlocksMax / Self.regionBlockCount)
        let blocks = best.map(\.key).sorted().flatMap { region in
            region * Self.regionBlockCount..<min(target.blockCount, (region + 1) * Self.regionBlockCount)
        }
        return [BlockSpan](blocks: blocks.lazy.filter { isTold[$0] })
    }
}

/// The hash of 64 bytes that chose themselves, and where they end.
private struct ContentSample {
    let hash: UInt64
    let block: Int
}

extension DeltaImage {
    fileprivate func samples(of spans: [BlockSpan]) throws(PayloadBuildError) -> [ContentSample] {
        var samples: [ContentSample] = []
        for span in spans {
            // Each by itself: what stands at a seam stands nowhere.
            var roller = ContentRoller()
            roller.forEachPlace(in: try bytes(of: [span])) { hash, offset in
                samples.append(ContentSample(hash: hash, block: span.start + offset / Int(Self.blockSize)))
            }
        }
        return samples
    }
}
