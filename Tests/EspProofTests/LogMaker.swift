/// Makes logs of writes, as QEMU's `blklogwrites` does.
struct LogMaker {
    private(set) var entries: [UInt8] = []
    private(set) var count: UInt64 = 0

    /// - Parameter bytes: whole sectors.
    mutating func write(_ bytes: [UInt8], at offsetBytes: UInt64, flags: UInt64 = 0) {
        add(sector: offsetBytes / 512, sectors: UInt64(bytes.count) / 512, flags: flags)
        entries += bytes
    }

    mutating func flush() { add(sector: 0, sectors: 0, flags: 1) }

    mutating func discard(at offsetBytes: UInt64, count: UInt64) {
        add(sector: offsetBytes / 512, sectors: count / 512, flags: 4)
    }

    /// Every sector in which `new` differs from `old`, neighbours together, sixteen at most.
    mutating func writeDifference(from old: [UInt8], to new: [UInt8]) {
        var sector = 0
        while sector * 512 < new.count {
            var end = sector
            while end * 512 < new.count, end - sector < 16,
                old[end * 512..<end * 512 + 512] != new[end * 512..<end * 512 + 512]
            { end += 1 }
            if end > sector { write(Array(new[sector * 512..<end * 512]), at: UInt64(sector * 512)) }
            sector = max(end, sector + 1)
        }
    }

    var bytes: [UInt8] {
        let head = little(0x6A_7366_7773_6872, 8) + little(1, 8) + little(count, 8) + little(512, 4)
        return head + [UInt8](repeating: 0, count: 512 - head.count) + entries
    }

    mutating func add(sector: UInt64, sectors: UInt64, flags: UInt64) {
        let entry = little(sector, 8) + little(sectors, 8) + little(flags, 8) + little(0, 8)
        entries += entry + [UInt8](repeating: 0, count: 512 - entry.count)
        count += 1
    }

    private func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
}
