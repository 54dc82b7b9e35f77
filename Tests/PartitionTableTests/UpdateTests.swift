import FleetTestKit
import PartitionTable
import SlotDevice
import Synchronization
import Testing

@Suite struct UpdateTests {
    private struct Refused: Error {}

    @Test("A change reaches both copies and touches nothing else", arguments: [512, 4096])
    func changesBothCopies(sectorSizeBytes: Int) throws {
        let made = try TestDisk(sectorSizeBytes: sectorSizeBytes)
        let before = made.device.bytes
        try made.disk.update { $0.entries[3].attributes = PartitionAttributes(priority: 2, triesLeft: 1) }
        let reading = try made.disk.read()
        #expect(reading.isSound)
        #expect(reading.table.entries[3].attributes.rawValue == 0x0012_0000_0000_0000)
        let changed = before.indices.filter { before[$0] != made.device.bytes[$0] }
        let sectors = Set(changed.map { UInt64($0 / sectorSizeBytes) })
        let last = made.device.sizeBytes / UInt64(sectorSizeBytes) - 1
        #expect(sectors == [1, 2, last - UInt64(16384 / sectorSizeBytes), last])
    }

    @Test("Nothing is written when nothing changes, nor when the change is refused or unsound")
    func writesOnlyWhatIsNeeded() throws {
        let made = try TestDisk()
        let power = PowerSupply()
        let disk = PartitionedDisk(FaultyBlockDevice(made.device.bytes, power: power))
        try disk.update { $0.entries[2].name = "USR-A" }
        let refused = try disk.update { table throws(Refused) in
            table.entries[2].attributes.priority = 4
            throw Refused()
        }
        #expect(throws: Refused.self) { try refused.get() }
        #expect(throws: PartitionTableError.invalid(.entriesOverlap(3, 4))) {
            try disk.update { $0.entries[3].firstLBA -= 1 }
        }
        #expect(throws: PartitionTableError.invalid(.repeatedUniqueID(3, 4))) {
            try disk.update { $0.entries[3].uniqueID = $0.entries[2].uniqueID }
        }
        #expect(throws: PartitionTableError.self) { try disk.update { $0.entries.removeLast() } }
        #expect(power.operationCount == 0)
    }

    @Test("A damaged primary copy is rebuilt, durably, before the only good copy is touched")
    func rebuildsFirst() throws {
        let made = try TestDisk()
        try made.flipBit(at: made.primaryHeaderOffset + 88)
        let log = WriteLog(made.device)
        try PartitionedDisk(log).update { $0.entries[3].attributes.priority = 7 }
        let end = made.backupHeaderOffset
        #expect(
            log.entries == [
                .write(1024), .write(512), .flush, .write(end - 16384), .write(end), .flush, .write(1024), .write(512),
                .flush,
            ])
        #expect(try made.disk.read().isSound)
    }

    @Test("With both copies good, the backup is durable before the primary is touched")
    func orderOfWrites() throws {
        let made = try TestDisk()
        let log = WriteLog(made.device)
        try PartitionedDisk(log).update { $0.entries[3].attributes.priority = 7 }
        let end = made.backupHeaderOffset
        #expect(log.entries == [.write(end - 16384), .write(end), .flush, .write(1024), .write(512), .flush])
        #expect(log.lockCount == 1)
        #expect(!log.isLocked)
    }

    @Test("A disk that does not keep what was written is noticed")
    func noticesForgetfulDisk() throws {
        let made = try TestDisk()
        #expect(throws: PartitionTableError.notAsWritten) {
            try PartitionedDisk(ForgetfulDisk(whole: made.device)).update { $0.entries[3].attributes.priority = 7 }
        }
    }

    @Test("A disk smaller than its table is left alone")
    func refusesShrunkDisk() throws {
        let made = try TestDisk()
        let shrunk = MemoryBlockDevice(Array(made.device.bytes.dropLast(512)))
        let wanted = PartitionTableError.diskShrunk(reportedBytes: (4 << 20) - 512, describedBytes: 4 << 20)
        #expect(throws: wanted) { try PartitionedDisk(shrunk).read() }
        #expect(throws: wanted) { try PartitionedDisk(shrunk).repair() }
        #expect(throws: wanted) { try PartitionedDisk(shrunk).update { $0.entries[3].attributes.priority = 7 } }
        #expect(shrunk.bytes == Array(made.device.bytes.dropLast(512)))
    }

    @Test("On a disk that has grown, the backup moves to the new end", arguments: [1, 7, 32, 33, 4096], [512, 4096])
    func movesBackup(grownBySectors: Int, sectorSizeBytes: Int) throws {
        let made = try TestDisk(sectorSizeBytes: sectorSizeBytes)
        let added = [UInt8](repeating: 0, count: grownBySectors * sectorSizeBytes)
        let grown = MemoryBlockDevice(made.device.bytes + added, sectorSizeBytes: sectorSizeBytes)
        let disk = PartitionedDisk(grown)
        #expect(try disk.read().hasDiskGrown)
        let reading = try disk.repair()
        #expect(reading.isSound)
        #expect(reading.table.entries == made.table.entries)
        #expect(reading.table.lastUsableLBA == made.table.lastUsableLBA + UInt64(grownBySectors))
        try grown.write([0], at: UInt64(sectorSizeBytes))
        #expect(try disk.read().table == reading.table, "the moved backup serves alone")
    }

    @Test("Power lost while the backup moves leaves a valid table")
    func movesBackupSafely() throws {
        let made = try TestDisk()
        let grown = made.device.bytes + [UInt8](repeating: 0, count: 7 * 512)
        var cutPoint = 1
        var isDone = false
        while !isDone {
            for survival in CacheSurvival.allCases {
                let power = PowerSupply(seed: UInt64(cutPoint))
                let disk = PartitionedDisk(FaultyBlockDevice(grown, power: power))
                power.cut(atOperation: cutPoint, survival: survival)
                isDone = (try? disk.repair()) != nil
                power.restore()
                #expect(try disk.read().table.entries == made.table.entries, "cut at \(cutPoint), \(survival)")
                #expect(try disk.repair().isSound)
            }
            cutPoint += 1
        }
        #expect(cutPoint > 6)
    }

    @Test("Partitions are placed behind each other, aligned, until the disk is full")
    func placesPartitions() throws {
        var table = try GUIDPartitionTable.empty(diskID: .zero, diskSizeBytes: 8 << 20, sectorSizeBytes: 512)
        var random = SeededRandom(seed: 3)
        for number in 1...3 {
            let partition = NewPartition(
                typeID: try guid("0fc63daf-8483-4772-8e79-3d69d8477de4"), uniqueID: .random(using: &random),
                name: "part \(number)", sizeBytes: (1 << 20) + 1)
            try table.place(partition, as: number, sectorSizeBytes: 512)
        }
        #expect(table.partitions.map(\.entry.firstLBA) == [2048, 6144, 10240])
        #expect(table.partitions.map(\.entry.sectorCount) == [2049, 2049, 2049])
        #expect(table.flaw == nil)
        let large = NewPartition(typeID: table.entries[0].typeID, uniqueID: .zero, name: "", sizeBytes: 2 << 20)
        #expect(throws: PartitionTableError.noRoom(sizeBytes: 2 << 20)) {
            try table.place(large, as: 9, sectorSizeBytes: 512)
        }
    }
}

/// Notes in which order a disk is written.
private final class WriteLog: ExclusivelyLockable {
    enum Entry: Hashable {
        case write(UInt64)
        case flush
    }

    private struct State {
        var entries: [Entry] = []
        var lockCount = 0
        var isLocked = false
    }

    private let whole: MemoryBlockDevice
    private let state = Mutex(State())

    init(_ whole: MemoryBlockDevice) { self.whole = whole }

    var sizeBytes: UInt64 { whole.sizeBytes }
    var sectorSizeBytes: Int { whole.sectorSizeBytes }
    var entries: [Entry] { state.withLock { $0.entries } }
    var lockCount: Int { state.withLock { $0.lockCount } }
    var isLocked: Bool { state.withLock { $0.isLocked } }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        #expect(isLocked)
        return try whole.read(at: offsetBytes, count: count)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        #expect(isLocked)
        state.withLock { $0.entries.append(.write(offsetBytes)) }
        try whole.write(bytes, at: offsetBytes)
    }

    func flush() { state.withLock { $0.entries.append(.flush) } }

    func lockExclusively() {
        state.withLock {
            $0.lockCount += 1
            $0.isLocked = true
        }
    }

    func unlock() { state.withLock { $0.isLocked = false } }
}

/// Takes writes and keeps nothing.
private struct ForgetfulDisk: BlockDevice {
    let whole: MemoryBlockDevice
    var sizeBytes: UInt64 { whole.sizeBytes }
    var sectorSizeBytes: Int { whole.sectorSizeBytes }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try whole.read(at: offsetBytes, count: count)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {}
    func flush() throws(DeviceError) {}
}
