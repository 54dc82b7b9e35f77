import BootControl
import BootControlGPT
import FleetTestKit
import PartitionTable
import SlotDevice
import Testing
import UpdateModel

/// A small disk with two slots, a directory with both kernels, and power that can be cut.
struct PowerCutRig {
    let power: PowerSupply
    let disk: FaultyBlockDevice
    let kernels: FaultyFileArea

    /// - Parameter image: what ``image(_:)`` made.
    init(image: [UInt8], seed: UInt64) throws {
        power = PowerSupply(seed: seed)
        disk = FaultyBlockDevice(image, power: power)
        kernels = FaultyFileArea(power: power)
        for slot in Slot.allCases {
            let kernel = try kernels.create("vmlinuz-\(slot)", sizeBytes: 16)
            try kernel.write([UInt8](repeating: 0x7F, count: 16), at: 0)
            try kernel.flush()
        }
        power.reset()
    }

    /// The content of a disk whose slots have the given attributes, in both copies of the table.
    static func image(_ attributesA: PartitionAttributes, _ attributesB: PartitionAttributes) throws -> [UInt8] {
        var sizes = FlatcarDiskSizes(
            usr: 16 << 10, efiSystem: 4096, biosBoot: 4096, oem: 4096, oemConfig: 4096, root: 4096)
        sizes.alignmentBytes = 4096
        let device = MemoryBlockDevice(sizeBytes: sizes.diskBytes)
        var random = SeededRandom(seed: 1)
        try FlatcarDiskLayout.create(on: device, sizes: sizes, using: &random)
        try PartitionedDisk(device).update { table in
            table.entries[2].attributes = attributesA
            table.entries[3].attributes = attributesB
        }
        return device.bytes
    }

    func control(booted: Slot) -> GPTBootControl { GPTBootControl(device: disk, booted: booted) }

    var firmware: FirmwareModel {
        FirmwareModel(disk: disk, kernels: kernels) { _, kernel in
            (try? kernel.read(at: 0, count: 16)) == [UInt8](repeating: 0x7F, count: 16)
        }
    }

    /// What the boot loader's bits say now, slot A's and slot B's.
    func words() throws -> [UInt64] {
        try PartitionedDisk(disk).read().table.entries[2...3].map(\.attributes.rawValue)
    }
}

/// Something that the engine does to the boot order.
enum BootOrderStep: String, CaseIterable, CustomTestStringConvertible {
    case invalidate, activate, confirm, reject, repair

    var testDescription: String { rawValue }

    /// The slots before it: A is good and runs, B is what the step is about.
    var before: (a: PartitionAttributes, b: PartitionAttributes) {
        let good = PartitionAttributes(priority: 1, isSuccessful: true)
        return switch self {
        case .invalidate: (good, PartitionAttributes(priority: 2, isSuccessful: true))
        case .activate: (good, PartitionAttributes())
        case .confirm, .reject: (good, PartitionAttributes(priority: 2))
        case .repair: (good, PartitionAttributes(priority: 2, triesLeft: 1))
        }
    }

    var booted: Slot { self == .confirm || self == .reject ? .b : .a }

    func run(on control: GPTBootControl) throws {
        switch self {
        case .invalidate: try control.invalidate(.b)
        case .activate: try control.activate(.b, tries: 1)
        case .confirm: try control.confirm(.b)
        case .reject: try control.reject(.b)
        case .repair: try control.repairTable()
        }
    }
}
