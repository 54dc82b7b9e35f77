import QemuKit
import UpdateModel

/// A good release again, written under a limit while someone reads in the foreground. The root is held back by the
/// control group; the kernel image, whose writing escapes that, by the engine.
struct LimitedUpdate: Act {
    let name = "limited-update"
    let title = "3.2.0 is written under a limit of the disk, which holds; then it boots and is proven good"
    let opening: Opening? = Opening(version: .second, slot: .b, other: nil)
    static let bytesPerSecond = 1 << 20
    /// So slow that the moment before the kernel image can be met.
    private static let payloadBytesPerSecond = 8 << 20
    /// For the kernel image: enough for it to be written within seconds.
    private static let kernelBytesPerSecond = 2 << 20

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        stage.tap.setPayloadSpeed(bytesPerSecond: Self.payloadBytesPerSecond)
        defer { stage.tap.setPayloadSpeed(bytesPerSecond: nil) }
        // The machine stays up until all has been measured.
        let conf = "/etc/flatcar/update.conf"
        try await stage.agent().succeed("echo REBOOT_STRATEGY=off >>\(conf)")
        try await stage.headquarters.upload(.mended, payload: stage.shelf.payload(.mended))
        async let reading = Slowness().measure(stage, limitBytesPerSecond: Self.bytesPerSecond)
        try await stage.headquarters.point(at: .mended)
        let limited = try await reading
        let rate = limited.serviceBytesPerSecond
        try await stage.expect(
            rate <= Double(Self.bytesPerSecond) * 1.15, "at most \(Self.bytesPerSecond) bytes/s written",
            seen: "\(Int(rate))")
        try await stage.expect(
            rate >= Double(Self.bytesPerSecond) * 0.2, "the update to be written meanwhile", seen: "\(Int(rate))")
        if let free = await stage.figures.unlimited {
            try await stage.expect(
                free.serviceBytesPerSecond > Double(Self.bytesPerSecond) * 1.5,
                "more to be written without the limit", seen: "\(Int(free.serviceBytesPerSecond)) bytes/s")
            await stage.figures.note("update without a disk limit: \(free.text)")
        }
        await stage.figures.note("update under \(ByteCount.text(UInt64(Self.bytesPerSecond)))/s: \(limited.text)")
        try await measureKernel(stage)
        try await stage.agent().succeed("sed -i '/^REBOOT_STRATEGY/d' \(conf)")
        try await Reboot().pass(on: stage, into: .a, afterPicture: start)
        try await stage.settle(on: .mended, in: .a)
        try await stage.expect(.a, holds: .mended)
        await stage.progress.reached(Opening(version: .mended, slot: .a, other: .second))
        return await stage.names()
    }

    /// Looks on while the file on the boot partition grows. The payload is held back just before it comes, so that the
    /// limit stands when its first byte is written.
    private func measureKernel(_ stage: Stage) async throws {
        let size = try ImageFile(path: stage.shelf.payload(.mended)).sizeBytes
        let kernel = try ImageFile(path: stage.shelf.kernel(.mended)).sizeBytes
        try await stage.live(until: "everything but the kernel image has arrived") { _ in
            stage.tap.downloads.last.map { $0.position + kernel + 4 << 20 > size } ?? false
        }
        stage.tap.setPayloadSpeed(bytesPerSecond: 64 << 10)
        let agent = try await stage.agent()
        try await DiskLimit(agent).set(bytesPerSecond: Self.kernelBytesPerSecond)
        stage.tap.setPayloadSpeed(bytesPerSecond: nil)
        let growth = try await FileGrowth.watch("/efi/EFI/Linux/martlet-a.new", agent, seconds: 180)
        try await DiskLimit(agent).set(bytesPerSecond: nil)
        let rate = growth.bytesPerSecond
        try await stage.expect(
            growth.byteCount > kernel / 2, "to see the kernel image of \(kernel) bytes grow", seen: growth.text)
        try await stage.expect(
            rate <= Double(Self.kernelBytesPerSecond) * 1.15 && rate >= Double(Self.kernelBytesPerSecond) * 0.1,
            "at most \(Self.kernelBytesPerSecond) bytes/s of the kernel image written", seen: growth.text)
        await stage.figures.note(
            "kernel image under \(ByteCount.text(UInt64(Self.kernelBytesPerSecond)))/s: \(growth.text)")
    }
}
