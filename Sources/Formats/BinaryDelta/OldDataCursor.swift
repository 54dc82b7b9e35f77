/// A place in the old data, or outside of it.
struct OldDataCursor {
    private let sizeBytes: Int64
    private var position: Int64 = 0

    init(sizeBytes: Int64) {
        self.sizeBytes = sizeBytes
    }

    /// Moves; negative places are allowed.
    mutating func seek(by distance: Int64) throws(BinaryDeltaError) {
        let (sum, overflow) = position.addingReportingOverflow(distance)
        guard !overflow else { throw .damagedInstructions }
        position = sum
    }

    /// Adds the old bytes from here on to `bytes`, each modulo 256, and moves past them.
    mutating func add(to bytes: inout [UInt8], _ readOld: (UInt64, Int) throws -> [UInt8]) throws {
        let start = position
        try seek(by: Int64(bytes.count))
        let covered = max(start, 0)..<max(min(position, sizeBytes), max(start, 0))
        guard !covered.isEmpty else { return }

        let old = try readOld(UInt64(covered.lowerBound), covered.count)
        guard old.count == covered.count else {
            throw BinaryDeltaError.oldDataTooShort(offsetBytes: UInt64(covered.lowerBound))
        }
        let shift = Int(covered.lowerBound - start)  // At most bytes.count, as the range ends within them.
        for index in old.indices { bytes[shift + index] &+= old[index] }
    }
}
