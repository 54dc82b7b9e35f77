import FuzzDriver
import Glibc
import PartitionTable
import SlotDevice

// Takes any bytes as a disk, with sectors of both sizes. Reading it may not crash; what is read must be sound, fit the
// disk, and be repaired into a table that says the same.
exit(
    fuzz { bytes in
        for sectorSizeBytes in [512, 4096] where bytes.count <= 4 << 20 {
            let disk = MemoryBlockDevice(withChecksums(bytes, sectorSizeBytes), sectorSizeBytes: sectorSizeBytes)
            guard let found = try? PartitionedDisk(disk).read() else { continue }
            precondition(found.table.flaw == nil, "An unsound table was read.")
            for (_, entry) in found.table.partitions {
                precondition((try? entry.region(of: disk)) != nil, "A partition lies outside the disk.")
                _ = entry.name
            }
            guard let repaired = try? PartitionedDisk(disk).repair() else { continue }
            precondition(
                repaired.isSound && repaired.table.entries == found.table.entries, "A repair changed the table.")
        }
    })

/// The input with the checksums of both copies set right, so that the fuzzer gets past them, if its last byte is odd.
private func withChecksums(_ bytes: [UInt8], _ sectorSizeBytes: Int) -> [UInt8] {
    guard let last = bytes.last, last & 1 == 1 else { return bytes }
    var sealed = bytes
    let backup = (bytes.count / sectorSizeBytes - 1) * sectorSizeBytes
    for header in [sectorSizeBytes, backup] where header >= sectorSizeBytes && header + 92 <= bytes.count {
        let start = number(sealed, header + 72, 8).multipliedReportingOverflow(by: UInt64(sectorSizeBytes))
        let size = number(sealed, header + 80, 4) * number(sealed, header + 84, 4) % (1 << 21)
        if !start.overflow, start.partialValue <= UInt64(bytes.count), size <= UInt64(bytes.count) - start.partialValue
        {
            let entries = sealed[Int(start.partialValue)..<Int(start.partialValue + size)]
            put(CRC32.checksum(entries), &sealed, header + 88)
        }
        put(92, &sealed, header + 12)
        put(0, &sealed, header + 16)
        put(CRC32.checksum(sealed[header..<header + 92]), &sealed, header + 16)
    }
    return sealed
}

private func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

private func put(_ value: UInt32, _ bytes: inout [UInt8], _ offset: Int) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
}
