/// The first bytes at a place, as a number that places with the same bytes share.
protocol PlaceHash {
    /// How many bytes count.
    static var byteCount: Int { get }
    /// - Parameter word: The eight bytes at the place, the lowest first.
    /// - Returns: Below ``DeflateWindow/half``.
    static func hash(_ word: UInt64) -> Int
}

/// Where in a window the same bytes stood before: the last place for each hash, and for each place the one before it with
/// the same hash. Reaches back as far as a ``DeflateWindow`` does.
struct PlaceChains<Hash: PlaceHash> {
    /// The last places, then those before; 0 for none.
    private var places = [UInt16](repeating: 0, count: 2 * DeflateWindow.half)

    mutating func insert(_ range: Range<Int>, of bytes: [UInt8]) {
        let bytes = bytes.span
        var places = places.mutableSpan
        for place in range {
            let hash = Hash.hash(bytes.word(at: place))
            places[Self.link(of: place)] = places[hash]
            places[hash] = UInt16(truncatingIfNeeded: place)
        }
    }

    /// The last place that has been inserted with the hash of `place`.
    @inline(__always)
    func last(like place: Int, of bytes: Span<UInt8>) -> Int { Int(places[Hash.hash(bytes.word(at: place))]) }

    @inline(__always)
    func before(_ place: Int) -> Int { Int(places[Self.link(of: place)]) }

    /// The window moves on by its half.
    mutating func slide() {
        let half = UInt16(DeflateWindow.half)
        for index in places.indices { places[index] = places[index] >= half ? places[index] - half : 0 }
    }

    @inline(__always)
    private static func link(of place: Int) -> Int { DeflateWindow.half | place & (DeflateWindow.half - 1) }
}

extension Span<UInt8> {
    /// Eight bytes, the lowest first. Traps where there are not as many.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }
}
