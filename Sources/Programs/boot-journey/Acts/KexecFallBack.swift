import QemuKit
import UpdateModel

/// A kernel that was started past the loader fails, and the loader must know all the same.
struct KexecFallBack: Act {
    let name = "kexec-fall-back"
    let title = "3.0.0 is started by kexec and has no init: the next boot by the firmware is 2.0.0 again"
    let opening: Opening? = Opening(version: .second, slot: .a, other: nil)

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        let boots = await stage.machine.boots.count
        try await stage.useKexec()
        try await stage.headquarters.publish(.lame, payload: stage.shelf.payload(.lame))
        try await Reboot().activation(on: stage, of: .b, afterPicture: start)
        try await stage.live(until: "3.0.0 has failed, and slot a is up again") {
            $0.isBad(.b) && $0.boots > boots && $0.isUp
        }
        let count = await stage.machine.boots.count - boots - (await stage.machine.stalls)
        try await stage.expect(count == 1, "one boot by the firmware", seen: "\(count)")
        let spent = await stage.watch.hasSeen(.b, .bad(done: 1), since: start)
        let seen = await stage.seen(since: start)
        try await stage.expect(spent, "the tries to be used before the jump", seen: seen)
        let failure = try await FallBack(version: .lame, to: .second, slot: .a).report(on: stage)
        await stage.progress.reached(Opening(version: .second, slot: .a, other: nil))
        return "the server knows: \(failure)"
    }
}
