import BootControlGPT
import FoundationEssentials
import HostLinux
package import PartitionTable
import SlotDevice
package import UpdateModel

/// A machine's disk: a sparse file with Flatcar's partitions.
package struct MachineDisk: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// Installs `image` in slot A, as a fresh machine has it.
    ///
    /// - Parameter bootFiles: the folder in which the boot loader looks for kernels.
    package static func install(_ image: BuiltImage, on path: String, bootFiles: String) throws -> MachineDisk {
        let sizes = FlatcarDiskSizes(usr: image.imageBytes + (4 << 20))
        let device = try FileBlockDevice.create(path: path, sizeBytes: sizes.diskBytes)
        var generator = SystemRandomNumberGenerator()
        try FlatcarDiskLayout.create(on: device, sizes: sizes, using: &generator)
        let disk = MachineDisk(path: path)
        let region = try disk.entry(of: .a).region(of: device)
        let source = try FileBlockDevice(path: image.image, access: .readOnly)
        try copy(source, to: region)
        try device.flush()
        try Folder.copy(image.kernel, to: "\(bootFiles)/vmlinuz-\(Slot.a)")
        return disk
    }

    /// The table as it stands on the disk, read past every program that has it open.
    package func table() throws -> GUIDPartitionTable {
        try PartitionedDisk(FileBlockDevice(path: path, access: .readOnly)).read().table
    }

    package func entry(of slot: Slot) throws -> PartitionEntry {
        let wanted = FlatcarPartition.usrUniqueID(of: slot)
        guard let entry = try table().entries.first(where: { $0.uniqueID == wanted }) else {
            throw DemoError.fileFailed(path: path, reason: "it has no partition for slot \(slot)")
        }
        return entry
    }

    /// SHA-256 of the first `byteCount` bytes of a slot.
    package func digest(of slot: Slot, byteCount: UInt64) throws -> SHA256Digest {
        let device = try FileBlockDevice(path: path, access: .readOnly)
        let region = try entry(of: slot).region(of: device)
        return try FileDigest.sha256(of: region, byteCount: min(byteCount, region.sizeBytes))
    }

    /// Leaves holes where there are only zeros.
    private static func copy(_ source: FileBlockDevice, to target: DeviceRegion) throws(DeviceError) {
        let piece = 1 << 18
        var offset: UInt64 = 0
        while offset < source.sizeBytes {
            let bytes = try source.read(at: offset, count: Int(min(UInt64(piece), source.sizeBytes - offset)))
            if bytes.contains(where: { $0 != 0 }) { try target.write(bytes, at: offset) }
            offset += UInt64(bytes.count)
        }
    }
}
