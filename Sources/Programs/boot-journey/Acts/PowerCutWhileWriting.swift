import FleetAPI
import QemuKit
import UpdateModel

/// The power goes while a slot is being written.
struct PowerCutWhileWriting: Act {
    let name = "power-cut"
    let title = "The power is cut while 4.0.0 is being written: 2.0.0 boots, and the update goes on where it was"
    let opening: Opening? = Opening(version: .second, slot: .b, other: nil)
    /// So slow that there is a middle.
    private static let bytesPerSecond = 6 << 20
    /// Of what is left, so that the next act finds the update under way and decides how it ends.
    private static let bytesPerSecondAfterwards = 512 << 10

    func play(on stage: Stage) async throws -> String {
        let before = stage.tap.downloads.count
        let size = try ImageFile(path: stage.shelf.payload(.fourth)).sizeBytes
        stage.tap.setPayloadSpeed(bytesPerSecond: Self.bytesPerSecond)
        try await stage.headquarters.publish(.fourth, payload: stage.shelf.payload(.fourth))
        try await stage.live(until: "half of 4.0.0 is on its way") { _ in
            stage.tap.downloads.dropFirst(before).contains { $0.position > size / 2 }
        }
        await stage.machine.cutPower()
        let reached = stage.tap.downloads.dropFirst(before).map(\.position).max() ?? 0
        let names = try await stage.machine.disk.loaderEntries()
        try await stage.expect(
            names.next?.slot == .b && names.next?.state == .good, "2.0.0 to boot next", seen: "\(names.names)")
        let started = stage.tap.downloads.count
        try await stage.machine.powerOn()
        try await stage.live(until: "the update goes on") { _ in
            stage.tap.downloads.dropFirst(started).contains { $0.servedBytes > 0 }
        }
        stage.tap.setPayloadSpeed(bytesPerSecond: Self.bytesPerSecondAfterwards)
        let resumed = stage.tap.downloads.dropFirst(started).first?.firstByte ?? 0
        try await stage.expect(
            resumed > size / 16 && resumed <= reached, "a request from a byte between \(size / 16) and \(reached) on",
            seen: "from byte \(resumed)")
        let known = try await stage.known()
        try await stage.expect(known?.version == .second, "2.0.0 to run", seen: "\(known?.version.text ?? "nothing")")
        await stage.progress.reached(Opening(version: .second, slot: .b, other: nil))
        return "cut at \(ByteCount.text(reached)) of \(ByteCount.text(size)), went on from \(ByteCount.text(resumed))"
    }
}
