/// Finds files of the target that resemble other files of the target more than what they were: programs that were built
/// from the same sources, and are new as well.
///
/// Only large ones are looked at; small ones stand in one operation with what resembles them. The larger of two is told by
/// itself, and the smaller one refers to it.
struct WrittenContent<Unit: ComparableUnit> {
    /// A part of a file, and the blocks of the target that it refers to.
    struct Piece: Sendable {
        let unit: Unit
        let written: [BlockSpan]
    }

    /// What is left to be told by itself.
    private(set) var units: [Unit] = []
    /// What refers to blocks of ``units``, or of pieces before it.
    private(set) var pieces: [Piece] = []

    private let target: DeltaImage
    private let source: DeltaImage
    /// Where in the target a sample stands.
    private var places: [UInt64: Int] = [:]
    /// The blocks that may be referred to.
    private var isTold: [Bool]

    init(_ all: [Unit], target: DeltaImage, source: DeltaImage) throws(PayloadBuildError) {
        self.target = target
        self.source = source
        isTold = [Bool](repeating: false, count: target.blockCount)
        let large = all.indices.filter { all[$0].contentByteCount >= 1 << 20 }
            .sorted { (all[$1].contentByteCount, $0) < (all[$0].contentByteCount, $1) }
        var cut: Set<Int> = []
        for index in large {
            let samples = try all[index].samples(of: target)
            if isKnown(samples), try self.cut(all[index]) { cut.insert(index) }
            for sample in samples where places[sample.hash] == nil { places[sample.hash] = sample.block }
            for block in all[index].targetBlocks { isTold[block] = true }
        }
        units += all.indices.filter { !cut.contains($0) }.map { all[$0] }
    }

    /// - Returns: Whether parts of the unit refer to the target; otherwise it stays whole.
    private mutating func cut(_ unit: Unit) throws(PayloadBuildError) -> Bool {
        var (referring, rest): ([Piece], [Unit]) = ([], [])
        for piece in unit.pieces {
            let samples = try piece.samples(of: target)
            if try isLikeTarget(samples, piece) {
                referring.append(Piece(unit: piece.withoutSource, written: resembled(by: samples)))
            } else {
                rest.append(piece)
            }
        }
        guard !referring.isEmpty else { return false }
        pieces += referring
        units += rest
        return true
    }

    /// Whether enough of it stands elsewhere in the target to be worth while.
    private func isKnown(_ samples: [ContentSample]) -> Bool {
        samples.count { places[$0.hash] != nil } > samples.count / 16
    }

    /// Whether more of it stands there than in what it was.
    private func isLikeTarget(_ samples: [ContentSample], _ unit: Unit) throws(PayloadBuildError) -> Bool {
        guard isKnown(samples) else { return false }
        let old = Set(try unit.samples(ofSource: source).map(\.hash))
        return samples.count { places[$0.hash] != nil } > 2 * samples.count { old.contains($0.hash) }
    }

    /// The regions with the most samples of a piece.
    private func resembled(by samples: [ContentSample]) -> [BlockSpan] {
        var votes: [Int: Int] = [:]
        for sample in samples {
            if let block = places[sample.hash] { votes[block / Unit.regionBlockCount, default: 0] += 1 }
        }
        let best = votes.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
            .prefix(Unit.writtenBlocksMax / Unit.regionBlockCount)
        let blocks = best.map(\.key).sorted().flatMap { region in
            region * Unit.regionBlockCount..<min(target.blockCount, (region + 1) * Unit.regionBlockCount)
        }
        return [BlockSpan](blocks: blocks.lazy.filter { isTold[$0] })
    }
}
