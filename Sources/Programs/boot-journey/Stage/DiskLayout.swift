import FleetDemo
import HostLinux
import PartitionTable
import QemuKit
import SlotDevice
import UpdateModel

/// Lays a disk out as an act needs it: the disk image of 1.0.0, with other releases written over its slots.
struct DiskLayout: Sendable {
    let shelf: ImageShelf
    let opening: Opening

    /// Larger than the image is, so that the state partition has something to grow into.
    static let diskBytes: UInt64 = 3 << 30

    func write(to disk: GuestDisk) async throws {
        try Folder.remove(disk.path)
        _ = try await GuestDisk.copy(of: shelf.disk, at: disk.path, scratch: disk.scratch)
        _ = try FileBlockDevice.create(path: disk.path, sizeBytes: Self.diskBytes)
        guard opening != Opening(version: .first, slot: .a, other: nil) else { return }
        try await disk.removeFromBootPartition("/EFI/Linux/martlet-1-a.efi")
        let others = opening.other.map { [(opening.slot.other, $0, 1)] } ?? []
        for (slot, version, serial) in others + [(opening.slot, opening.version, 2)] {
            try write(shelf.root(version), to: "root-\(slot)", of: disk)
            try write(shelf.verity(version), to: "root-\(slot)-verity", of: disk)
            try await disk.copyToBootPartition(
                shelf.kernel(version), as: "/EFI/Linux/martlet-\(serial)-\(slot).efi")
        }
    }

    private func write(_ file: String, to partition: String, of disk: GuestDisk) throws {
        let source = try FileBlockDevice(path: file, access: .readOnly)
        let device = try FileBlockDevice(path: disk.path, access: .readWrite)
        let target = try disk.partition(partition).region(of: device)
        var offset: UInt64 = 0
        while offset < source.sizeBytes {
            let piece = try source.read(at: offset, count: Int(min(1 << 20, source.sizeBytes - offset)))
            try target.write(piece, at: offset)
            offset += UInt64(piece.count)
        }
    }
}
