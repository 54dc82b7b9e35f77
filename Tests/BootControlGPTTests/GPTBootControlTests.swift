import BootControl
import BootControlGPT
import FleetTestKit
import PartitionTable
import SlotDevice
import Testing
import UpdateModel

/// A disk as in a fresh image, small.
func freshDisk(sectorSizeBytes: Int = 512, seed: UInt64 = 1) throws -> MemoryBlockDevice {
    let sizes = FlatcarDiskSizes(usr: 2 << 20)
    let device = MemoryBlockDevice(sizeBytes: sizes.diskBytes, sectorSizeBytes: sectorSizeBytes)
    var random = SeededRandom(seed: seed)
    try FlatcarDiskLayout.create(on: device, sizes: sizes, using: &random)
    return device
}

@Suite struct GPTBootControlTests {
    @Test("It keeps every promise of the port", arguments: [512, 4096])
    func contract(sectorSizeBytes: Int) throws {
        try BootControlContract.check(
            GPTBootControl(device: freshDisk(sectorSizeBytes: sectorSizeBytes), booted: .a))
    }

    @Test("It keeps them in slot B too")
    func contractInSlotB() throws {
        let device = try freshDisk()
        let control = GPTBootControl(device: device, booted: .b)
        try control.confirm(.b)
        try GPTBootControl(device: device, booted: .b).invalidate(.a)
        try BootControlContract.check(control)
    }

    @Test("Slot A of a fresh disk is good and slot B is empty")
    func freshState() throws {
        let control = GPTBootControl(device: try freshDisk(), booted: .a)
        #expect(try control.status(of: .a) == SlotBootStatus(priority: 1, triesLeft: 0, isSuccessful: true))
        #expect(try control.status(of: .b) == SlotBootStatus(priority: 0, triesLeft: 0, isSuccessful: false))
        #expect(try control.tableCondition() == .sound)
    }

    @Test("A slot's device is its partition and nothing else")
    func slotDevice() throws {
        let device = try freshDisk()
        let control = GPTBootControl(device: device, booted: .a)
        let slot = try control.slotDevice(.b)
        #expect(slot.sizeBytes == 2 << 20)
        let entry = try PartitionedDisk(device).read().table.entries[3]
        try slot.write([1, 2, 3], at: 0)
        #expect(try device.read(at: entry.firstLBA * 512, count: 3) == [1, 2, 3])
        #expect(throws: DeviceError.self) { try slot.write([0], at: slot.sizeBytes) }
    }

    @Test("Slots are known by their labels where an installation gave them ids of their own")
    func ownUniqueIDs() throws {
        let device = try freshDisk()
        var random = SeededRandom(seed: 4)
        try PartitionedDisk(device).update { table in
            table.entries[2].uniqueID = .random(using: &random)
            table.entries[3].uniqueID = .random(using: &random)
        }
        try BootControlContract.check(GPTBootControl(device: device, booted: .a))
    }

    @Test("A disk without one of the slots, or with two of one, is refused by name")
    func oddSlots() throws {
        let missing = try freshDisk()
        try PartitionedDisk(missing).update { $0.entries[3] = .unused }
        #expect(throws: BootControlError.unreadable(reason: "the disk has no partition USR-B")) {
            try GPTBootControl(device: missing, booted: .a).next()
        }
        let twice = try freshDisk()
        var random = SeededRandom(seed: 4)
        try PartitionedDisk(twice).update { table in
            for index in [2, 3] {
                table.entries[index].uniqueID = .random(using: &random)
                table.entries[index].name = "USR-A"
            }
        }
        #expect(throws: BootControlError.unreadable(reason: "the disk has 2 partitions USR-A")) {
            try GPTBootControl(device: twice, booted: .a).status(of: .a)
        }
    }

    @Test("A partition of another type that bears a slot's label is no slot")
    func typeCounts() throws {
        let device = try freshDisk()
        try PartitionedDisk(device).update { $0.entries[8].name = "USR-A" }
        #expect(try GPTBootControl(device: device, booted: .a).next() == .a)
    }

    @Test("One damaged copy of the table is repaired by the next change; two are a clear error")
    func damagedTable() throws {
        let device = try freshDisk()
        let control = GPTBootControl(device: device, booted: .a)
        try device.write([0], at: 512)
        #expect(try control.next() == .a)
        try control.activate(.b, tries: 1)
        #expect(try control.tableCondition() == .sound)
        #expect(try control.next() == .b)
        try device.write([0], at: device.sizeBytes - 512)
        try control.repairTable()
        #expect(try control.tableCondition() == .sound)
        try device.write([0], at: 512)
        try device.write([0], at: device.sizeBytes - 512)
        do {
            _ = try control.next()
            Issue.record("a disk without a table has a next slot")
        } catch {
            #expect(error.userMessage.exit == .badData)
        }
    }

    @Test("Choices agree with the boot loader's, from every state of two slots")
    func agreesWithFirmware() throws {
        let device = try freshDisk()
        let kernels = FaultyFileArea(power: PowerSupply())
        for slot in Slot.allCases { _ = try kernels.create("vmlinuz-\(slot)", sizeBytes: 1) }
        let values = [0, 1, 2].flatMap { priority in
            [0, 1].flatMap { tries in
                [false, true].map { PartitionAttributes(priority: priority, triesLeft: tries, isSuccessful: $0) }
            }
        }
        for attributesA in values {
            for attributesB in values {
                try PartitionedDisk(device).update {
                    $0.entries[2].attributes = attributesA
                    $0.entries[3].attributes = attributesB
                }
                let expected = try GPTBootControl(device: device, booted: .a).next()
                let outcome = try FirmwareModel(disk: device, kernels: kernels) { _, _ in true }.boot()
                let booted: Slot? = if case .booted(let slot) = outcome { slot } else { nil }
                #expect(booted == expected, "\(attributesA) \(attributesB)")
            }
        }
    }
}

@Suite struct FlatcarDiskLayoutTests {
    @Test("Partitions have Flatcar's numbers, labels, types and alignment")
    func layout() throws {
        let table = try PartitionedDisk(freshDisk()).read().table
        #expect(table.partitions.map(\.number) == [1, 2, 3, 4, 6, 7, 9])
        #expect(
            table.partitions.map(\.entry.name) == [
                "EFI-SYSTEM", "BIOS-BOOT", "USR-A", "USR-B", "OEM", "OEM-CONFIG", "ROOT",
            ])
        #expect(table.partitions.allSatisfy { $0.entry.firstLBA.isMultiple(of: 4096) })
        #expect(table.entries[2].uniqueID.description == "7130c94a-213a-4e5a-8e26-6cce9662f132")
        #expect(table.entries[3].uniqueID.description == "e03dd35c-7c2d-4a47-b3fe-27f15780a57c")
    }

    @Test("Two disks share the slots' ids and nothing else")
    func idsOfTwoDisks() throws {
        let first = try PartitionedDisk(freshDisk(seed: 1)).read().table
        let second = try PartitionedDisk(freshDisk(seed: 2)).read().table
        #expect(first.diskID != second.diskID)
        for (left, right) in zip(first.partitions, second.partitions) {
            #expect((left.entry.uniqueID == right.entry.uniqueID) == left.entry.name.hasPrefix("USR-"))
        }
    }

    @Test("A disk that is too small says so and is left alone")
    func tooSmall() throws {
        let device = MemoryBlockDevice(sizeBytes: 8 << 20)
        var random = SeededRandom(seed: 1)
        #expect(throws: PartitionTableError.noRoom(sizeBytes: 64 << 20)) {
            try FlatcarDiskLayout.create(on: device, sizes: FlatcarDiskSizes(usr: 64 << 20), using: &random)
        }
        #expect(device.bytes.allSatisfy { $0 == 0 })
    }

    @Test("The sizes of Flatcar's own images fit the disk that they ask for")
    func realSizes() throws {
        #expect(FlatcarDiskSizes.flatcar.diskBytes > 7 << 30)
        #expect(FlatcarDiskSizes.flatcar[.root] == 3_653_632 * 512)
    }
}

@Suite struct KernelCommandLineTests {
    @Test(
        "The running slot is the one that the kernel was told to mount",
        arguments: [
            (
                "BOOT_IMAGE=/flatcar/vmlinuz-a mount.usr=/dev/mapper/usr verity.usr=PARTUUID=7130c94a-213a-4e5a-8e26-6cce9662f132 root=LABEL=ROOT",
                .a
            ),
            ("mount.usr=/dev/mapper/usr verity.usr=PARTUUID=E03DD35C-7C2D-4A47-B3FE-27F15780A57C\n", .b),
            ("mount.usr=PARTLABEL=USR-B", .b),
            ("usr=PARTUUID=7130c94a-213a-4e5a-8e26-6cce9662f132", .a),
            ("root=/dev/sda1 quiet", nil),
            ("", nil),
            ("xverity.usr=PARTUUID=7130c94a-213a-4e5a-8e26-6cce9662f132", nil),
        ] as [(String, Slot?)])
    func slotOfCommandLine(text: String, slot: Slot?) {
        #expect(Slot(kernelCommandLine: text) == slot)
    }
}
