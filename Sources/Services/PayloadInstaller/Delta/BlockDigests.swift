internal import PayloadFormat

/// A short hash of each block of an image. Equal hashes are a hint that is checked later, byte for byte.
struct BlockDigests: Sendable {
    /// Of a block of zeros.
    static let zero: UInt64 = 0

    let hashes: [UInt64]

    init(of image: DeltaImage) throws(PayloadBuildError) {
        var hashes: [UInt64] = []
        hashes.reserveCapacity(image.blockCount)
        let size = Int(DeltaImage.blockSize)
        try image.forEachPiece { (_, bytes) throws(PayloadBuildError) in
            unsafe bytes.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: size) {
                    unsafe hashes.append(Self.hash(UnsafeRawBufferPointer(rebasing: bytes[start..<start + size])))
                }
            }
        }
        self.hashes = hashes
    }

    /// Four lanes of multiply and add, mixed at the end.
    static func hash(_ block: UnsafeRawBufferPointer) -> UInt64 {
        var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
        var seen: UInt64 = 0
        for offset in stride(from: 0, to: block.count - 31, by: 32) {
            let one = unsafe block.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let two = unsafe block.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
            let three = unsafe block.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
            let four = unsafe block.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)
            seen |= one | two | three | four
            lanes.0 = turned(lanes.0 ^ one)
            lanes.1 = turned(lanes.1 ^ two)
            lanes.2 = turned(lanes.2 ^ three)
            lanes.3 = turned(lanes.3 ^ four)
        }
        guard seen != 0 else { return zero }
        let mixed = turned(turned(turned(lanes.0 ^ lanes.1 << 1) ^ lanes.2) ^ lanes.3)
        return max(1, mixed ^ mixed >> 29)
    }

    private static func turned(_ word: UInt64) -> UInt64 {
        let product = word &* 0x9FB2_1C65_1E98_DF25
        return product << 31 | product >> 33
    }
}

/// Where each block of the target comes from.
struct BlockMatches {
    enum Origin: Hashable {
        case new
        case zero
        /// The same bytes stand in this block of the source.
        case source(Int)
        /// An operation of its own makes it.
        case made
    }

    private(set) var origins: [Origin]

    /// - Parameter hints: For each block of the target, the block of the source that it came from if it has not changed;
    ///   negative for none.
    /// - Parameter isInPlace: Blocks that stay where they are cost nothing at all.
    init(target: BlockDigests, source: BlockDigests, hints: [Int32], isInPlace: Bool) {
        var places = [UInt64: Int32](minimumCapacity: source.hashes.count)
        for (block, hash) in source.hashes.enumerated() where places[hash] == nil { places[hash] = Int32(block) }
        var origins: [Origin] = []
        origins.reserveCapacity(target.hashes.count)
        var following = -1
        for (block, hash) in target.hashes.enumerated() {
            guard hash != BlockDigests.zero else {
                origins.append(.zero)
                continue
            }
            // Going on where the last one came from makes long runs.
            let candidates = [
                isInPlace ? block : -1, following, Int(hints[block]), block, places[hash].map(Int.init) ?? -1,
            ]
            let found = candidates.first { source.hashes.indices.contains($0) && source.hashes[$0] == hash }
            origins.append(found.map { .source($0) } ?? .new)
            following = found.map { $0 + 1 } ?? (following >= 0 ? following + 1 : -1)
        }
        self.origins = origins
    }

    /// Says that operations of their own make these blocks.
    mutating func take(_ spans: [BlockSpan]) {
        for span in spans {
            for block in span.start..<span.end { origins[block] = .made }
        }
    }

    /// Says that blocks which looked the same are not.
    mutating func reject(_ block: Int) { origins[block] = .new }
}
