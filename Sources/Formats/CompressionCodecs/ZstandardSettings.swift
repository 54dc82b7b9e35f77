/// How hard and how far to look for the shortest zstd frame.
///
/// Everything but the level may be left to the library, which chooses by level and size.
public struct ZstandardSettings: Hashable, Sendable {
    /// 1, fast, to 22, small.
    public var level: Int
    /// Two to this power is how far back the frame may refer, 10 to 31. A prefix counts: what lies farther is not used.
    public var windowLog: Int?
    /// Whether to look for long repetitions anywhere in the window, beside the thorough search nearby.
    public var looksFar: Bool
    /// Whether the frame ends in a check sum of its content.
    public var hasChecksum: Bool
    /// Two to these powers are the sizes of the search's tables, and how many places it tries.
    public var hashLog: Int?
    public var chainLog: Int?
    public var searchLog: Int?
    /// The shortest match that is looked for, 3 to 7.
    public var matchLengthMin: Int?
    /// Matches this long are taken without looking further.
    public var targetLength: Int?
    /// 1, fast, to 9, optimal in two passes.
    public var strategy: Int?

    public init(level: Int = 19, windowLog: Int? = nil, looksFar: Bool = false, hasChecksum: Bool = false) {
        self.level = level
        self.windowLog = windowLog
        self.looksFar = looksFar
        self.hasChecksum = hasChecksum
    }
}
