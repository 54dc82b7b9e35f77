import PartitionTable
import QemuKit
import UpdateModel

/// A fresh disk comes up, grows into its place, and finds its server.
struct FirstBoot: Act {
    let name = "first-boot"
    let title = "1.0.0 boots from a fresh disk, and checks in"
    let opening: Opening? = Opening(version: .first, slot: .a, other: nil)
    let meetsMachineFirst = true
    /// From here on, so that the next act's writing of a slot is in the notes.
    let notesWrites = true

    func play(on stage: Stage) async throws -> String {
        let agent = try await stage.machine.agentWhenUp()
        // The agent may be up a moment before the daemon takes questions (69), or has judged its own boot (75).
        let refusal = try await agent.run(
            "for i in $(seq 200); do martlet rollback; code=$?; [ $code = 69 ] || [ $code = 75 ] || break; sleep 0.2; done; "
                + "exit $code", limit: .seconds(120))
        try await stage.expect(
            refusal.status == 77, "exit code 77 of a rollback to nothing",
            seen: "\(refusal.status): \(refusal.lastLine)")
        try await stage.introduce()
        try await stage.settle(on: .first, in: .a)
        try await checkDisk(stage)
        try await measure(stage, agent)
        let identity = await stage.progress.identity?.rawValue ?? "?"
        return "machine \(identity.prefix(8))…; a rollback was refused: \(refusal.lastLine)"
    }

    /// Six partitions, the last one up to the end of the disk, which is larger than the image was.
    private func checkDisk(_ stage: Stage) async throws {
        let names = try stage.machine.disk.table().table.entries.filter { !$0.isUnused }.map(\.name)
        let wanted = ["esp", "root-a", "root-a-verity", "root-b", "root-b-verity", "state"]
        try await stage.expect(names == wanted, "the partitions \(wanted)", seen: "\(names)")
        let end = try stage.machine.disk.partition("state").lastLBA * 512
        try await stage.expect(
            end > DiskLayout.diskBytes - (4 << 20), "the state partition to fill the disk",
            seen: "its end at \(ByteCount.text(end))")
        try await stage.expect(.a, holds: .first)
    }

    private func measure(_ stage: Stage, _ agent: GuestAgent) async throws {
        // What is on its way at the end of a boot shall not count.
        let memory = try await agent.succeed(
            "sleep 5; awk '/MemTotal|MemAvailable/{print $2}' /proc/meminfo; "
                + "systemctl show -P MemoryCurrent martletd.service; systemd-analyze time | head -n 1")
        let lines = memory.split(whereSeparator: \.isNewline).map(String.init)
        try await stage.expect(lines.count == 4, "four figures of the idle machine", seen: memory)
        let used = (UInt64(lines[0]) ?? 0) - min(UInt64(lines[0]) ?? 0, UInt64(lines[1]) ?? 0)
        await stage.figures.note(
            "idle memory: \(used / 1024) MiB in use of \(stage.machine.definition.memoryMebibytes) MiB; martletd "
                + ByteCount.text(UInt64(lines[2]) ?? 0))
        if let up = await stage.machine.boots.last?.upAfter {
            await stage.figures.note("boot: \(Narrator.tenths(up)) s from power-on; \(lines[3])")
        }
        let size = try [stage.shelf.root(.first), stage.shelf.verity(.first), stage.shelf.kernel(.first)].map {
            try ImageFile(path: $0).sizeBytes
        }
        await stage.figures.note(
            "slot image: root \(ByteCount.text(size[0])), verity \(ByteCount.text(size[1])), kernel with initramfs "
                + ByteCount.text(size[2]))
    }
}
