import QemuKit
import UpdateModel

/// A kernel that was started past the loader hangs before anything of the system runs. The watchdog must end it, and the
/// loader must know that it was tried.
struct KexecFallBack: Act {
    let name = "kexec-fall-back"
    let title = "5.0.0 is started by kexec and hangs before its init: the watchdog ends it, and 4.0.0 is up again"
    let opening: Opening? = Opening(version: .fourth, slot: .a, other: .second)

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        let boots = await stage.machine.boots.count
        let sound = await stage.machine.soundBoots
        try await stage.useKexec()
        try await stage.headquarters.publish(.hung, payload: stage.shelf.payload(.hung))
        try await Reboot().activation(on: stage, of: .b, afterPicture: start, isPastFirmware: true)
        try await stage.live(until: "5.0.0 has failed, and slot a is up again") {
            $0.isBad(.b) && $0.boots > boots && $0.isUp
        }
        let count = await stage.machine.soundBoots - sound
        try await stage.expect(count == 1, "one boot by the firmware", seen: "\(count)")
        let hung = await stage.machine.boots[boots - 1]
        try await stage.expect(
            hung.wasEndedByWatchdog, "QEMU to tell of the watchdog", seen: "\(String(describing: hung.ending))")
        let spent = await stage.watch.hasSeen(.b, .bad(done: 1), since: start)
        let seen = await stage.seen(since: start)
        try await stage.expect(spent, "the tries to be used before the jump", seen: seen)
        let failure = try await FallBack(version: .hung, to: .fourth, slot: .a).report(on: stage)
        await stage.progress.reached(Opening(version: .fourth, slot: .a, other: nil))
        return "the server knows: \(failure)"
    }
}
