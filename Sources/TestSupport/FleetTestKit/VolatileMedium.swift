/// A medium behind a write cache: what was flushed stays, what was not may be lost, kept or torn when the power goes.
struct VolatileMedium: Sendable {
    let sectorSizeBytes: Int
    /// What a reader sees while the power is on.
    private(set) var current: [UInt8]
    private(set) var durable: [UInt8]
    /// The states of each sector since the last flush, oldest first.
    private var versions: [Int: [[UInt8]]] = [:]
    /// Sectors of the last write, in order: the one that the power may interrupt.
    private var lastWrite: [Int] = []

    init(_ bytes: [UInt8], sectorSizeBytes: Int) {
        self.sectorSizeBytes = sectorSizeBytes
        self.current = bytes
        self.durable = bytes
    }

    mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        current.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        lastWrite = bytes.isEmpty ? [] : Array(offset / sectorSizeBytes...(offset + bytes.count - 1) / sectorSizeBytes)
        for sector in lastWrite { versions[sector, default: []].append(Array(current[range(of: sector)])) }
    }

    mutating func flush() {
        for sector in versions.keys {
            let range = range(of: sector)
            durable.replaceSubrange(range, with: current[range])
        }
        versions = [:]
        lastWrite = []
    }

    /// The size changes at once; bytes beyond the old end are zero.
    mutating func resize(to count: Int) {
        current = Array(current.prefix(count)) + [UInt8](repeating: 0, count: max(0, count - current.count))
        durable = Array(durable.prefix(count)) + [UInt8](repeating: 0, count: max(0, count - durable.count))
        versions = versions.filter { $0.key * sectorSizeBytes < count }
        lastWrite = []
    }

    /// The power went and came back.
    /// - Parameter isInterrupted: whether it went during the last write.
    mutating func losePower(_ survival: CacheSurvival, isInterrupted: Bool, _ random: inout SeededRandom) {
        switch survival {
        case .lost: break
        case .kept: keepAll(isInterrupted: isInterrupted)
        case .scattered: scatter(&random)
        }
        current = durable
        versions = [:]
        lastWrite = []
    }

    private mutating func keepAll(isInterrupted: Bool) {
        let torn = isInterrupted ? Set(lastWrite.suffix(lastWrite.count - lastWrite.count / 2)) : []
        for (sector, states) in versions {
            if let survivor = torn.contains(sector) ? states.dropLast().last : states.last {
                durable.replaceSubrange(range(of: sector), with: survivor.prefix(range(of: sector).count))
            }
        }
    }

    private mutating func scatter(_ random: inout SeededRandom) {
        for (sector, states) in versions.sorted(by: { $0.key < $1.key }) {
            let survivor = Int.random(in: 0...states.count, using: &random)
            guard survivor > 0 else { continue }
            durable.replaceSubrange(range(of: sector), with: states[survivor - 1].prefix(range(of: sector).count))
        }
    }

    /// The bytes of a sector; the last one of a file may be short.
    private func range(of sector: Int) -> Range<Int> {
        sector * sectorSizeBytes..<min((sector + 1) * sectorSizeBytes, current.count)
    }
}
