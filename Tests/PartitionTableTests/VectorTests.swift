import FleetTestKit
import PartitionTable
import SlotDevice
import Testing
import UpdateModel

/// A table of 131072 sectors of 512 bytes with one good and one fresh slot, as sgdisk 1.0.9 wrote it.
@Suite struct VectorTests {
    private static let primaryHeader = """
        4546492050415254000001005c000000a8046431000000000100000000000000ffff0100000000002200000000000000\
        deff010000000000000000000000000000000000000000010200000000000000800000008000000073774d54
        """
    private static let backupHeader = """
        4546492050415254000001005c0000006dc868bf00000000ffff01000000000001000000000000002200000000000000\
        deff01000000000000000000000000000000000000000001dfff010000000000800000008000000073774d54
        """
    private static let entryA = """
        f4f5fb5d4828ac4baa5e0d9a20b745a64ac930713a215a4e8e266cce9662f132\
        0008000000000000ff8700000000000000000000000001015500530052002d00
        """
    private static let entryB = """
        f4f5fb5d4828ac4baa5e0d9a20b745a65cd33de02d7c474ab3fe27f15780a57c\
        0088000000000000ff0701000000000000000000000012005500530052002d00
        """
    private static let diskSizeBytes: UInt64 = 131_072 * 512

    @Test("Our table is the same as sgdisk's, byte for byte")
    func writesTheSameBytes() throws {
        let device = MemoryBlockDevice(sizeBytes: Self.diskSizeBytes)
        try PartitionedDisk(device).create(try table())
        #expect(Hexadecimal.encode(try device.read(at: 512, count: 92)) == Self.primaryHeader)
        #expect(Hexadecimal.encode(try device.read(at: Self.diskSizeBytes - 512, count: 92)) == Self.backupHeader)
        #expect(Hexadecimal.encode(try device.read(at: 1024 + 2 * 128, count: 64)) == Self.entryA)
        #expect(Hexadecimal.encode(try device.read(at: 1024 + 3 * 128, count: 64)) == Self.entryB)
        #expect(CRC32.checksum(try device.read(at: 1024, count: 16384)) == 0x544D_7773)
        #expect(try device.read(at: 1024, count: 16384) == device.read(at: (131_071 - 32) * 512, count: 16384))
    }

    @Test("The boot loader takes slot B of it, and leaves 0x0002000000000000 behind")
    func loaderTakesSlotB() throws {
        let device = MemoryBlockDevice(sizeBytes: Self.diskSizeBytes)
        try PartitionedDisk(device).create(try table())
        let kernels = FaultyFileArea(power: PowerSupply())
        _ = try kernels.create("vmlinuz-b", sizeBytes: 1)
        #expect(try FirmwareModel(disk: device, kernels: kernels) { _, _ in true }.boot() == .booted(.b))
        let after = try PartitionedDisk(device).read()
        #expect(after.isSound)
        #expect(after.table.entries[3].attributes.rawValue == 0x0002_0000_0000_0000)
        #expect(after.table.entries[2].attributes.rawValue == 0x0101_0000_0000_0000)
    }

    private func table() throws -> GUIDPartitionTable {
        var table = try GUIDPartitionTable.empty(
            diskID: try guid("00000000-0000-0000-0000-000000000001"), diskSizeBytes: Self.diskSizeBytes,
            sectorSizeBytes: 512)
        table.entries[2] = PartitionEntry(
            typeID: try guid("5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"),
            uniqueID: try guid("7130c94a-213a-4e5a-8e26-6cce9662f132"), firstLBA: 2048, lastLBA: 34815,
            attributes: PartitionAttributes(priority: 1, isSuccessful: true), name: "USR-A")
        table.entries[3] = PartitionEntry(
            typeID: try guid("5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"),
            uniqueID: try guid("e03dd35c-7c2d-4a47-b3fe-27f15780a57c"), firstLBA: 34816, lastLBA: 67583,
            attributes: PartitionAttributes(priority: 2, triesLeft: 1), name: "USR-B")
        return table
    }
}
