/// Which bytes of some blocks belong to gzip files, and which stand between them.
struct GzipPlaces {
    /// The bytes that belong to no file, in order.
    let between: [Range<Int>]

    /// - Returns: `nil` where two files have the same byte, or one reaches beyond the blocks.
    init?(_ files: [[Range<Int>]], byteCount: Int) {
        var between: [Range<Int>] = []
        var end = 0
        for place in files.joined().sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard place.lowerBound >= end, place.upperBound <= byteCount else { return nil }
            if place.lowerBound > end { between.append(end..<place.lowerBound) }
            end = place.upperBound
        }
        if byteCount > end { between.append(end..<byteCount) }
        self.between = between
    }

    var betweenByteCount: Int { between.reduce(0) { $0 + $1.count } }
}

extension [UInt8] {
    /// What stands in `places`, one after the other.
    func gathered(from places: [Range<Int>]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(places.reduce(0) { $0 + $1.count })
        for place in places { bytes += self[place] }
        return bytes
    }
}
