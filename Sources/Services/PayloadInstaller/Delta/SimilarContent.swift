/// Finds where in the source something stands that a piece of the target resembles, wherever it has moved to.
///
/// The same content has the same places of a ``ContentRoller`` in both images.
struct SimilarContent: Sendable {
    private let target: DeltaImage
    private let sourceBlockCount: Int
    /// Hash above, block of the source below; sorted.
    private let places: [UInt64]

    private static let regionBlockCount = 32
    /// More places than this with the same hash say nothing.
    private static let placesMax = 8
    private static let votesMin = 2

    init(source: DeltaImage, target: DeltaImage) throws(PayloadBuildError) {
        var places: [UInt64] = []
        var roller = ContentRoller()
        try source.forEachPiece { (first, bytes) throws(PayloadBuildError) in
            roller.forEachPlace(in: bytes) { hash, offset in
                places.append(hash & 0xFFFF_FFFF_0000_0000 | UInt64(first + offset / Int(DeltaImage.blockSize)))
            }
        }
        places.sort()
        self.places = places
        self.target = target
        self.sourceBlockCount = source.blockCount
    }

    /// The parts of the source that share the most with `spans`, at most `limit` blocks. A target that cannot be read here
    /// resembles nothing; reading it to pack it will tell.
    func spans(resembling spans: [BlockSpan], limit: Int) -> [BlockSpan] {
        var votes: [Int: Int] = [:]
        forEachBlock(resembling: spans) { votes[$0 / Self.regionBlockCount, default: 0] += 1 }
        let best = votes.filter { $0.value >= Self.votesMin }
            .sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(limit / Self.regionBlockCount)
        return best.map { region, _ in
            let start = region * Self.regionBlockCount
            return BlockSpan(start: start, count: min(Self.regionBlockCount, sourceBlockCount - start))
        }.merged
    }

    /// Of some blocks of the source those that share the most with `spans`, each with its neighbours, at most `limit`.
    ///
    /// For blocks that stand far apart, as those of inodes do, of which none tells anything about what stands between.
    /// - Parameter blocks: Of the source, ascending; neighbours are those in this list.
    func spans(resembling spans: [BlockSpan], among blocks: BlockList, limit: Int) -> [BlockSpan] {
        var votes: [Int: Int] = [:]
        forEachBlock(resembling: spans) { block in
            if let rank = blocks.rank(of: block) { votes[rank, default: 0] += 1 }
        }
        var chosen: Set<Int> = []
        for (rank, _) in votes.sorted(by: { ($0.value, $1.key) > ($1.value, $0.key) }) {
            let near = Set(max(0, rank - 1)...min(blocks.blocks.count - 1, rank + 1)).subtracting(chosen)
            guard chosen.count + near.count <= limit else { break }
            chosen.formUnion(near)
        }
        return [BlockSpan](blocks: chosen.sorted().lazy.map { blocks.blocks[$0] })
    }

    /// - Parameter body: Given a block of the source for each place in `spans` that stands there as well.
    private func forEachBlock(resembling spans: [BlockSpan], _ body: (Int) -> Void) {
        guard let bytes = try? target.bytes(of: spans) else { return }
        var roller = ContentRoller()
        roller.forEachPlace(in: bytes) { hash, _ in
            let key = hash & 0xFFFF_FFFF_0000_0000
            var index = firstPlace(atLeast: key)
            let end = min(places.count, index + Self.placesMax)
            while index < end, places[index] & 0xFFFF_FFFF_0000_0000 == key {
                body(Int(places[index] & 0xFFFF_FFFF))
                index += 1
            }
        }
    }

    private func firstPlace(atLeast key: UInt64) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] >= key { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
