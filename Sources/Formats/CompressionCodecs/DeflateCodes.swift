/// The two codes of a deflate block: one for bytes and lengths, one for distances.
struct DeflateCodes {
    private let literals: HuffmanCode
    private let distances: HuffmanCode
    private let opening: Opening

    /// The codes that a block need not bring along.
    static let fixed = DeflateCodes(literals: DeflateSymbols.fixedLiterals, distances: DeflateSymbols.fixedDistances)

    /// The codes for a block in which symbols are so frequent.
    init(literals: [Int], distances: [Int]) {
        self.init(
            literals: HuffmanCode(frequencies: literals, lengthMax: 15),
            distances: HuffmanCode(frequencies: distances, lengthMax: 15))
    }

    private init(literals: HuffmanCode, distances: HuffmanCode) {
        (self.literals, self.distances) = (literals, distances)
        opening = Opening(literals: literals, distances: distances)
    }

    /// What the content of a block takes, in bits.
    func bitCount(_ literals: [Int], _ distances: [Int]) -> Int {
        var count = self.literals.bitCount(of: literals) + self.distances.bitCount(of: distances)
        for (symbol, extra) in DeflateSymbols.lengthExtraBits.enumerated() { count += extra * literals[257 + symbol] }
        for (symbol, extra) in DeflateSymbols.distanceExtraBits.enumerated() { count += extra * distances[symbol] }
        return count
    }

    var openingBitCount: Int { opening.bitCount }

    func writeOpening(to writer: inout BitWriter) { opening.write(to: &writer) }

    /// - Parameter tokens: As of ``DeflateBlock``.
    func write(_ tokens: [UInt32], to writer: inout BitWriter) {
        // Asked for once, and not for each token.
        let (lengthSymbols, lengthBases) = (DeflateSymbols.lengthSymbols, DeflateSymbols.lengthBases)
        let (lengthExtraBits, distanceBases) = (DeflateSymbols.lengthExtraBits, DeflateSymbols.distanceBases)
        let distanceExtraBits = DeflateSymbols.distanceExtraBits
        for token in tokens {
            let (low, distance) = (Int(token & 0xFF), Int(token >> 8))
            if distance == 0 {
                write(low, of: literals, to: &writer)
            } else {
                let length = Int(lengthSymbols[low])
                write(length, of: literals, to: &writer)
                writer.write(UInt16(low - lengthBases[length - 257]), count: lengthExtraBits[length - 257])
                let symbol = DeflateSymbols.distanceSymbol(distance - 1)
                write(symbol, of: distances, to: &writer)
                writer.write(UInt16(distance - 1 - distanceBases[symbol]), count: distanceExtraBits[symbol])
            }
        }
        write(DeflateSymbols.endOfBlock, of: literals, to: &writer)
    }

    private func write(_ symbol: Int, of code: HuffmanCode, to writer: inout BitWriter) {
        writer.write(code.codes[symbol], count: Int(code.lengths[symbol]))
    }
}

/// How a block tells its codes: the lengths, with runs of the same length shortened, in a code of their own.
///
/// Source: RFC 1951, section 3.2.7.
private struct Opening {
    private struct Step {
        var symbol: Int
        var extra = 0
    }

    private let steps: [Step]
    private let code: HuffmanCode
    private let frequencies: [Int]
    private let literalCount: Int
    private let distanceCount: Int
    /// How many lengths of the code for the lengths are told.
    private let orderCount: Int

    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let extraBits = [16: 2, 17: 3, 18: 7]

    init(literals: HuffmanCode, distances: HuffmanCode) {
        literalCount = literals.lastSymbol + 1
        distanceCount = distances.lastSymbol + 1
        steps = Self.steps(literals.lengths.prefix(literalCount)) + Self.steps(distances.lengths.prefix(distanceCount))
        var frequencies = [Int](repeating: 0, count: 19)
        for step in steps { frequencies[step.symbol] += 1 }
        self.frequencies = frequencies
        let code = HuffmanCode(frequencies: frequencies, lengthMax: 7)
        self.code = code
        orderCount = max(4, 1 + (Self.order.lastIndex { code.lengths[$0] > 0 } ?? 0))
    }

    var bitCount: Int {
        let extra = Self.extraBits.reduce(0) { $0 + $1.value * frequencies[$1.key] }
        return 5 + 5 + 4 + 3 * orderCount + code.bitCount(of: frequencies) + extra
    }

    func write(to writer: inout BitWriter) {
        writer.write(UInt16(literalCount - 257), count: 5)
        writer.write(UInt16(distanceCount - 1), count: 5)
        writer.write(UInt16(orderCount - 4), count: 4)
        for symbol in Self.order.prefix(orderCount) { writer.write(UInt16(code.lengths[symbol]), count: 3) }
        for step in steps {
            writer.write(code.codes[step.symbol], count: Int(code.lengths[step.symbol]))
            writer.write(UInt16(step.extra), count: Self.extraBits[step.symbol] ?? 0)
        }
    }

    /// A run is told by its first length and how often that is repeated; of zeros only by how many there are.
    private static func steps(_ lengths: ArraySlice<UInt8>) -> [Step] {
        var steps: [Step] = []
        var previous: UInt8?
        var rest = lengths
        while let length = rest.first {
            // What follows the same length may be shorter by the one that would have to be told first.
            let isRepeated = length != 0 && length == previous
            let (least, most) = length == 0 ? (3, 138) : isRepeated ? (3, 6) : (4, 7)
            let count = rest.prefix(most).prefix { $0 == length }.count
            if count < least {
                steps += [Step](repeating: Step(symbol: Int(length)), count: count)
            } else if length != 0 {
                if !isRepeated { steps.append(Step(symbol: Int(length))) }
                steps.append(Step(symbol: 16, extra: count - (isRepeated ? 3 : 4)))
            } else {
                steps.append(count <= 10 ? Step(symbol: 17, extra: count - 3) : Step(symbol: 18, extra: count - 11))
            }
            previous = length
            rest = rest.dropFirst(count)
        }
        return steps
    }
}
