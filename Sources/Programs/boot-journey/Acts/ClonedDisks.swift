import QemuKit
import UpdateModel

/// Machines made from one disk are two machines.
struct ClonedDisks: Act {
    let name = "clones"
    let title = "A second copy of the disk image, and a copy of a disk in use, get machine ids of their own"
    let opening: Opening? = Opening(version: .fourth, slot: .a, other: nil)

    func play(on stage: Stage) async throws -> String {
        await stage.machine.cutPower()
        // One after the other: two guests at once are more than two processors emulate in time.
        let fresh = try await identity(of: stage.shelf.disk, named: "copy", on: stage)
        let used = try await identity(of: stage.machine.disk.path, named: "clone", on: stage)
        let all = [await stage.progress.identity?.rawValue ?? "", fresh, used]
        let areIDs = all.allSatisfy { $0.count == 32 }
        try await stage.expect(areIDs && Set(all).count == 3, "three machine ids that differ", seen: "\(all)")
        return all.map { "\($0.prefix(8))…" }.joined(separator: ", ")
    }

    /// Boots a copy of a disk in hardware of its own, up to its agent.
    private func identity(of template: String, named name: String, on stage: Stage) async throws -> String {
        let places = try stage.paths.machine(name)
        let disk = try await GuestDisk.copy(
            of: template, at: "\(places.folder)/disk.img", scratch: stage.paths.logs)
        let text = try await stage.visit(disk, named: name) { try await $0.succeed("cat /etc/machine-id") }
        return text.filter { !$0.isWhitespace }
    }
}
