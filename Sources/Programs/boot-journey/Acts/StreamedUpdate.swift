import QemuKit
import UpdateModel

/// The ordinary case: offered, streamed, booted on trial, proven, reported. Nothing holds the engine's writing back.
struct StreamedUpdate: Act {
    let name = "update"
    let title = "2.0.0 is streamed into slot b, boots on trial, is proven good and reported"
    let opening: Opening? = Opening(version: .first, slot: .a, other: nil)
    let notesWrites = true

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        let boots = await stage.machine.soundBoots
        let before = stage.tap.downloads.count
        try await stage.headquarters.publish(.second, payload: stage.shelf.payload(.second))
        let reading = try await Slowness().measure(stage, limitBytesPerSecond: nil, afterDownload: before)
        await stage.figures.noteUnlimited(reading)
        try await Reboot().pass(on: stage, into: .b, afterPicture: start)
        try await stage.settle(on: .second, in: .b)
        let count = await stage.machine.soundBoots - boots
        try await stage.expect(count == 1, "one boot", seen: "\(count)")
        let counted = await stage.watch.hasSeen(.b, .counted(left: 1, done: 1), since: start)
        let seen = await stage.seen(since: start)
        try await stage.expect(counted, "a boot on trial that the loader counted", seen: seen)
        try await stage.expect(.b, holds: .second)
        try await stage.expect(.a, holds: .first)
        await stage.progress.reached(Opening(version: .second, slot: .b, other: .first))
        return await stage.names()
    }
}

/// The way from one release to the next, with a watch in hand.
struct Reboot {
    /// Waits until a slot was activated, and then until the machine is up in it through the firmware.
    /// - Parameter start: the number of pictures of the boot partition that were there before.
    func pass(on stage: Stage, into slot: Slot, afterPicture start: Int) async throws {
        let boots = await stage.machine.boots.count
        try await activation(on: stage, of: slot, afterPicture: start)
        let began = ContinuousClock.now
        try await stage.live(until: "the machine is up in slot \(slot)") {
            $0.boots > boots && $0.isUp
        }
        await stage.figures.noteFirmwareReboot(.now - began)
    }

    /// Waits until a fresh, counted entry of a slot stands on the boot partition.
    /// - Parameter isPastFirmware: the engine starts the kernel itself, and spends the tries a moment later: too soon for
    ///   every look to meet the fresh entry.
    func activation(
        on stage: Stage, of slot: Slot, afterPicture start: Int, isPastFirmware: Bool = false
    ) async throws {
        try await stage.live(until: "slot \(slot) is activated for two tries") { _ in
            if await stage.watch.hasSeen(slot, .counted(left: 2, done: 0), since: start) { return true }
            guard isPastFirmware else { return false }
            return await stage.watch.hasSeen(slot, .bad(done: 1), since: start)
        }
    }
}
