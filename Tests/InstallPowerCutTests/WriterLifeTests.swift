import ContentTrust
import EngineTestKit
import FleetTestKit
import PayloadInstaller
import Testing
import UpdateEngineKit
import UpdateModel

/// A daemon tries again for months: what an attempt holds, it must give back.
@Suite struct WriterLifeTests {
    @Test("A writer that nobody needs any more lets go of the slot, wherever it stopped", arguments: [0, 2, .max])
    func letsGo(pieces: Int) throws {
        let (first, second) = (try TestRelease("1.0.0"), try TestRelease("2.0.0"))
        let rig = try InstallRig(first, second, disk: try InstallRig.disk(with: first), seed: 1)
        weak var writer: SlotWriter?
        writer = try write(second, pieces: pieces, on: rig)
        #expect(writer == nil)
    }

    @Test("That the boot partition has no room is found out before the slot is given up")
    func roomFirst() throws {
        let (first, second) = (try TestRelease("1.0.0"), try TestRelease("2.0.0"))
        let rig = try InstallRig(first, second, disk: try InstallRig.disk(with: first), seed: 1)
        let writer = try self.writer(of: second, on: rig)
        var position = Int(try writer.begin())
        while !writer.awaitsSlot {
            let end = min(position + 8 << 10, Int(writer.boundBytes))
            try writer.consume(Array(second.payload[position..<end]))
            position = end
        }
        try writer.checkTargets()
        _ = try rig.kernels.create("filler", sizeBytes: try rig.kernels.freeBytes())
        #expect(throws: InstallationError.self) { try writer.checkTargets() }
        #expect(try rig.kernels.names().sorted() == ["filler", "vmlinuz-a"])
    }

    private func writer(of release: TestRelease, on rig: InstallRig) throws -> SlotWriter {
        let plan = InstallationPlan(
            offer: release.offer, slot: .b, keys: TrustedKeys(keys: [TestRelease.key.verificationKey]), held: [],
            checkpointIntervalBytes: 16 << 10)
        return SlotWriter(plan, host: rig.host(booted: .a, bootID: "boot-1"))
    }

    private func write(_ release: TestRelease, pieces: Int, on rig: InstallRig) throws -> SlotWriter {
        let writer = try self.writer(of: release, on: rig)
        _ = try writer.begin()
        var (position, left) = (0, pieces)
        while position < release.payload.count, left > 0 {
            let piece = release.payload[position..<min(position + 8 << 10, Int(writer.boundBytes))]
            try writer.consume(Array(piece))
            (position, left) = (position + piece.count, left - 1)
            if writer.awaitsSlot { try writer.openTargets() }
        }
        if left > 0 { _ = try writer.finish() }
        return writer
    }
}
