/// The part of the old data that what is said anew may refer to.
struct KnownBytes {
    /// In bytes from the beginning of the old data.
    let start: Int
    let bytes: ArraySlice<UInt8>

    static let none = KnownBytes(start: 0, bytes: [])

    private init(start: Int, bytes: ArraySlice<UInt8>) {
        self.start = start
        self.bytes = bytes
    }

    /// All of `old`, or the stretch of ``StreamedPatch/knownByteCountMax`` bytes that shares the most with `new`.
    init(of old: ArraySlice<UInt8>, for new: ArraySlice<UInt8>) {
        let countMax = StreamedPatch.knownByteCountMax
        guard !new.isEmpty else {
            self = .none
            return
        }
        guard old.count > countMax else {
            self.init(start: 0, bytes: old)
            return
        }
        let start = Self.bestStart(old, new, byteCount: countMax)
        self.init(start: start, bytes: old.dropFirst(start).prefix(countMax))
    }

    private static let regionByteCount = 64 << 10

    /// Counts in each region of the old data the samples that stand in the new data too.
    private static func bestStart(_ old: ArraySlice<UInt8>, _ new: ArraySlice<UInt8>, byteCount: Int) -> Int {
        var wanted = ContentSamples.all(of: new)
        var shared = [Int](repeating: 0, count: old.count / regionByteCount + 1)
        ContentSamples.forEach(of: old) { sample, offset in
            // Each counts once: what repeats needs to be known once.
            if wanted.remove(sample) != nil { shared[offset / regionByteCount] += 1 }
        }
        let width = byteCount / regionByteCount
        var sum = shared.prefix(width).reduce(0, +)
        var best = (region: 0, sum: sum)
        for region in stride(from: 1, through: shared.count - width, by: 1) {
            sum += shared[region + width - 1] - shared[region - 1]
            if sum >= best.sum { best = (region, sum) }
        }
        return min(best.region * regionByteCount, old.count - byteCount)
    }
}
