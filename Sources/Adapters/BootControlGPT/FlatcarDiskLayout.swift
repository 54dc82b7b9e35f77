package import PartitionTable
package import SlotDevice
import UpdateModel

/// The sizes of the partitions of a Flatcar disk, in bytes.
package struct FlatcarDiskSizes: Hashable, Sendable {
    package var efiSystem: UInt64
    package var biosBoot: UInt64
    /// Of each of the two slots.
    package var usr: UInt64
    package var oem: UInt64
    package var oemConfig: UInt64
    package var root: UInt64

    /// Partitions begin on multiples of this: a power of two, at least one sector.
    package var alignmentBytes = 2 << 20

    /// Small partitions around two slots of `usr` bytes: room for tables and numbers, not for a whole system.
    package init(
        usr: UInt64, efiSystem: UInt64 = 2 << 20, biosBoot: UInt64 = 2 << 20, oem: UInt64 = 2 << 20,
        oemConfig: UInt64 = 2 << 20, root: UInt64 = 2 << 20
    ) {
        self.efiSystem = efiSystem
        self.biosBoot = biosBoot
        self.usr = usr
        self.oem = oem
        self.oemConfig = oemConfig
        self.root = root
    }

    /// As in Flatcar's images since October 2025.
    package static let flatcar = FlatcarDiskSizes(
        usr: 2 << 30, efiSystem: 1 << 30, biosBoot: 2 << 20, oem: 1 << 30, oemConfig: 64 << 20, root: 3_653_632 * 512)

    package subscript(_ partition: FlatcarPartition) -> UInt64 {
        switch partition {
        case .efiSystem: efiSystem
        case .biosBoot: biosBoot
        case .usrA, .usrB: usr
        case .oem: oem
        case .oemConfig: oemConfig
        case .root: root
        }
    }

    /// What a disk needs to hold them all, with both copies of the table.
    package var diskBytes: UInt64 {
        let alignment = UInt64(alignmentBytes)
        let partitions = FlatcarPartition.allCases.reduce(UInt64(0)) { sum, partition in
            sum + (self[partition] + alignment - 1) / alignment * alignment
        }
        // The table's copies take less than 32 KiB each, whatever the sectors.
        return partitions + 2 * max(alignment, 32 << 10)
    }
}

/// Makes disks as Flatcar's images have them.
package enum FlatcarDiskLayout {
    /// Writes the partition table of a fresh image: slot A is good and first, slot B is empty.
    /// - Parameter generator: chance for the ids of the disk and of the partitions other than the slots.
    /// - Returns: the table.
    @discardableResult package static func create(
        on device: any BlockDevice, sizes: FlatcarDiskSizes, using generator: inout some RandomNumberGenerator
    ) throws(PartitionTableError) -> GUIDPartitionTable {
        var table = try GUIDPartitionTable.empty(
            diskID: .random(using: &generator), diskSizeBytes: device.sizeBytes,
            sectorSizeBytes: device.sectorSizeBytes)
        for partition in FlatcarPartition.allCases {
            let planned = NewPartition(
                typeID: partition.typeID, uniqueID: uniqueID(of: partition, using: &generator), name: partition.label,
                sizeBytes: sizes[partition], attributes: attributes(of: partition))
            try table.place(
                planned, as: partition.number, sectorSizeBytes: device.sectorSizeBytes,
                alignmentBytes: sizes.alignmentBytes)
        }
        try PartitionedDisk(device).create(table)
        return table
    }

    private static func uniqueID(
        of partition: FlatcarPartition, using generator: inout some RandomNumberGenerator
    ) -> GUID {
        switch partition {
        case .usrA: FlatcarPartition.usrUniqueID(of: .a)
        case .usrB: FlatcarPartition.usrUniqueID(of: .b)
        case .efiSystem, .biosBoot, .oem, .oemConfig, .root: .random(using: &generator)
        }
    }

    private static func attributes(of partition: FlatcarPartition) -> PartitionAttributes {
        partition == .usrA ? PartitionAttributes(priority: 1, isSuccessful: true) : PartitionAttributes()
    }
}
