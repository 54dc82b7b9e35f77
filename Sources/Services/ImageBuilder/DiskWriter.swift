internal import FoundationEssentials
internal import Glibc

/// Puts a built release onto a whole disk, or into the file that stands for one: the table, the ESP with the loader and
/// one good entry, slot A, an empty slot B, and an empty state.
///
/// Every id that tells disks apart is new: two installed disks never look alike.
package struct DiskWriter {
    let image: BuiltImage
    /// Where the release's files are.
    let directory: String
    let platform: ImagePlatform
    let runner: ToolRunner

    package static let tools: [HostTool] = [
        .partition, .makeFat, .makeDirectory, .copyFile, .makeExt4, .copyBlocks, .shell, .wipe,
    ]

    /// `default`: the entry first in the loader's own order, which is that of the activation numbers.
    private static let loaderSettings = """
        timeout 0
        editor no
        default martlet-*
        console-mode keep
        auto-entries no
        auto-firmware no

        """

    /// The first entry: slot A, proven, activation number 1.
    package static let firstEntry = "martlet-1-a.efi"

    /// Makes a new file; the holes stay holes.
    func makeFile(_ path: String, layout: DiskLayout) async throws {
        let partial = path + ".partial"
        try Files.remove(partial)
        do {
            try Self.makeHole(partial, sizeBytes: layout.sizeBytes)
            try await write(to: partial, layout: layout, sectorBytes: 512, isBlank: true)
            try Files.rename(over: partial, to: path)
        } catch {
            try? Files.remove(partial)  // The first error is the one to tell.
            throw error
        }
    }

    /// - Parameter isBlank: all of it reads as zeros, so zeros need not be written.
    func write(to disk: String, layout: DiskLayout, sectorBytes: Int, isBlank: Bool) async throws {
        if !isBlank { try await runner.run(.wipe, ["--all", "--quiet", disk], doing: "erasing the old signatures") }
        try await writeTable(to: disk, script: layout.script(sectorBytes: sectorBytes))
        try await writeBootPartition(to: disk, layout[.esp], sectorBytes: sectorBytes)
        try await copy(image.root.file, to: disk, layout[.rootA], isBlank: isBlank)
        try await copy(image.verity.file, to: disk, layout[.rootAVerity], isBlank: isBlank)
        try await writeState(to: disk, layout[.state])
        try await runner.shell("exec sync \"$0\"", [disk], doing: "making it durable")
    }

    private func writeTable(to disk: String, script: String) async throws {
        // Handed over as a file: a child has nothing to read otherwise.
        let path = "\(FileManager.default.temporaryDirectory.path)/martlet-\(UUID().uuidString)"
        try Files.write(script, to: path, mode: 0o600)
        defer { try? Files.remove(path) }  // In the folder for what may be lost.
        try await runner.shell(
            "exec sfdisk --quiet --wipe always --wipe-partitions always --no-reread --no-tell-kernel \"$0\" <\"$1\"",
            [disk, path], doing: "writing the partition table")
    }

    private func writeBootPartition(to disk: String, _ partition: DiskLayout.Partition, sectorBytes: Int) async throws {
        let kibibytes = partition.sizeMebibytes * 1024
        try await runner.run(
            .makeFat,
            [
                "-n", "ESP", "-S", "\(sectorBytes)", "--offset", "\(partition.offsetBytes / UInt64(sectorBytes))",
            ] + FatParameters(sizeBytes: partition.sizeBytes, sectorBytes: sectorBytes).arguments
                + [disk, "\(kibibytes)"],
            doing: "making the ESP")
        let place = "\(disk)@@\(partition.offsetBytes)"
        try await runner.run(
            .makeDirectory, ["-i", place, "::EFI", "::EFI/BOOT", "::EFI/systemd", "::EFI/Linux", "::loader"],
            doing: "making the ESP's folders")
        let settings = "\(FileManager.default.temporaryDirectory.path)/martlet-\(UUID().uuidString)"
        try Files.write(Self.loaderSettings, to: settings)
        defer { try? Files.remove(settings) }  // In the folder for what may be lost.
        for (source, target) in [
            (settings, "loader/loader.conf"),
            ("\(directory)/\(image.loader.file)", "EFI/BOOT/\(platform.fallbackLoaderName)"),
            ("\(directory)/\(image.loader.file)", "EFI/systemd/\(platform.loaderName)"),
            ("\(directory)/\(image.kernelImage.file)", "EFI/Linux/\(Self.firstEntry)"),
        ] {
            try await runner.run(.copyFile, ["-i", place, source, "::\(target)"], doing: "filling the ESP")
        }
    }

    private func copy(
        _ file: String, to disk: String, _ partition: DiskLayout.Partition, isBlank: Bool
    ) async throws {
        try await runner.run(
            .copyBlocks,
            [
                "if=\(directory)/\(file)", "of=\(disk)", "bs=1M", "seek=\(partition.offsetBytes)", "oflag=seek_bytes",
                "conv=notrunc,fsync\(isBlank ? ",sparse" : "")", "status=none",
            ], doing: "writing \(partition.role.rawValue)")
    }

    private func writeState(to disk: String, _ partition: DiskLayout.Partition) async throws {
        try await runner.run(
            .makeExt4,
            [
                "-q", "-F", "-t", "ext4", "-L", "state", "-m", "1", "-E",
                "offset=\(partition.offsetBytes),lazy_itable_init=1,nodiscard", disk,
                "\(partition.sizeMebibytes * 1024)k",
            ], doing: "making the state's file system")
    }

    private static func makeHole(_ path: String, sizeBytes: UInt64) throws(ImageError) {
        try Files.write([], to: path)
        guard unsafe truncate(path, off_t(sizeBytes)) == 0 else {
            throw .file(path: path, reason: "it cannot be made \(sizeBytes) bytes long")
        }
    }
}
