/// The symbols of a deflate block, and the bits that follow them. Source: RFC 1951, section 3.2.5.
enum DeflateSymbols {
    static let literalCount = 286
    static let distanceCount = 30
    static let endOfBlock = 256

    /// For each length from 3 on, up to 258, its symbol.
    static let lengthSymbols: [UInt16] = (0...255).map { UInt16(257 + lengthClass($0)) }
    /// For each symbol of a length, the first length it stands for, less 3, and how many bits tell which.
    static let lengthBases = (0..<29).map { number in (0...255).first { lengthClass($0) == number } ?? 0 }
    static let lengthExtraBits = (0..<29).map { $0 == 28 ? 0 : $0 < 8 ? 0 : ($0 - 4) / 4 }

    /// For each symbol of a distance, the shortest, less 1, and how many bits tell which.
    static let distanceBases = distanceExtraBits.indices.map { number in
        distanceExtraBits[..<number].reduce(0) { $0 + 1 << $1 }
    }
    static let distanceExtraBits = (0..<30).map { $0 < 4 ? 0 : ($0 - 2) / 2 }

    /// - Parameter distance: Less 1.
    static func distanceSymbol(_ distance: Int) -> Int {
        guard distance >= 4 else { return distance }
        let log = Int.bitWidth - 1 - distance.leadingZeroBitCount
        return 2 * log + (distance >> (log - 1) & 1)
    }

    /// - Parameter length: Less 3. The longest has a symbol of its own.
    private static func lengthClass(_ length: Int) -> Int {
        guard length != 255 else { return 28 }
        guard length >= 8 else { return length }
        let log = Int.bitWidth - 1 - length.leadingZeroBitCount
        return 4 * (log - 1) + (length >> (log - 2) & 3)
    }

    /// The codes of a block that brings none of its own. Source: section 3.2.6.
    static let fixedLiterals = HuffmanCode(
        lengths: (0..<288).map { (symbol: Int) in symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8 })
    static let fixedDistances = HuffmanCode(lengths: [UInt8](repeating: 5, count: 30))
}
