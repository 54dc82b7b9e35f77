import QemuKit
import UpdateModel

/// A byte of the running root goes bad on the medium; the loader does not count the tries of a proven entry.
struct CorruptedRoot: Act {
    let name = "corrupted-root"
    let title = "One byte of the running root is flipped: verity panics, and the machine comes back on 2.0.0"
    let opening: Opening? = Opening(version: .mended, slot: .a, other: .second)
    /// Every boot reads it, and a running system has it in memory.
    private static let file = "/usr/lib/systemd/systemd"

    func play(on stage: Stage) async throws -> String {
        // Nothing newer is on offer while the machine falls back.
        try await stage.headquarters.point(at: .second)
        let extents = try await FileExtents.find(
            Self.file, in: stage.shelf.root(.mended), scratch: stage.paths.logs)
        guard let first = extents.ranges.first else { throw QemuError.unintelligible(what: "dump.erofs", text: "") }
        let agent = try await stage.agent()
        try stage.machine.disk.corrupt("root-a", at: first.lowerBound + 100)
        let boots = await stage.machine.boots.count
        try await agent.order("systemctl reboot")
        try await stage.live(until: "slot a is set aside, and slot b is up") {
            $0.boots > boots && $0.isBad(.a) && $0.isUp
        }
        try await stage.settle(on: .second, in: .b)
        let panics = try await stage.consoles(since: boots).filter { $0.contains("Kernel panic") }
        try await stage.expect(
            panics.contains { $0.contains("dm-verity device corrupted") }, "a panic of dm-verity",
            seen: "\(panics.count) panics")
        await stage.progress.reached(Opening(version: .second, slot: .b, other: nil))
        return "\(panics.count) panics at byte \(first.lowerBound + 100) of root-a; \(await stage.names())"
    }
}
