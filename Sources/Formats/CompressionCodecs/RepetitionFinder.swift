/// Finds the repetition that gzip would take: of the longest ones the nearest, among so many places with the same hash of
/// three bytes.
///
/// gzip looks at those places one by one. Here they are numbered instead, and those that share more bytes are in chains of
/// their own: of the places in these only few are in vain.
struct RepetitionFinder {
    /// How hard gzip looks, and where.
    struct Search {
        let position: Int
        /// The last place with the same three bytes, or others with the same hash. 0 for none.
        let candidate: Int
        /// Only places behind this one count, and the candidate.
        let limit: Int
        /// Only what is longer counts.
        let minimum: Int
        /// A repetition this long is taken at once.
        let niceLength: Int
        /// At so many places gzip looks.
        let placesMax: Int
    }

    struct Repetition {
        /// It may reach past the end of the content.
        var length: Int
        /// `nil` where none was found; the length then is the minimum.
        var start: Int?
    }

    /// How many places may still be looked at. All files of two releases of Debian stay far below; content can be made that
    /// would need more.
    private(set) var placesLeft: Int

    private var three = PlaceChains<ThreeBytes>()
    private var four = PlaceChains<FourBytes>()
    private var eight = PlaceChains<EightBytes>()
    /// The number of each place among those with the same hash of three bytes, modulo 2^16.
    private var numbers = [UInt16](repeating: 0, count: DeflateWindow.half)
    /// Where the first place stands that is not noted.
    private var next = 0

    static let lengthMax = 258
    private static let placesPerByte = 256
    private static let sparePlaces = 1 << 20

    init(byteCount: Int) { placesLeft = Self.placesPerByte * byteCount + Self.sparePlaces }

    /// Notes the places before `position`.
    /// - Parameter bytes: The window. Seven bytes behind each place must be those that they will be.
    mutating func note(until position: Int, of bytes: [UInt8]) {
        let range = next..<position
        three.insert(range, of: bytes)
        four.insert(range, of: bytes)
        eight.insert(range, of: bytes)
        for place in range { numbers[place & Self.mask] = number(behind: three.before(place)) }
        next = position
    }

    /// The last noted place with the same hash of three bytes; 0 for none.
    func candidate(for position: Int, of bytes: [UInt8]) -> Int { three.last(like: position, of: bytes.span) }

    mutating func longest(_ search: Search, of bytes: [UInt8]) -> Repetition {
        var (found, placeCount) = (Repetition(length: search.minimum), 0)
        if !lookAlongAll(search, bytes, &found, &placeCount) {
            found = Repetition(length: search.minimum)
            _ = look(along: three, for: search, upTo: Self.lengthMax, of: bytes, &found, &placeCount)
        }
        placesLeft -= placeCount
        return found
    }

    /// What a longer chain does not have, among the places that count, is shorter than what the chain is for.
    /// - Returns: Whether that was less work than what gzip does.
    @inline(__always)
    private func lookAlongAll(
        _ search: Search, _ bytes: [UInt8], _ found: inout Repetition, _ placeCount: inout Int
    ) -> Bool {
        guard look(along: eight, for: search, upTo: Self.lengthMax, of: bytes, &found, &placeCount)
        else { return false }
        if found.start != nil || search.minimum + 1 >= EightBytes.byteCount { return true }
        guard look(along: four, for: search, upTo: EightBytes.byteCount - 1, of: bytes, &found, &placeCount)
        else { return false }
        if found.start != nil || search.minimum + 1 >= FourBytes.byteCount { return true }
        _ = look(along: three, for: search, upTo: FourBytes.byteCount - 1, of: bytes, &found, &placeCount)
        return true
    }

    /// The window moves on by its half.
    mutating func slide() {
        next -= DeflateWindow.half
        three.slide()
        four.slide()
        eight.slide()
    }

    /// - Parameter enough: No repetition is longer.
    /// - Returns: `false` where it gave up: after as many places as gzip looks at, for others may have the same hash.
    @inline(__always)
    private func look<Hash>(
        along chains: borrowing PlaceChains<Hash>, for search: Search, upTo enough: Int, of bytes: [UInt8],
        _ found: inout Repetition, _ placeCount: inout Int
    ) -> Bool {
        let (bytes, numbers) = (bytes.span, numbers.span)
        let (position, limit) = (search.position, search.limit)
        let enough = min(enough, search.niceLength)
        let number = number(behind: search.candidate)
        var least = max(search.minimum, Hash.byteCount - 1)
        var left = search.placesMax
        var place = chains.last(like: position, of: bytes)
        while place > limit || place == search.candidate && place > 0 {
            guard left > 0 else { return false }
            left -= 1
            placeCount += 1
            if left % Self.placesBetweenLooks == 0, bytes.word(at: place) << 40 == bytes.word(at: position) << 40,
                Int(number &- numbers[place & Self.mask]) > search.placesMax
            {
                break
            }
            if bytes[place + least] == bytes[position + least],
                bytes[place + least - 1] == bytes[position + least - 1]
            {
                let length = bytes.commonCount(place, position)
                if length > least {
                    guard Int(number &- numbers[place & Self.mask]) <= search.placesMax else { break }
                    found = Repetition(length: length, start: place)
                    if length >= enough { break }
                    least = length
                }
            }
            place = chains.before(place)
        }
        return true
    }

    private func number(behind place: Int) -> UInt16 { numbers[place & Self.mask] &+ 1 }

    /// How often it is asked whether gzip would have come as far: more often would take longer than looking on.
    private static let placesBetweenLooks = 16
    private static let mask = DeflateWindow.half - 1
}

/// gzip's hash.
private enum ThreeBytes: PlaceHash {
    static var byteCount: Int { 3 }

    @inline(__always)
    static func hash(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: (word & 0x1F) << 10 ^ (word >> 8 & 0xFF) << 5 ^ word >> 16 & 0xFF)
    }
}

private enum FourBytes: PlaceHash {
    static var byteCount: Int { 4 }

    @inline(__always)
    static func hash(_ word: UInt64) -> Int { (word << 32).multiplicativeHash }
}

private enum EightBytes: PlaceHash {
    static var byteCount: Int { 8 }

    @inline(__always)
    static func hash(_ word: UInt64) -> Int { word.multiplicativeHash }
}

extension UInt64 {
    /// 15 bits that depend on all others.
    @inline(__always)
    fileprivate var multiplicativeHash: Int { Int(truncatingIfNeeded: (self &* 0x9E37_79B9_7F4A_7C15) >> 49) }
}

extension Span<UInt8> {
    /// How many bytes at two places are the same, up to 258.
    @inline(__always)
    fileprivate func commonCount(_ one: Int, _ other: Int) -> Int {
        var count = 0
        while count < RepetitionFinder.lengthMax {
            let difference = word(at: one + count) ^ word(at: other + count)
            guard difference == 0 else {
                return min(count + difference.trailingZeroBitCount / 8, RepetitionFinder.lengthMax)
            }
            count += 8
        }
        return RepetitionFinder.lengthMax
    }
}
