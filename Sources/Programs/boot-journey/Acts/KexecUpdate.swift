import QemuKit
import UpdateModel

/// The next kernel is started by the running one; neither firmware nor loader sees that boot.
struct KexecUpdate: Act {
    let name = "kexec"
    let title = "The machine goes into 4.0.0 by kexec; the try is counted by the engine, and the boot is proven good"
    let opening: Opening? = Opening(version: .second, slot: .b, other: nil)

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        // The power cut of the act before left the download slow, so that it cannot have ended before the setting is made.
        defer { stage.tap.setPayloadSpeed(bytesPerSecond: nil) }
        try await stage.useKexec()
        stage.tap.setPayloadSpeed(bytesPerSecond: nil)
        try await stage.headquarters.publish(.fourth, payload: stage.shelf.payload(.fourth))
        let boots = await stage.machine.soundBoots
        try await Reboot().activation(on: stage, of: .a, afterPicture: start, isPastFirmware: true)
        let began = ContinuousClock.now
        _ = try await stage.machine.agentWhenUp(2) { try await stage.watch.look() }
        let duration = ContinuousClock.now - began
        let count = await stage.machine.soundBoots
        try await stage.expect(count == boots, "no boot by the firmware", seen: "\(count - boots)")
        let spent = await stage.watch.hasSeen(.a, .bad(done: 1), since: start)
        let seen = await stage.seen(since: start)
        try await stage.expect(spent, "the try to be used before the jump", seen: seen)
        try await stage.settle(on: .fourth, in: .a)
        try await stage.expect(.a, holds: .fourth)
        await note(duration, stage)
        await stage.progress.reached(Opening(version: .fourth, slot: .a, other: .second))
        return await stage.names()
    }

    private func note(_ duration: Duration, _ stage: Stage) async {
        let kexec = "from activation until up: kexec \(Narrator.tenths(duration)) s"
        if let firmware = await stage.figures.firmwareReboot {
            await stage.figures.note(
                "\(kexec), firmware \(Narrator.tenths(firmware)) s; saved \(Narrator.tenths(firmware - duration)) s")
        } else {
            await stage.figures.note(kexec)
        }
    }
}
