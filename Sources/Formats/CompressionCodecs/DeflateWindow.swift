/// The 64 KiB of content that gzip has before its eyes, and where in it three bytes stood before.
///
/// A match reaches back less than 32 KiB. When the second half has nearly been used up, it becomes the first one.
struct DeflateWindow {
    /// The next byte to be said.
    private(set) var position = 0
    /// How many bytes are there from `position` on.
    private(set) var lookahead = 0
    /// How many places may still be looked at for matches. All files of two releases of Debian stay below; content made for the
    /// purpose would need sixteen times as many.
    private(set) var placesLeft: Int

    private var bytes = [UInt8](repeating: 0, count: 2 * Self.half)
    private var rest: ArraySlice<UInt8>
    private var isAtEnd = false
    /// The last place for each hash of three bytes; 0 for none.
    private var last = [UInt16](repeating: 0, count: Self.half)
    /// The place before, for each place.
    private var before = [UInt16](repeating: 0, count: Self.half)
    private var hash = 0

    private static let half = 32_768
    private static let placesPerByte = 256
    private static let sparePlaces = 1 << 20
    private static let mask = half - 1
    private static let lengthMax = 258
    /// With fewer bytes ahead more are taken in.
    private static let lookaheadMin = lengthMax + 3 + 1
    private static let reach = half - lookaheadMin

    init(_ content: ArraySlice<UInt8>) {
        rest = content
        placesLeft = Self.placesPerByte * content.count + Self.sparePlaces
        take(bytes.count)
        isAtEnd = lookahead == 0
        fill()
        for index in 0..<2 { roll(bytes[index]) }
    }

    var byteBefore: UInt8 { bytes[position - 1] }

    func isInReach(_ place: Int) -> Bool {
        position - place <= Self.reach && position <= bytes.count - Self.lookaheadMin
    }

    /// - Returns: `nil` for a beginning that is gone.
    func content(from start: Int, to end: Int) -> ArraySlice<UInt8>? {
        start >= 0 ? bytes[start..<end] : nil
    }

    /// Notes the three bytes at the position.
    /// - Returns: Where they, or others with the same hash, stood last; 0 for nowhere.
    mutating func insert() -> Int {
        roll(bytes[(position + 2) & (2 * Self.half - 1)])
        let place = last[hash]
        before[position & Self.mask] = place
        last[hash] = UInt16(truncatingIfNeeded: position)
        return Int(place)
    }

    mutating func advance() {
        position += 1
        lookahead -= 1
    }

    /// Goes on by so many bytes that each are noted. The one at the position has been.
    mutating func advance(inserting count: Int) {
        for _ in 0..<count {
            advance()
            _ = insert()
        }
    }

    /// Takes content in when little is left.
    /// - Returns: By how much everything that was in the window has moved towards its beginning.
    @discardableResult
    mutating func fill() -> Int {
        var slid = 0
        while lookahead < Self.lookaheadMin, !isAtEnd {
            var room = bytes.count - lookahead - position
            if position >= Self.half + Self.reach {
                slide()
                slid += Self.half
                room += Self.half
            }
            isAtEnd = take(room) == 0
            if isAtEnd { clearBehindEnd() }
        }
        return slid
    }

    /// What stood there before would be noted with the last bytes.
    private mutating func clearBehindEnd() {
        let end = position + lookahead
        for index in end..<min(end + 2, bytes.count) { bytes[index] = 0 }
    }

    @discardableResult
    private mutating func take(_ count: Int) -> Int {
        let end = position + lookahead
        let taken = rest.prefix(count)
        bytes.replaceSubrange(end..<end + taken.count, with: taken)
        rest = rest.dropFirst(taken.count)
        lookahead += taken.count
        return taken.count
    }

    private mutating func slide() {
        bytes.replaceSubrange(..<Self.half, with: bytes[Self.half...])
        position -= Self.half
        let half = UInt16(Self.half)
        for index in last.indices { last[index] = last[index] >= half ? last[index] - half : 0 }
        for index in before.indices { before[index] = before[index] >= half ? before[index] - half : 0 }
    }

    private mutating func roll(_ byte: UInt8) {
        hash = (hash << 5 ^ Int(byte)) & Self.mask
    }

    /// Follows the chain of places with the same hash.
    /// - Returns: The longest match, and where it stands if one was found that is longer than `minimum`. It may reach past
    ///   the end of the content.
    mutating func longestMatch(
        from candidate: Int, longerThan minimum: Int, niceLength: Int, placesMax: Int
    ) -> (length: Int, start: Int?) {
        let found = matches(from: candidate, longerThan: minimum, niceLength: niceLength, placesMax: placesMax)
        placesLeft -= found.placeCount
        return (found.length, found.start)
    }

    private func matches(
        from candidate: Int, longerThan minimum: Int, niceLength: Int, placesMax: Int
    ) -> (length: Int, start: Int?, placeCount: Int) {
        let (bytes, before, position) = (bytes.span, before.span, position)
        let limit = max(0, position - Self.reach)
        var best = (length: minimum, start: Int?.none)
        var place = candidate
        var left = placesMax
        repeat {
            if bytes[place + best.length] == bytes[position + best.length],
                bytes[place + best.length - 1] == bytes[position + best.length - 1],
                bytes[place] == bytes[position], bytes[place + 1] == bytes[position + 1]
            {
                var length = 2
                while length < Self.lengthMax, bytes[place + length] == bytes[position + length] { length += 1 }
                if length > best.length {
                    best = (length, place)
                    if length >= niceLength { break }
                }
            }
            place = Int(before[place & Self.mask])
            left -= 1
        } while place > limit && left > 0
        return (best.length, best.start, placesMax - left)
    }
}
