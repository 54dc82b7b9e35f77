import EspProof
import HostLinux
import QemuKit
import SlotDevice
import UpdateModel

/// FAT has no journal: the power is cut, on paper, at every write that the acts before have made to the boot partition.
struct BootPartitionCuts: Act {
    let name = "esp-cuts"
    let title = "The power is cut at every write to the boot partition so far: each time something good boots"
    let opening: Opening? = nil
    let follows: String? = "missing-init"
    /// Fewer than by default: each state that is new to it is looked at by the system's own programs.
    private static let sampling = CutState.Sampling(subsetsPerWindow: 3, regularStatesMax: 24)

    func play(on stage: Stage) async throws -> String {
        await stage.machine.stopNoting()
        guard let notes = await stage.machine.notes else {
            throw JourneyFailure(expected: "notes of the disk's writes", seen: "none")
        }
        try await stage.machine.press(.pause)  // The last of the logs still grows.
        let verdict = try await prove(notes, on: stage)
        try await stage.machine.press(.goOn)
        for line in verdict.description.split(whereSeparator: \.isNewline) { await stage.figures.note("ESP: \(line)") }
        try await stage.expect(
            verdict.findings.isEmpty && verdict.windows > 10 && !verdict.slotsWritten.isEmpty, "no flaw in any state",
            seen: "\(verdict.findings.map { "\($0.flaw) (\($0.place))" }) in \(verdict.windows) windows, "
                + "\(verdict.slotWindows) of slots")
        let fresh = verdict.choices.keys.compactMap { LoaderEntry(name: $0) }
            .filter { $0.state == .counted(left: 2, done: 0) }
        try await stage.expect(
            verdict.slotsWritten.isSubset(of: fresh.map(\.slot)), "a fresh entry of each slot that was written",
            seen: "\(verdict.choices.keys.sorted())")
        return "\(verdict.states) cut states without a flaw; \(try await boot(verdict, on: stage))"
    }

    private func prove(_ notes: WriteNotes, on stage: Stage) async throws -> EspVerdict {
        let proof = try EspProof(meant: try meant(stage), settings: settings(stage))
        // A power-on in which the emulator stalled has written nothing.
        let logs = try notes.logs.map { try FileBlockDevice(path: $0, access: .readOnly) }.filter { $0.sizeBytes > 0 }
        return try await proof.run(
            image: notes.bootPartitionBefore, logs: logs, range: try stage.machine.disk.range(of: "esp"))
    }

    private func settings(_ stage: Stage) throws -> EspProof.Settings {
        var settings = EspProof.Settings(
            seed: UInt64.random(in: 1...UInt64(UInt32.max)), keepSamplesIn: stage.paths.logs)
        settings.sampling = Self.sampling
        settings.hopeless = [Version.lame.text]
        for slot in Slot.allCases { settings.slots[slot] = try stage.machine.disk.range(of: "root-\(slot)") }
        return settings
    }

    /// The boot images that may lie there whole.
    private func meant(_ stage: Stage) throws -> [SHA256Digest: String] {
        let versions: [Version] = [.first, .second, .lame]
        let named = try versions.map { (try ImageFile(path: stage.shelf.kernel($0)).digest, $0.text) }
        return Dictionary(uniqueKeysWithValues: named)
    }

    /// Boots 2.0.0 from a boot partition that was cut, rather from one that needs repair.
    private func boot(_ verdict: EspVerdict, on stage: Stage) async throws -> String {
        let fitting = verdict.samples.filter { $0.value.boots == Version.second.text }
        guard let sample = fitting.max(by: { $0.key.count < $1.key.count }) else {
            throw JourneyFailure(expected: "a state that boots 2.0.0", seen: "\(verdict.samples.keys.sorted())")
        }
        let places = try stage.paths.machine("cut")
        let disk = GuestDisk(path: "\(places.folder)/disk.img", scratch: stage.paths.logs)
        let opening = Opening(version: .second, slot: .b, other: nil)
        try await DiskLayout(shelf: stage.shelf, opening: opening).write(to: disk)
        try disk.replaceBootPartition(by: sample.value.path)
        let release = try await stage.visit(disk, named: "cut") { agent in
            try await agent.succeed(". /usr/lib/os-release; echo $VERSION_ID")
        }
        try await stage.expect(
            release.filter { !$0.isWhitespace } == Version.second.text, "2.0.0 to run", seen: release)
        return "booted “\(sample.key)”"
    }
}
