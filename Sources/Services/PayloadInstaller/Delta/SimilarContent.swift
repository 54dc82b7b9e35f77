/// Finds where in the source something stands that a piece of the target resembles, wherever it has moved to.
///
/// A rolling hash of 64 bytes chooses one place in about two thousand by its content alone, so the same content has the same
/// places in both images.
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
        var roller = Roller()
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
        var roller = Roller()
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

/// The rolling hash: every byte moves what came before it by one bit, so that after 64 bytes it is gone.
private struct Roller {
    private var state: UInt64 = 0
    private static let placeMask: UInt64 = 0x7FF

    /// The same random numbers always (SplitMix64).
    private static let gears: [UInt64] = (1...256).map { (index: UInt64) in
        var mixed = index &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func forEachPlace(in bytes: [UInt8], _ body: (_ hash: UInt64, _ offset: Int) -> Void) {
        var state = state
        unsafe Self.gears.withUnsafeBufferPointer { gears in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                for offset in 0..<bytes.count {
                    state = unsafe state << 1 &+ gears[Int(bytes[offset])]
                    // The upper bits have seen the most bytes.
                    if state >> 20 & Self.placeMask == 0 { body(state, offset) }
                }
            }
        }
        self.state = state
    }
}
