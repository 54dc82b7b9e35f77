/// Blocks, each once, and where their bytes stand when they are put one after the other.
struct BlockList: Sendable {
    private(set) var blocks: [Int] = []
    private var ranks: [Int: Int] = [:]

    init(_ blocks: some Sequence<Int> = []) {
        for block in blocks { append(block) }
    }

    mutating func append(_ block: Int) {
        guard ranks[block] == nil else { return }
        ranks[block] = blocks.count
        blocks.append(block)
    }

    /// How many blocks stand before it in the list; `nil` for one that is not there.
    func rank(of block: Int) -> Int? { ranks[block] }

    var byteCount: Int { blocks.count * Int(DeltaImage.blockSize) }
    var spans: [BlockSpan] { [BlockSpan](blocks: blocks) }

    /// Where bytes of the image that lie in these blocks stand in the list; neighbours together.
    func places(of ranges: [Range<UInt64>]) -> [Range<Int>] {
        let size = Int(DeltaImage.blockSize)
        var places: [Range<Int>] = []
        for range in ranges {
            var start = range.lowerBound
            while start < range.upperBound {
                let block = Int(start / DeltaImage.blockSize)
                let end = min(range.upperBound, UInt64(block + 1) * DeltaImage.blockSize)
                let place = (ranks[block] ?? 0) * size + Int(start % DeltaImage.blockSize)
                let count = Int(end - start)
                if let last = places.last, last.upperBound == place {
                    places[places.count - 1] = last.lowerBound..<place + count
                } else {
                    places.append(place..<place + count)
                }
                start = end
            }
        }
        return places
    }
}
