/// The 64 KiB of content that gzip has before its eyes.
///
/// A match reaches back less than 32 KiB. When the second half has nearly been used up, it becomes the first one.
struct DeflateWindow {
    /// The next byte to be said.
    private(set) var position = 0
    /// How many bytes are there from `position` on.
    private(set) var lookahead = 0

    /// Behind them stand a few that are read at times, and never mean anything.
    private var bytes = [UInt8](repeating: 0, count: Self.byteCount + Self.spareByteCount)
    private var rest: ArraySlice<UInt8>
    private var isAtEnd = false
    private var finder: RepetitionFinder

    static let half = 32_768
    private static let byteCount = 2 * half
    private static let spareByteCount = 8
    /// With fewer bytes ahead more are taken in.
    private static let lookaheadMin = RepetitionFinder.lengthMax + 3 + 1
    private static let reach = half - lookaheadMin

    init(_ content: ArraySlice<UInt8>) {
        rest = content
        finder = RepetitionFinder(byteCount: content.count)
        take(Self.byteCount)
        isAtEnd = lookahead == 0
        fill()
    }

    /// Whether more places have been looked at than honest content wants.
    var isTooCostly: Bool { finder.placesLeft <= 0 }

    var byteBefore: UInt8 { bytes[position - 1] }

    func isInReach(_ place: Int) -> Bool {
        position - place <= Self.reach && position <= Self.byteCount - Self.lookaheadMin
    }

    /// - Returns: `nil` for a beginning that is gone.
    func content(from start: Int, to end: Int) -> ArraySlice<UInt8>? {
        start >= 0 ? bytes[start..<end] : nil
    }

    /// Where the three bytes at the position, or others with the same hash, stood last; 0 for nowhere.
    mutating func candidate() -> Int {
        finder.note(until: position, of: bytes)
        return finder.candidate(for: position, of: bytes)
    }

    mutating func advance(by count: Int = 1) {
        position += count
        lookahead -= count
    }

    /// Takes content in when little is left.
    /// - Returns: By how much everything that was in the window has moved towards its beginning.
    @discardableResult
    mutating func fill() -> Int {
        var slid = 0
        while lookahead < Self.lookaheadMin, !isAtEnd {
            var room = Self.byteCount - lookahead - position
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
        for index in end..<end + 2 { bytes[index] = 0 }
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
        bytes.replaceSubrange(..<Self.half, with: bytes[Self.half..<Self.byteCount])
        position -= Self.half
        finder.slide()
    }

    /// - Parameter placesMax: How many places with the same hash are looked at.
    mutating func longestRepetition(
        from candidate: Int, longerThan minimum: Int, niceLength: Int, placesMax: Int
    ) -> RepetitionFinder.Repetition {
        let search = RepetitionFinder.Search(
            position: position, candidate: candidate, limit: max(0, position - Self.reach), minimum: minimum,
            niceLength: niceLength, placesMax: placesMax)
        return finder.longest(search, of: bytes)
    }
}
