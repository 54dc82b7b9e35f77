internal import FoundationEssentials

/// Puts a built release onto a whole disk, or into the file that stands for one: the table, the ESP with the loader and
/// one good entry, slot A, an empty slot B, and an empty state.
///
/// Every id that tells disks apart is new: two installed disks never look alike.
package struct DiskWriter {
    private let image: BuiltImage
    /// Where the release's files are.
    private let directory: String
    private let platform: ImagePlatform
    private let runner: ToolRunner

    package init(image: BuiltImage, directory: String, platform: ImagePlatform, runner: ToolRunner) {
        self.image = image
        self.directory = directory
        self.platform = platform
        self.runner = runner
    }

    package static let tools: [HostTool] = [
        .partition, .makeFat, .makeDirectory, .copyFile, .makeExt4, .shell, .wipe,
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

    /// Makes a new file; the holes stay holes. One that it replaces leaves it owner and mode.
    func makeFile(_ path: String, layout: DiskLayout) async throws {
        let rights = FileRights(of: path)
        let partial = "\(path).partial-\(UUID().uuidString.prefix(8))"
        let file = try HeldTarget(newFile: partial, sizeBytes: layout.sizeBytes, mode: rights?.mode ?? 0o644)
        do {
            defer { file.release() }
            try await write(to: file, layout: layout)
            if let rights { try file.set(rights) }
            try Files.rename(over: partial, to: path)
        } catch {
            try? Files.removeFile(partial)  // The first error is the one to tell.
            throw error
        }
    }

    /// Everything that is on the target is gone afterwards. Where a tool opens the target itself, it does so beside us.
    package func write(to target: HeldTarget, layout: DiskLayout) async throws {
        if !target.isBlank {
            // Forced: else it would want the disk for itself, which is ours.
            try await runner.run(
                .wipe, ["--all", "--force", "--quiet", target.path], doing: "erasing the old signatures")
        }
        try await writeTable(to: target.path, script: layout.script(sectorBytes: target.sectorBytes))
        try await withScratchFile { file in
            try await makeBootPartition(file, layout[.esp], sectorBytes: target.sectorBytes)
            try target.write(file, at: layout[.esp].offsetBytes)
        }
        try target.write("\(directory)/\(image.root.file)", at: layout[.rootA].offsetBytes)
        try target.write("\(directory)/\(image.verity.file)", at: layout[.rootAVerity].offsetBytes)
        try await withScratchFile { file in
            try await makeState(file, layout[.state])
            try target.write(file, at: layout[.state].offsetBytes, omitting: .holes)
        }
        try target.synchronize()
    }

    private func writeTable(to disk: String, script: String) async throws {
        // Handed over as a file: a child has nothing to read otherwise.
        try await withScratchFile { path in
            try Files.write(script, to: path, mode: 0o600)
            try await runner.shell(
                "exec sfdisk --quiet --wipe always --wipe-partitions always --no-reread --no-tell-kernel \"$0\" <\"$1\"",
                [disk, path], doing: "writing the partition table")
        }
    }

    private func makeBootPartition(_ file: String, _ partition: DiskLayout.Partition, sectorBytes: Int) async throws {
        try HeldTarget(newFile: file, sizeBytes: partition.sizeBytes).release()
        try await runner.run(
            .makeFat,
            ["-n", "ESP", "-S", "\(sectorBytes)"]
                + FatParameters(sizeBytes: partition.sizeBytes, sectorBytes: sectorBytes).arguments + [file],
            doing: "making the ESP")
        try await runner.run(
            .makeDirectory, ["-i", file, "::EFI", "::EFI/BOOT", "::EFI/systemd", "::EFI/Linux", "::loader"],
            doing: "making the ESP's folders")
        try await withScratchFile { settings in
            try Files.write(Self.loaderSettings, to: settings)
            for (source, target) in [
                (settings, "loader/loader.conf"),
                ("\(directory)/\(image.loader.file)", "EFI/BOOT/\(platform.fallbackLoaderName)"),
                ("\(directory)/\(image.loader.file)", "EFI/systemd/\(platform.loaderName)"),
                ("\(directory)/\(image.kernelImage.file)", "EFI/Linux/\(Self.firstEntry)"),
            ] {
                try await runner.run(.copyFile, ["-i", file, source, "::\(target)"], doing: "filling the ESP")
            }
        }
    }

    /// Blocks of 4096 bytes, for disks with sectors of that size cannot have smaller ones. Zeros that the file system
    /// relies on are written and not punched as holes (`UNIX_IO_NOZEROOUT`, libext2fs), so that they reach the disk.
    private func makeState(_ file: String, _ partition: DiskLayout.Partition) async throws {
        try HeldTarget(newFile: file, sizeBytes: partition.sizeBytes).release()
        // The journal of a large disk would be a gibibyte, on the way in the folder for temporary files.
        let journal = partition.sizeMebibytes > 32 << 10 ? ["-J", "size=128"] : []
        try await runner.shell(
            "UNIX_IO_NOZEROOUT=1 exec \(HostTool.makeExt4.rawValue) \"$@\"",
            ["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "state", "-m", "1"] + journal
                + ["-E", "lazy_itable_init=1,nodiscard", file], doing: "making the state's file system")
    }

    /// A path in the folder for what may be lost; whatever is made there is removed.
    private func withScratchFile(_ work: (String) async throws -> Void) async throws {
        let path = "\(FileManager.default.temporaryDirectory.path)/martlet-\(UUID().uuidString)"
        defer { try? Files.remove(path) }
        try await work(path)
    }
}
