import PartitionTable
import SlotDevice
import Testing

@Suite struct ReadingTests {
    @Test("A fresh table reads back as it was made", arguments: [512, 4096])
    func readsBack(sectorSizeBytes: Int) throws {
        let made = try TestDisk(sectorSizeBytes: sectorSizeBytes)
        let reading = try made.disk.read()
        #expect(reading.table == made.table)
        #expect(reading.isSound)
        #expect(reading.table.partitions.map(\.entry.name) == ["USR-A", "USR-B"])
        #expect(try made.table.entries[2].region(of: made.device).sizeBytes == 1 << 20)
    }

    @Test("Boot code and disk signature stay when a table is made")
    func keepsBootCode() throws {
        let device = MemoryBlockDevice([UInt8](repeating: 0xC3, count: 4 << 20))
        let table = try GUIDPartitionTable.empty(diskID: .zero, diskSizeBytes: 4 << 20, sectorSizeBytes: 512)
        try PartitionedDisk(device).create(table)
        let sector = try device.read(at: 0, count: 512)
        #expect(sector[..<446].allSatisfy { $0 == 0xC3 })
        #expect(sector[446..<462] == [0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0xFF, 0x1F, 0, 0])
        #expect(sector[462..<510].allSatisfy { $0 == 0 })
        #expect(sector[510...] == [0x55, 0xAA])
    }

    @Test("A bit flipped in one copy's header or entries costs nothing", arguments: [512, 4096])
    func oneDamagedCopy(sectorSizeBytes: Int) throws {
        let primary: [UInt64] = [0, 8, 12, 16, 20, 24, 32, 40, 48, 60, 72, 80, 84, 88, 91].map {
            UInt64(sectorSizeBytes) + $0
        }
        for offset in primary + [UInt64(2 * sectorSizeBytes), UInt64(2 * sectorSizeBytes) + 16383] {
            let made = try TestDisk(sectorSizeBytes: sectorSizeBytes)
            try made.flipBit(at: offset)
            let reading = try made.disk.read()
            guard case .primaryDamaged = reading.condition else {
                Issue.record("offset \(offset): \(reading.condition)")
                continue
            }
            #expect(reading.table == made.table)
            let repaired = try made.disk.repair()
            #expect(repaired.isSound && repaired.table == made.table)
        }
    }

    @Test("A damaged backup is noticed and repaired from the primary copy", arguments: [512, 4096])
    func damagedBackup(sectorSizeBytes: Int) throws {
        let made = try TestDisk(sectorSizeBytes: sectorSizeBytes)
        try made.flipBit(at: made.backupHeaderOffset + 56)
        #expect(try made.disk.read().condition == .backupDamaged(.wrongHeaderChecksum))
        try made.disk.repair()
        #expect(try made.disk.read().isSound)
        try made.flipBit(at: made.backupHeaderOffset - 16384)
        #expect(try made.disk.read().condition == .backupDamaged(.wrongEntriesChecksum))
        try made.disk.repair()
        #expect(try made.disk.read().table == made.table)
    }

    @Test("With both copies damaged there is no table, and both reasons are named")
    func bothDamaged() throws {
        let made = try TestDisk()
        try made.flipBit(at: made.primaryHeaderOffset)
        try made.flipBit(at: made.backupHeaderOffset + 16)
        #expect(throws: PartitionTableError.noTable(primary: .wrongSignature, backup: .wrongHeaderChecksum)) {
            try made.disk.read()
        }
        #expect(throws: PartitionTableError.self) { try made.disk.repair() }
    }

    @Test("When both copies are valid and differ, the primary one wins")
    func primaryWins() throws {
        let made = try TestDisk()
        var other = made.table
        other.entries[3].attributes.priority = 9
        let placement = try made.disk.read().placement
        let image = other.backupImage(at: placement, sectorSizeBytes: 512)
        try made.device.write(image.header, at: image.headerOffsetBytes)
        try made.device.write(image.entries, at: image.entriesOffsetBytes)
        let reading = try made.disk.read()
        #expect(reading.condition == .copiesDisagree)
        #expect(reading.table == made.table)
        #expect(try made.disk.repair().isSound)
        #expect(try made.disk.read().table == made.table)
    }

    @Test(
        "An empty disk, a tiny one and one with odd sectors have no table",
        arguments: [
            (0, 512), (511, 512), (512, 512), (1024, 512), (3072, 512), (1 << 20, 512), (1 << 20, 4096), (1 << 20, 1),
            (1 << 20, 520), (1 << 20, 1 << 20),
        ] as [(UInt64, Int)])
    func noTable(sizeBytes: UInt64, sectorSizeBytes: Int) {
        let device = MemoryBlockDevice(sizeBytes: sizeBytes, sectorSizeBytes: sectorSizeBytes)
        #expect(throws: PartitionTableError.self) { try PartitionedDisk(device).read() }
    }

    @Test("A primary copy that the medium refuses to read is a damaged one")
    func unreadablePrimary() throws {
        let made = try TestDisk()
        let reading = try PartitionedDisk(BadSector(whole: made.device, offset: 512)).read()
        guard case .primaryDamaged(.unreadable) = reading.condition else {
            Issue.record("\(reading.condition)")
            return
        }
        #expect(reading.table == made.table)
    }
}

/// A disk with one sector that cannot be read.
private struct BadSector: BlockDevice {
    let whole: MemoryBlockDevice
    let offset: UInt64
    var sizeBytes: UInt64 { whole.sizeBytes }
    var sectorSizeBytes: Int { whole.sectorSizeBytes }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        guard offsetBytes + UInt64(count) <= offset || offsetBytes >= offset + 512 else {
            throw .failed(operation: "read", path: "disk", reason: "Input/output error")
        }
        return try whole.read(at: offsetBytes, count: count)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try whole.write(bytes, at: offsetBytes)
    }

    func flush() throws(DeviceError) {}
}
