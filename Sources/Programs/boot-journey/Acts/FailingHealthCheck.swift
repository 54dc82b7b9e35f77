import QemuKit
import UpdateModel

/// A release that boots but does not do its work is left at once, whatever tries it still has.
struct FailingHealthCheck: Act {
    let name = "failing-health"
    let title = "3.1.0 boots but fails its health check: back on 2.0.0 at once, and the server knows why"
    let opening: Opening? = Opening(version: .second, slot: .b, other: nil)

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        let boots = await stage.machine.boots.count
        let sound = await stage.machine.soundBoots
        try await stage.headquarters.publish(.sick, payload: stage.shelf.payload(.sick))
        try await Reboot().activation(on: stage, of: .a, afterPicture: start)
        try await stage.live(until: "slot a is rejected, and slot b is up again") {
            $0.isBad(.a) && $0.boots >= boots + 2 && $0.isUp
        }
        let count = await stage.machine.soundBoots - sound
        try await stage.expect(count <= 2, "one boot of 3.1.0 and one back", seen: "\(count) boots")
        let failure = try await FallBack(version: .sick, to: .second, slot: .b).report(on: stage)
        try await stage.expect(
            failure.contains(StoryRelease.complaint), "the check's words at the server", seen: failure)
        try await NewerFiles(of: .sick).areReadable(on: stage)
        await stage.progress.reached(Opening(version: .second, slot: .b, other: nil))
        return "the server knows: \(failure)"
    }
}

/// What a newer release has written into `/etc` and `/var`, and an older one must be able to read.
struct NewerFiles {
    let of: Version

    init(of version: Version) { of = version }

    func areReadable(on stage: Stage) async throws {
        let text = try await stage.agent().succeed("cat /etc/journey/\(of) /var/lib/journey/\(of)")
        try await stage.expect(
            text.split(whereSeparator: \.isNewline).map(String.init) == [of.text, of.text],
            "what \(of) wrote to /etc and /var", seen: text)
    }
}
