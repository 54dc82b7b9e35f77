/// A place in the old data, or outside of it.
struct OldDataCursor {
    private let sizeBytes: Int64
    private var position: Int64 = 0
    private var blocks = OldDataBlocks()

    init(sizeBytes: Int64) {
        self.sizeBytes = sizeBytes
    }

    /// Moves; negative places are allowed.
    mutating func seek(by distance: Int64) throws(BinaryDeltaError) {
        let (sum, overflow) = position.addingReportingOverflow(distance)
        guard !overflow else { throw .damagedInstructions }
        position = sum
    }

    /// Adds the old bytes from here on to `bytes`, each modulo 256, and moves past them.
    mutating func add(to bytes: inout [UInt8], _ readOld: (UInt64, Int) throws -> [UInt8]) throws {
        let start = position
        try seek(by: Int64(bytes.count))
        let covered = max(start, 0)..<max(min(position, sizeBytes), max(start, 0))
        guard !covered.isEmpty else { return }

        let shift = Int(covered.lowerBound - start)  // At most bytes.count, as the range ends within them.
        let range = UInt64(covered.lowerBound)..<UInt64(covered.upperBound)
        try blocks.forEachPiece(of: range, ofAll: UInt64(sizeBytes), readOld) { old, offset in
            Self.add(old, to: &bytes, from: shift + offset)
        }
    }

    private static func add(_ old: ArraySlice<UInt8>, to bytes: inout [UInt8], from start: Int) {
        let old = old.span
        var sums = bytes.mutableSpan
        for index in old.indices { sums[start + index] &+= old[index] }
    }
}

/// Blocks of the old data that were read lately. Most instructions add a few bytes, and jump between a few places.
///
/// Where they jump about everywhere, whole blocks would be read for the sake of single bytes: beyond ``spareByteCount``
/// only what is asked for is read.
private struct OldDataBlocks {
    private static let blockByteCount: UInt64 = 8 << 10
    private static let blocksMax = 128
    /// For each byte that was asked for, so many more may be read.
    private static let spareFactor: UInt64 = 8

    /// Each block at the place that the rest of its number by ``blocksMax`` gives.
    private var blocks: [(number: UInt64, bytes: [UInt8])] = []
    /// How many bytes may still be read that nobody has asked for.
    private var spareByteCount = UInt64(blocksMax) * blockByteCount

    /// Gives the bytes of `range` in order, each piece with its offset within the range.
    mutating func forEachPiece(
        of range: Range<UInt64>, ofAll sizeBytes: UInt64, _ readOld: (UInt64, Int) throws -> [UInt8],
        _ body: (ArraySlice<UInt8>, Int) -> Void
    ) throws {
        guard UInt64(range.count) < 4 * Self.blockByteCount else {
            return body(try Self.read(range, readOld)[...], 0)
        }
        spareByteCount += Self.spareFactor * UInt64(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = offset - offset % Self.blockByteCount
            let block = start..<min(start + Self.blockByteCount, sizeBytes)
            let wanted = offset..<min(range.upperBound, block.upperBound)
            body(try bytes(wanted, of: block, readOld), Int(offset - range.lowerBound))
            offset = wanted.upperBound
        }
    }

    private mutating func bytes(
        _ wanted: Range<UInt64>, of block: Range<UInt64>, _ readOld: (UInt64, Int) throws -> [UInt8]
    ) throws -> ArraySlice<UInt8> {
        if blocks.isEmpty { blocks = Array(repeating: (.max, []), count: Self.blocksMax) }
        let number = block.lowerBound / Self.blockByteCount
        let slot = Int(number % UInt64(Self.blocksMax))
        if blocks[slot].number != number {
            let unasked = UInt64(block.count - wanted.count)
            guard unasked <= spareByteCount else { return try Self.read(wanted, readOld)[...] }
            spareByteCount -= unasked
            blocks[slot] = (number, try Self.read(block, readOld))
        }
        return blocks[slot].bytes[Int(wanted.lowerBound - block.lowerBound)..<Int(wanted.upperBound - block.lowerBound)]
    }

    private static func read(
        _ range: Range<UInt64>, _ readOld: (UInt64, Int) throws -> [UInt8]
    ) throws -> [UInt8] {
        let bytes = try readOld(range.lowerBound, range.count)
        guard bytes.count == range.count else {
            throw BinaryDeltaError.oldDataTooShort(offsetBytes: range.lowerBound)
        }
        return bytes
    }
}
