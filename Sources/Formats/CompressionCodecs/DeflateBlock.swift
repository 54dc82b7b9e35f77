/// A block of a deflate stream while it is put together: bytes, and repetitions of earlier ones.
///
/// Ends where gzip's would: after so many of them, or where what is repeated makes it look worth while.
struct DeflateBlock {
    /// A byte, or a length less 3 and, above its 8 bits, a distance.
    private var tokens: [UInt32] = []
    private var repetitionCount = 0
    private var literals = Self.noLiterals
    private var distances = Self.noDistances

    private static let tokensMax = 32_767
    private static let noLiterals = (0..<DeflateSymbols.literalCount).map { $0 == DeflateSymbols.endOfBlock ? 1 : 0 }
    private static let noDistances = [Int](repeating: 0, count: DeflateSymbols.distanceCount)

    init() { tokens.reserveCapacity(Self.tokensMax) }

    /// - Parameter byteCount: How far into the content the block reaches, as gzip counts when it asks itself.
    /// - Returns: Whether the block is to end here.
    mutating func add(byte: UInt8, byteCount: Int) -> Bool {
        tokens.append(UInt32(byte))
        literals[Int(byte)] += 1
        return isFull(byteCount)
    }

    /// - Parameter distance: 1 for the byte before.
    mutating func add(length: Int, distance: Int, byteCount: Int) -> Bool {
        tokens.append(UInt32(distance) << 8 | UInt32(length - 3))
        repetitionCount += 1
        literals[Int(DeflateSymbols.lengthSymbols[length - 3])] += 1
        distances[DeflateSymbols.distanceSymbol(distance - 1)] += 1
        return isFull(byteCount)
    }

    private func isFull(_ byteCount: Int) -> Bool {
        tokens.count == Self.tokensMax || tokens.count % 4096 == 0 && isWorthEnding(byteCount)
    }

    /// Whether a rough guess of its size is below half of what it holds.
    private func isWorthEnding(_ byteCount: Int) -> Bool {
        let bitCount = zip(distances, DeflateSymbols.distanceExtraBits).reduce(8 * tokens.count) { sum, symbol in
            sum + symbol.0 * (5 + symbol.1)
        }
        return repetitionCount < tokens.count / 2 && bitCount >> 3 < byteCount / 2
    }

    /// Writes the block in the shortest of the three forms, and empties it.
    /// - Parameter content: What the block says; `nil` where gzip has it no longer.
    mutating func end(content: ArraySlice<UInt8>?, isLast: Bool, to writer: inout BitWriter) {
        let own = DeflateCodes(literals: literals, distances: distances)
        let fixedBitCount = DeflateCodes.fixed.bitCount(literals, distances)
        let ownBitCount = own.bitCount(literals, distances) + own.openingBitCount
        let fixedByteCount = (fixedBitCount + 3 + 7) >> 3
        let byteCount = min((ownBitCount + 3 + 7) >> 3, fixedByteCount)
        let last: UInt16 = isLast ? 1 : 0
        if let content, content.count + 4 <= byteCount {
            writer.write(0 << 1 | last, count: 3)
            writer.align()
            writer.write(UInt16(content.count), count: 16)
            writer.write(~UInt16(content.count), count: 16)
            writer.write(contentsOf: content)
        } else if fixedByteCount == byteCount {
            writer.write(1 << 1 | last, count: 3)
            DeflateCodes.fixed.write(tokens, to: &writer)
        } else {
            writer.write(2 << 1 | last, count: 3)
            own.writeOpening(to: &writer)
            own.write(tokens, to: &writer)
        }
        tokens.removeAll(keepingCapacity: true)
        (repetitionCount, literals, distances) = (0, Self.noLiterals, Self.noDistances)
    }
}
