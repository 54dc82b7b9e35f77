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

    /// All of `old`, or the stretch of ``StreamedPatch/knownByteCountMax`` bytes that shares the most with what of `new` can refer to it.
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

    /// Counts for each beginning how many samples of the new data stand in the stretch, and near enough: a dictionary reaches
    /// back ``StreamedPatch/dictionaryByteCountMax``, so that what stands far behind in the new data reaches only the end
    /// of the known bytes, or none of them.
    private static func bestStart(_ old: ArraySlice<UInt8>, _ new: ArraySlice<UInt8>, byteCount: Int) -> Int {
        var places: [UInt64: Int] = [:]
        ContentSamples.forEach(of: new) { sample, place in places[sample] = places[sample] ?? place }
        let reach = Int(StreamedPatch.dictionaryByteCountMax) - byteCount
        // What begins or ceases to be of use where the stretch begins with this region.
        var changes = [Int](repeating: 0, count: old.count / regionByteCount + 2)
        ContentSamples.forEach(of: old) { sample, oldPlace in
            // Each counts once: what repeats needs to be known once.
            guard let place = places.removeValue(forKey: sample) else { return }
            let first = max(0, oldPlace - byteCount) / regionByteCount + (oldPlace < byteCount ? 0 : 1)
            let last = min(oldPlace, oldPlace + reach - place)
            guard last >= 0, first <= last / regionByteCount else { return }
            changes[first] += 1
            changes[last / regionByteCount + 1] -= 1
        }
        var best = (region: 0, count: 0)
        var count = 0
        for region in 0...(old.count - byteCount) / regionByteCount {
            count += changes[region]
            if count > best.count { best = (region, count) }
        }
        return best.region * regionByteCount
    }
}
