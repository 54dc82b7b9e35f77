import PartitionTable
import SlotDevice
import Testing

/// A GUID that a test knows to be well-formed.
func guid(_ text: String) throws -> GUID { try #require(GUID(text)) }

/// A disk in memory with two slots, and both copies of its table sound.
struct TestDisk {
    let device: MemoryBlockDevice
    let table: GUIDPartitionTable
    var disk: PartitionedDisk { PartitionedDisk(device) }

    init(sizeBytes: UInt64 = 4 << 20, sectorSizeBytes: Int = 512) throws {
        device = MemoryBlockDevice(sizeBytes: sizeBytes, sectorSizeBytes: sectorSizeBytes)
        var table = try GUIDPartitionTable.empty(
            diskID: try guid("00000000-0000-0000-0000-000000000001"), diskSizeBytes: sizeBytes,
            sectorSizeBytes: sectorSizeBytes)
        for (number, name) in [(3, "USR-A"), (4, "USR-B")] {
            let partition = NewPartition(
                typeID: try guid("5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"),
                uniqueID: try guid("7130c94a-213a-4e5a-8e26-6cce9662f13\(number)"), name: name, sizeBytes: 1 << 20)
            try table.place(partition, as: number, sectorSizeBytes: sectorSizeBytes)
        }
        try PartitionedDisk(device).create(table)
        self.table = table
    }

    /// Another disk with the same content.
    init(copying other: TestDisk) {
        device = MemoryBlockDevice(other.device.bytes, sectorSizeBytes: other.sectorSizeBytes)
        table = other.table
    }

    var sectorSizeBytes: Int { device.sectorSizeBytes }
    var primaryHeaderOffset: UInt64 { UInt64(sectorSizeBytes) }
    var backupHeaderOffset: UInt64 { device.sizeBytes - UInt64(sectorSizeBytes) }

    func flipBit(at offset: UInt64) throws {
        var byte = try device.read(at: offset, count: 1)
        byte[0] ^= 0x10
        try device.write(byte, at: offset)
    }

    /// Writes `value` into the header at `offset` and sets its checksum right again.
    func putHeaderField(_ value: [UInt8], at field: Int, ofHeaderAt offset: UInt64) throws {
        var header = try device.read(at: offset, count: sectorSizeBytes)
        header.replaceSubrange(field..<field + value.count, with: value)
        header.replaceSubrange(16..<20, with: [0, 0, 0, 0])
        let size = Int(littleEndian(header[12..<16]))
        let covered = header.prefix(min(size, header.count))
        header.replaceSubrange(16..<20, with: bytes(UInt64(CRC32.checksum(covered)), count: 4))
        try device.write(header, at: offset)
    }

    /// Writes `value` into the array of the header at `offset` and sets all checksums right again.
    func putEntryField(_ value: [UInt8], at field: Int, ofEntry number: Int, ofHeaderAt offset: UInt64) throws {
        let header = try device.read(at: offset, count: 512)
        let start = littleEndian(header[72..<80]) * UInt64(sectorSizeBytes)
        var entries = try device.read(at: start, count: 128 * 128)
        let place = (number - 1) * 128 + field
        entries.replaceSubrange(place..<place + value.count, with: value)
        try device.write(entries, at: start)
        try putHeaderField(bytes(UInt64(CRC32.checksum(entries)), count: 4), at: 88, ofHeaderAt: offset)
    }
}

func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

func bytes(_ value: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
}
