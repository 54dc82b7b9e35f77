/// A ``ChunkPlan`` that is being made while the image is read in order.
struct ChunkDraft {
    /// The unit in which zeros are looked for, and references are made; at least a block.
    private static let unitBytesMin: UInt64 = 32 << 10
    /// As many zeros in a row become an operation of their own.
    private static let zeroRunBytesMin: UInt64 = 1 << 20
    private static let nearBytes: UInt64 = 2 << 20
    private static let farBytes: UInt64 = 2 << 20
    /// A unit is worth reading back where so many of the chunk's samples, one every 64 bytes, stand in it.
    private static let scoreMin = 16

    private let sizeBytes: UInt64
    private let chunkBytes: UInt64
    private let unitBytes: UInt64
    private var chunks: [ChunkPlan.Chunk] = []
    private var index: RepetitionIndex
    /// What the chunks that are not zeros cover, neighbours joined.
    private var covered: [Range<UInt64>] = []

    /// The chunk that is being gathered; empty between two.
    private var current: Range<UInt64> = 0..<0
    private var near: [Range<UInt64>] = []
    /// By the number of an earlier unit: how many samples of the current chunk stand in it.
    private var scores: [UInt32: Int] = [:]
    /// Zeros directly before the place that is being read; empty for none.
    private var zeros: Range<UInt64> = 0..<0

    init(sizeBytes: UInt64, _ style: ChunkStyle, blockSize: UInt64) {
        self.sizeBytes = sizeBytes
        self.chunkBytes = style.chunkBytes
        self.unitBytes = max(Self.unitBytesMin, blockSize)
        self.index = RepetitionIndex(contentBytes: sizeBytes)
    }

    /// Takes the next bytes of the image; their offset is a multiple of every unit.
    mutating func add(_ piece: ArraySlice<UInt8>, at offset: UInt64) {
        for start in stride(from: 0, to: piece.count, by: Int(unitBytes)) {
            let unit = piece.dropFirst(start).prefix(Int(unitBytes))
            let range = offset + UInt64(start)..<offset + UInt64(start + unit.count)
            if unit.allSatisfy({ $0 == 0 }) {
                zeros = (zeros.isEmpty ? range.lowerBound : zeros.lowerBound)..<range.upperBound
            } else {
                endZeros()
                append(range, unit)
            }
        }
    }

    /// The chunks, once everything has been added.
    mutating func finish() -> [ChunkPlan.Chunk] {
        if chunks.isEmpty && current.isEmpty {
            zeros = 0..<sizeBytes
            closeZeros()
        } else {
            endZeros()
            close()
        }
        return chunks
    }

    /// Few zeros are part of the chunk around them.
    private mutating func endZeros() {
        guard !zeros.isEmpty else { return }
        if zeros.upperBound - zeros.lowerBound >= Self.zeroRunBytesMin || current.isEmpty {
            close()
            closeZeros()
        } else {
            for start in stride(from: zeros.lowerBound, to: zeros.upperBound, by: UInt64.Stride(unitBytes)) {
                append(start..<min(start + unitBytes, zeros.upperBound), [])
            }
            zeros = 0..<0
        }
    }

    private mutating func closeZeros() {
        chunks.append(ChunkPlan.Chunk(range: zeros, isZero: true))
        zeros = 0..<0
    }

    /// - Parameter content: Empty for zeros.
    private mutating func append(_ range: Range<UInt64>, _ content: ArraySlice<UInt8>) {
        if current.isEmpty { begin(at: range.lowerBound) }
        let nearStart = near.first?.lowerBound ?? current.lowerBound
        let nearUnit = UInt32(clamping: nearStart / unitBytes)
        index.visit(content, unit: UInt32(clamping: range.lowerBound / unitBytes)) { unit in
            if unit < nearUnit { scores[unit, default: 0] += 1 }
        }
        current = current.lowerBound..<range.upperBound
        if current.upperBound - current.lowerBound >= chunkBytes { close() }
    }

    private mutating func begin(at offset: UInt64) {
        current = offset..<offset
        near = []
        scores = [:]
        var left = Self.nearBytes
        for range in covered.reversed() where left > 0 {
            let count = min(left, range.upperBound - range.lowerBound)
            near.insert(range.upperBound - count..<range.upperBound, at: 0)
            left -= count
        }
    }

    private mutating func close() {
        guard !current.isEmpty else { return }
        chunks.append(ChunkPlan.Chunk(range: current, isZero: false, references: farReferences() + near))
        if let last = covered.last, last.upperBound == current.lowerBound {
            covered[covered.count - 1] = last.lowerBound..<current.upperBound
        } else {
            covered.append(current)
        }
        current = current.upperBound..<current.upperBound
    }

    /// The units that resemble the chunk most, in the order in which they stand, neighbours joined.
    private func farReferences() -> [Range<UInt64>] {
        let best = scores.filter { $0.value >= Self.scoreMin }
            .sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
            .prefix(Int(Self.farBytes / unitBytes))
        var ranges: [Range<UInt64>] = []
        for unit in best.map(\.key).sorted() {
            let range = UInt64(unit) * unitBytes..<(UInt64(unit) + 1) * unitBytes
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
        return ranges
    }
}
