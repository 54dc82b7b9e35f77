import BootControlGPT
import ContentTrust
import EngineTestKit
import FleetTestKit
import PayloadInstaller
import SlotDevice
import Synchronization
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

    @Test("What a delta starts from is opened once, so that nothing can take its place between its check and its use")
    func sourceOnce() throws {
        let (first, second) = (try TestRelease("1.0.0"), try TestRelease("2.0.0"))
        let rig = try InstallRig(first, second, disk: try InstallRig.disk(with: first), seed: 1)
        let opened = Mutex<[Slot: Int]>([:])
        let control = rig.control(booted: .a)
        var host = rig.host(booted: .a, bootID: "boot-1")
        host.layout = .flatcar(
            partition: { slot in
                opened.withLock { $0[slot, default: 0] += 1 }
                return try control.slotDevice(slot)
            }, kernels: rig.kernels)
        let writer = SlotWriter(plan(for: second), host: host)
        _ = try writer.begin()
        var position = 0
        while position < second.payload.count {
            let piece = second.payload[position..<Int(writer.boundBytes)]
            try writer.consume(Array(piece))
            position += piece.count
            if writer.awaitsSlot {
                try writer.checkTargets()
                try writer.openTargets()
            }
        }
        _ = try writer.finish()
        #expect(opened.withLock { $0[.a] } == 1)
    }

    private func writer(of release: TestRelease, on rig: InstallRig) throws -> SlotWriter {
        SlotWriter(plan(for: release), host: rig.host(booted: .a, bootID: "boot-1"))
    }

    private func plan(for release: TestRelease) -> InstallationPlan {
        InstallationPlan(
            offer: release.offer, slot: .b, keys: TrustedKeys(keys: [TestRelease.key.verificationKey]), held: [],
            checkpointIntervalBytes: 16 << 10)
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
