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
        guard let bytes = try? target.bytes(of: spans) else { return [] }
        var votes: [Int: Int] = [:]
        var roller = ContentRoller()
        roller.forEachPlace(in: bytes) { hash, _ in
            let key = hash & 0xFFFF_FFFF_0000_0000
            var index = firstPlace(atLeast: key)
            let end = min(places.count, index + Self.placesMax)
            while index < end, places[index] & 0xFFFF_FFFF_0000_0000 == key {
                votes[Int(places[index] & 0xFFFF_FFFF) / Self.regionBlockCount, default: 0] += 1
                index += 1
            }
        }
        let best = votes.filter { $0.value >= Self.votesMin }
            .sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(limit / Self.regionBlockCount)
        return best.map { region, _ in
            let start = region * Self.regionBlockCount
            return BlockSpan(start: start, count: min(Self.regionBlockCount, sourceBlockCount - start))
        }.merged
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
