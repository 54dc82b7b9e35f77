import FleetDemo
import FoundationEssentials
import HostLinux
package import PartitionTable
import SlotDevice
package import UpdateModel

/// A guest's disk, looked at from outside, past the guest and everything that runs in it.
package struct GuestDisk: Hashable, Sendable {
    package let path: String
    private static let bootPartitionName = "esp"
    /// Where the output of tools is collected on its way.
    package let scratch: String

    package init(path: String, scratch: String) {
        self.path = path
        self.scratch = scratch
    }

    /// A disk of its own at `path` with what `template` holds; holes stay holes.
    package static func copy(of template: String, at path: String, scratch: String) async throws -> GuestDisk {
        try await Command(folder: scratch).succeed(
            "/bin/cp", ["--sparse=always", "--reflink=auto", template, path])
        return GuestDisk(path: path, scratch: scratch)
    }

    /// The table and the condition of its two copies.
    package func table() throws -> TableReading {
        try PartitionedDisk(FileBlockDevice(path: path, access: .readOnly)).read()
    }

    /// - Throws: ``QemuError/diskUnreadable(path:reason:)`` when there is no partition of that name.
    package func partition(_ name: String) throws -> PartitionEntry {
        guard let entry = try table().table.entries.first(where: { !$0.isUnused && $0.name == name }) else {
            throw QemuError.diskUnreadable(path: path, reason: "it has no partition “\(name)”")
        }
        return entry
    }

    /// SHA-256 of the first `byteCount` bytes of a partition.
    package func digest(of name: String, byteCount: UInt64) throws -> SHA256Digest {
        let device = try FileBlockDevice(path: path, access: .readOnly)
        let region = try partition(name).region(of: device)
        guard byteCount <= region.sizeBytes else {
            throw QemuError.diskUnreadable(path: path, reason: "“\(name)” is smaller than \(byteCount) bytes")
        }
        return try FileDigest.sha256(of: region, byteCount: byteCount)
    }

    /// Turns over one byte of a partition, as a failing medium does.
    package func corrupt(_ name: String, at offsetBytes: UInt64) throws {
        let device = try FileBlockDevice(path: path, access: .readWrite)
        let region = try partition(name).region(of: device)
        let byte = try region.read(at: offsetBytes, count: 1)[0]
        try region.write([~byte], at: offsetBytes)
        try region.flush()
    }

    /// What lies in `/EFI/Linux` on the boot partition. While a guest runs this may be a moment behind.
    package func loaderEntries() async throws -> LoaderEntries {
        let image = try await bootPartition()
        let listing = try await Command(folder: scratch).succeed(
            try HostTool.listDirectory.path(), ["-b", "-i", image, "::/EFI/Linux"], environment: Self.mtools)
        return LoaderEntries(listing: listing)
    }

    /// The bytes of the disk that a partition takes.
    package func range(of name: String) throws -> Range<UInt64> {
        let entry = try partition(name)
        return entry.firstLBA * 512..<(entry.lastLBA + 1) * 512
    }

    /// Copies the whole boot partition into a file; for machines that are off.
    package func copyBootPartition(to target: String) throws {
        let range = try range(of: Self.bootPartitionName)
        let source = try FileBlockDevice(path: path, access: .readOnly)
        let copy = try FileBlockDevice.create(path: target, sizeBytes: UInt64(range.count))
        try Self.copy(range, of: source, to: copy, at: 0)
    }

    /// Puts the boot partition in that file in place of the disk's own; for machines that are off.
    package func replaceBootPartition(by file: String) throws {
        let range = try range(of: Self.bootPartitionName)
        let source = try FileBlockDevice(path: file, access: .readOnly)
        try Self.copy(
            0..<UInt64(range.count), of: source, to: FileBlockDevice(path: path, access: .readWrite),
            at: range.lowerBound)
    }

    private static func copy(
        _ range: Range<UInt64>, of source: FileBlockDevice, to target: FileBlockDevice, at offset: UInt64
    ) throws {
        for place in stride(from: 0, to: UInt64(range.count), by: 1 << 20) {
            let count = Int(min(1 << 20, UInt64(range.count) - place))
            try target.write(try source.read(at: range.lowerBound + place, count: count), at: offset + place)
        }
    }

    /// Copies a file from the boot partition.
    package func copyFromBootPartition(_ name: String, to target: String) async throws {
        try await Command(folder: scratch).succeed(
            try HostTool.copyFile.path(), ["-n", "-i", try await bootPartition(), "::\(name)", target],
            environment: Self.mtools)
    }

    /// Puts a file on the boot partition; for machines that are off.
    package func copyToBootPartition(_ source: String, as name: String) async throws {
        try await Command(folder: scratch).succeed(
            try HostTool.copyFile.path(), ["-o", "-i", try await bootPartition(), source, "::\(name)"],
            environment: Self.mtools)
    }

    /// Removes a file from the boot partition; for machines that are off.
    package func removeFromBootPartition(_ name: String) async throws {
        try await Command(folder: scratch).succeed(
            try HostTool.deleteFile.path(), ["-i", try await bootPartition(), "::\(name)"], environment: Self.mtools)
    }

    /// mtools' name for the file system at an offset in a file.
    private func bootPartition() async throws -> String {
        "\(path)@@\(try range(of: Self.bootPartitionName).lowerBound)"
    }

    /// A guest's disk is no floppy: its geometry is none of mtools' business.
    private static let mtools = ["MTOOLS_SKIP_CHECK": "1"]
}
