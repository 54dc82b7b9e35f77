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
private struct OldDataBlocks {
    private static let blockByteCount: UInt64 = 8 << 10
    private static let blocksMax = 128

    /// Each block at the place that the rest of its number by ``blocksMax`` gives.
    private var blocks: [(number: UInt64, bytes: [UInt8])] = []

    /// Gives the bytes of `range` in order, each piece with its offset within the range.
    mutating func forEachPiece(
        of range: Range<UInt64>, ofAll sizeBytes: UInt64, _ readOld: (UInt64, Int) throws -> [UInt8],
        _ body: (ArraySlice<UInt8>, Int) -> Void
    ) throws {
        guard UInt64(range.count) < 4 * Self.blockByteCount else {
            return body(try Self.read(range, readOld)[...], 0)
        }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let block = try block(offset / Self.blockByteCount, ofAll: sizeBytes, readOld)
            let within = Int(offset % Self.blockByteCount)
            let piece = block[within..<min(block.count, within + Int(range.upperBound - offset))]
            body(piece, Int(offset - range.lowerBound))
            offset += UInt64(piece.count)
        }
    }

    private mutating func block(
        _ number: UInt64, ofAll sizeBytes: UInt64, _ readOld: (UInt64, Int) throws -> [UInt8]
    ) throws -> [UInt8] {
        if blocks.isEmpty { blocks = Array(repeating: (.max, []), count: Self.blocksMax) }
        let slot = Int(number % UInt64(Self.blocksMax))
        if blocks[slot].number == number { return blocks[slot].bytes }
        let start = number * Self.blockByteCount
        let bytes = try Self.read(start..<min(start + Self.blockByteCount, sizeBytes), readOld)
        blocks[slot] = (number, bytes)
        return bytes
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
