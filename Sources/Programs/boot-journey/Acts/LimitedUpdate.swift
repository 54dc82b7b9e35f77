import QemuKit
import UpdateModel

/// A good release again, written under a limit while someone reads in the foreground.
struct LimitedUpdate: Act {
    let name = "limited-update"
    let title = "3.2.0 is written under a limit of the disk, which holds; then it boots and is proven good"
    let opening: Opening? = Opening(version: .second, slot: .b, other: nil)
    static let bytesPerSecond = 1 << 20

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
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
        try await Reboot().pass(on: stage, into: .a, afterPicture: start)
        try await stage.settle(on: .mended, in: .a)
        try await stage.expect(.a, holds: .mended)
        await stage.progress.reached(Opening(version: .mended, slot: .a, other: .second))
        return await stage.names()
    }
}
