import FleetTestKit
import PartitionTable
import SlotDevice
import Testing
import UpdateModel

/// Tables whose checksums are right and whose content is not.
@Suite struct HostileTableTests {
    private static let odd: [UInt64] = [
        0, 1, 2, 33, 34, 0x7F, 0x80, 0xFF, 0x100, 0x1FFF, 0x2000, 0xFFFF_FFFF, 0x1_0000_0000, 1 << 55, 1 << 62,
        (1 << 63) - 1, 1 << 63, .max - 511, .max - 1, .max,
    ]
    /// Offset and size of each field of the header that a reader uses.
    private static let headerFields = [
        (8, 4), (12, 4), (20, 4), (24, 8), (32, 8), (40, 8), (48, 8), (72, 8), (80, 4), (84, 4), (88, 4),
    ]

    @Test("Each field of a header with each odd value is refused or harmless, in either copy", arguments: [512, 4096])
    func oddHeaders(sectorSizeBytes: Int) throws {
        let sound = try TestDisk(sectorSizeBytes: sectorSizeBytes)
        for (field, size) in Self.headerFields {
            for value in Self.odd {
                for copy in [0, 1, 2] {
                    let made = TestDisk(copying: sound)
                    let bytes = bytes(value, count: size)
                    if copy != 1 { try made.putHeaderField(bytes, at: field, ofHeaderAt: made.primaryHeaderOffset) }
                    if copy != 0 { try made.putHeaderField(bytes, at: field, ofHeaderAt: made.backupHeaderOffset) }
                    isHandled(made)
                }
            }
        }
    }

    @Test("Each place of an entry with each odd value is refused or harmless")
    func oddEntries() throws {
        let sound = try TestDisk()
        for field in [32, 40] {
            for value in Self.odd {
                let made = TestDisk(copying: sound)
                for header in [made.primaryHeaderOffset, made.backupHeaderOffset] {
                    try made.putEntryField(bytes(value, count: 8), at: field, ofEntry: 3, ofHeaderAt: header)
                }
                isHandled(made)
            }
        }
    }

    @Test(
        "Each rule names itself",
        arguments: [
            (8, [2, 0, 1, 0], .unknownRevision(0x10002)), (20, [1], .reservedBytesUsed), (24, [2], .wrongAddress),
            (12, [91], .wrongHeaderSize(91)), (12, [1, 2], .wrongHeaderSize(513)),
            (40, [0xFF, 0xFF], .wrongUsableRange),
            (72, [1], .misplacedEntries), (72, [3], .misplacedEntries),
            (80, [0], .wrongEntryGeometry(count: 0, sizeBytes: 128)),
            (80, [1, 4], .wrongEntryGeometry(count: 1025, sizeBytes: 128)),
            (84, [0x81], .wrongEntryGeometry(count: 128, sizeBytes: 129)),
            (84, [64], .wrongEntryGeometry(count: 128, sizeBytes: 64)), (88, [0], .wrongEntriesChecksum),
        ] as [(Int, [UInt8], TableFlaw)])
    func namesTheRule(field: Int, value: [UInt8], flaw: TableFlaw) throws {
        let made = try TestDisk()
        try made.putHeaderField(value, at: field, ofHeaderAt: made.primaryHeaderOffset)
        #expect(try made.disk.read().condition == .primaryDamaged(flaw))
    }

    @Test(
        "Rules about entries name the partition",
        arguments: [
            (32, 0, .entryOutsideUsableRange(3)), (32, 1 << 40, .entryEndsBeforeItBegins(3)),
            (40, 1 << 40, .entryOutsideUsableRange(3)), (40, 4097, .entriesOverlap(3, 4)),
        ] as [(Int, UInt64, TableFlaw)])
    func namesThePartition(field: Int, value: UInt64, flaw: TableFlaw) throws {
        let made = try TestDisk()
        try made.putEntryField(bytes(value, count: 8), at: field, ofEntry: 3, ofHeaderAt: made.primaryHeaderOffset)
        #expect(try made.disk.read().condition == .primaryDamaged(flaw))
    }

    @Test("Noise over a table, with checksums set right, never traps")
    func noise() throws {
        var random = SeededRandom(seed: 2026)
        let sound = try TestDisk()
        for _ in 0..<400 {
            let made = TestDisk(copying: sound)
            for header in [made.primaryHeaderOffset, made.backupHeaderOffset] where Bool.random(using: &random) {
                let place = Int.random(in: 24..<92, using: &random)
                let count = Int.random(in: 1...min(8, 92 - place), using: &random)
                try made.putHeaderField(random.bytes(count), at: place, ofHeaderAt: header)
            }
            isHandled(made)
        }
    }

    @Test("Every refusal is a sentence for a person and exits as bad data")
    func saysWhy() throws {
        let device = MemoryBlockDevice(sizeBytes: 1 << 20)
        do {
            _ = try PartitionedDisk(device).read()
            Issue.record("an empty disk has a table")
        } catch {
            #expect(error.userMessage.exit == .badData)
            #expect(error.userMessage.line == "The disk has no usable partition table: there is no GPT signature.")
        }
    }

    /// Whatever was read is sound and lies on the disk, and can be repaired without losing a partition.
    private func isHandled(_ made: TestDisk) {
        guard let found = try? made.disk.read() else { return }
        #expect(found.table.flaw == nil)
        for (_, entry) in found.table.partitions {
            #expect((try? entry.region(of: made.device)) != nil)
        }
        guard let repaired = try? made.disk.repair() else { return }
        #expect(repaired.isSound)
        #expect(repaired.table.entries == found.table.entries)
    }
}
