import BootControlGPT
import FoundationEssentials
import HostLinux
import PartitionTable
package import UpdateModel

/// Lays a slot's file system out as the running system, as a kernel would mount it.
package struct SlotMount: Sendable {
    package let command: Command
    package let card: MachineCard

    package init(command: Command, card: MachineCard) {
        self.command = command
        self.card = card
    }

    /// Empties `root` and fills it from the slot, the machine's own settings, and what the kernel tells.
    ///
    /// - Returns: whether the system can run: the slot held a file system with a release in it.
    package func mount(_ slot: Slot) async throws -> Bool {
        try Folder.remove(card.root)
        try Folder.make("\(card.root)/usr")
        let entry = try MachineDisk(path: card.disk).entry(of: slot)
        let offset = entry.firstLBA * 512
        let outcome = try await command.run(
            SystemTool.editFileSystem.path(), ["-R", "rdump / \(card.root)/usr", "\(card.disk)?offset=\(offset)"])
        guard outcome.ending == .exited(0) else { return false }
        let release = "\(card.root)/usr/share/flatcar/release"
        guard FileManager.default.fileExists(atPath: release) else { return false }
        try FileManager.default.createSymbolicLink(atPath: "\(card.root)/etc", withDestinationPath: card.settings)
        try writeKernelFacts(slot)
        return true
    }

    /// The command line that Flatcar's GRUB builds, and an identifier for this boot.
    ///
    /// Source: `flatcar/scripts:build_library/grub.cfg`; `proc(5)`.
    private func writeKernelFacts(_ slot: Slot) throws {
        try Folder.make("\(card.root)/proc/sys/kernel/random")
        let partition = FlatcarPartition.usrUniqueID(of: slot)
        try Folder.write(
            "BOOT_IMAGE=/flatcar/vmlinuz-\(slot) mount.usr=/dev/mapper/usr verity.usr=PARTUUID=\(partition) "
                + "rootflags=rw mount.usrflags=ro consoleblank=0 root=LABEL=ROOT console=ttyS0\n",
            to: "\(card.root)/proc/cmdline")
        try Folder.write(
            "\(UUID().uuidString.lowercased())\n", to: "\(card.root)/proc/sys/kernel/random/boot_id")
    }
}
