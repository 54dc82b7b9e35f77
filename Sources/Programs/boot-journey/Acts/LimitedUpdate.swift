import QemuKit
import UpdateModel

/// A good release again, written under a limit while someone reads in the foreground. The root is held back by the
/// control group; the kernel image, whose writing escapes that, by the engine.
struct LimitedUpdate: Act {
    let name = "limited-update"
    let title = "3.2.0 is written under a limit of the disk, which holds; then it boots and is proven good"
    let opening: Opening? = Opening(version: .second, slot: .b, other: nil)
    static let bytesPerSecond = 1 << 20
    /// Writes are of a mebibyte, and seconds are those of a guest that may stand still: a share above the limit is no
    /// breach of it. Without a limit several times as much is written.
    private static let tolerance = 1.4
    /// So slow that writing it under the limit is met.
    private static let payloadBytesPerSecond = 8 << 20
    /// For the kernel image: enough for it to be written within seconds.
    private static let kernelBytesPerSecond = 2 << 20
    /// Between the last byte that is let through and the kernel image.
    private static let kernelMargin: UInt64 = 4 << 20

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        let kernel = try ImageFile(path: stage.shelf.kernel(.mended)).sizeBytes
        let end = try ImageFile(path: stage.shelf.payload(.mended)).sizeBytes - kernel - Self.kernelMargin
        stage.tap.setPayloadSpeed(bytesPerSecond: Self.payloadBytesPerSecond)
        stage.tap.holdPayload(at: end)
        defer {
            stage.tap.setPayloadSpeed(bytesPerSecond: nil)
            stage.tap.holdPayload(at: nil)
        }
        // The machine stays up until all has been measured.
        let conf = "/etc/flatcar/update.conf"
        try await stage.agent().succeed("echo REBOOT_STRATEGY=off >>\(conf)")
        try await stage.headquarters.upload(.mended, payload: stage.shelf.payload(.mended))
        let before = stage.tap.downloads.count
        async let reading = Slowness().measure(
            stage, limitBytesPerSecond: Self.bytesPerSecond, afterDownload: before)
        try await stage.headquarters.point(at: .mended)
        let limited = try await reading
        let rate = limited.serviceBytesPerSecond
        try await stage.expect(
            rate <= Double(Self.bytesPerSecond) * Self.tolerance, "at most \(Self.bytesPerSecond) bytes/s written",
            seen: "\(Int(rate))")
        try await stage.expect(rate > 0, "the update to be written meanwhile", seen: "\(Int(rate))")
        if let free = await stage.figures.unlimited {
            await stage.figures.note("update without a disk limit: \(free.text)")
        }
        await stage.figures.note("update under \(ByteCount.text(UInt64(Self.bytesPerSecond)))/s: \(limited.text)")
        try await measure(kernel: kernel, heldAt: end, stage)
        try await stage.agent().succeed("sed -i '/^REBOOT_STRATEGY/d' \(conf)")
        try await Reboot().pass(on: stage, into: .a, afterPicture: start)
        try await stage.settle(on: .mended, in: .a)
        try await stage.expect(.a, holds: .mended)
        await stage.progress.reached(Opening(version: .mended, slot: .a, other: .second))
        return await stage.names()
    }

    /// Looks on while the file on the boot partition grows. The payload is held just before it comes, so that the limit
    /// stands when its first byte is written.
    /// - Parameters:
    ///   - kernel: bytes of the kernel image.
    ///   - end: where the payload is held.
    private func measure(kernel: UInt64, heldAt end: UInt64, _ stage: Stage) async throws {
        try await stage.live(until: "everything but the kernel image has arrived") { _ in
            stage.tap.downloads.last.map { $0.position + Self.kernelMargin > end } ?? false
        }
        let agent = try await stage.agent()
        try await DiskLimit(agent).set(bytesPerSecond: Self.kernelBytesPerSecond)
        stage.tap.setPayloadSpeed(bytesPerSecond: nil)
        stage.tap.holdPayload(at: nil)
        let growth = try await FileGrowth.watch("/efi/EFI/Linux/martlet-a.new", agent, seconds: 180)
        try await DiskLimit(agent).set(bytesPerSecond: nil)
        let rate = growth.bytesPerSecond
        try await stage.expect(
            growth.byteCount > kernel / 2, "to see the kernel image of \(kernel) bytes grow", seen: growth.text)
        try await stage.expect(
            rate <= Double(Self.kernelBytesPerSecond) * Self.tolerance,
            "at most \(Self.kernelBytesPerSecond) bytes/s of the kernel image written", seen: growth.text)
        await stage.figures.note(
            "kernel image under \(ByteCount.text(UInt64(Self.kernelBytesPerSecond)))/s: \(growth.text)")
    }
}
