/// How far a target has been written from its start without gap, in bytes.
package struct WrittenFront {
    package private(set) var written: UInt64 = 0
    /// What ``written`` was at the last mark, and how many bytes the device had been given by then.
    private var marked: (written: UInt64, acceptedByteCount: UInt64) = (0, 0)
    /// Runs beyond a gap: where each ends, by where it begins.
    private var beyond: [UInt64: UInt64] = [:]

    package init() {}

    /// More are forgotten: the front then stays where it is.
    private static let beyondMax = 65_536

    /// Adds a run that was written. One that begins within another may be forgotten.
    package mutating func add(_ run: Range<UInt64>) {
        guard run.lowerBound <= written else {
            if beyond.count < Self.beyondMax { beyond[run.lowerBound] = run.upperBound }
            return
        }
        written = max(written, run.upperBound)
        while let end = beyond.removeValue(forKey: written) { written = max(written, end) }
    }

    /// Something is about to be written, perhaps again: what lies behind it is not what it was at the last mark.
    package mutating func willWrite(at offset: UInt64) { marked.written = min(marked.written, offset) }

    /// Marks where the front is, once it has come far enough from the last mark.
    /// - Parameter acceptedByteCount: How many bytes a ``WriteBehindDevice`` has been given so far.
    /// - Returns: The last mark, before which everything stands on the device by now; 0 where no mark was made.
    package mutating func mark(upTo limit: UInt64, each intervalBytes: UInt64, acceptedByteCount: UInt64) -> UInt64 {
        let reached = min(limit, written)
        guard reached - marked.written >= max(1, intervalBytes),
            acceptedByteCount - marked.acceptedByteCount >= WriteBehindDevice.waitingByteCountMax
        else { return 0 }
        defer { marked = (reached, acceptedByteCount) }
        return marked.written
    }
}
