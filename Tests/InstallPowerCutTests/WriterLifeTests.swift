import ContentTrust
import EngineTestKit
import FleetTestKit
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

    private func write(_ release: TestRelease, pieces: Int, on rig: InstallRig) throws -> SlotWriter {
        let plan = InstallationPlan(
            offer: release.offer, slot: .b, keys: TrustedKeys(keys: [TestRelease.key.verificationKey]), held: [],
            checkpointIntervalBytes: 16 << 10)
        let writer = SlotWriter(plan, host: rig.host(booted: .a, bootID: "boot-1"))
        _ = try writer.begin()
        let starts = Array(stride(from: 0, to: release.payload.count, by: 8 << 10)).prefix(pieces)
        for start in starts {
            try writer.consume(Array(release.payload[start..<min(start + 8 << 10, release.payload.count)]))
        }
        if starts.count < pieces { _ = try writer.finish() }
        return writer
    }
}
