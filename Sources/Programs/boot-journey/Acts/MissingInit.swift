import FleetAPI
import FleetModel
import QemuKit
import UpdateModel

/// A release that cannot come up uses its tries, and the machine comes back by itself.
struct MissingInit: Act {
    let name = "missing-init"
    let title = "3.0.0 has no init: its two tries run out, and the machine is back on 2.0.0 by itself"
    let opening: Opening? = Opening(version: .second, slot: .b, other: .first)
    let notesWrites = true

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        let boots = await stage.machine.boots.count
        try await stage.headquarters.publish(.lame, payload: stage.shelf.payload(.lame))
        try await Reboot().activation(on: stage, of: .a, afterPicture: start)
        try await stage.live(until: "both tries of 3.0.0 are used, and slot b is up again") {
            $0.isBad(.a) && $0.boots >= boots + 3 && $0.isUp
        }
        let failure = try await FallBack(version: .lame, to: .second, slot: .b).report(on: stage)
        let logs = try await stage.consoles(since: boots).filter { $0.contains("has no init") }
        try await stage.expect(logs.count == 2, "two boots that find no init", seen: "\(logs.count)")
        await stage.progress.reached(Opening(version: .second, slot: .b, other: nil))
        return "the server knows: \(failure)"
    }
}

/// What must be true once a release has failed on the machine.
struct FallBack {
    /// What failed.
    let version: Version
    /// What runs again.
    let to: Version
    let slot: Slot

    /// Waits until the server knows that and why, and that it offers the release no more to this machine.
    /// - Returns: the reason at the server.
    func report(on stage: Stage) async throws -> String {
        try await stage.settle(on: to, in: slot)
        let identity = await stage.progress.identity
        try await stage.live(until: "the server knows that \(version) failed, and offers it no more") { _ in
            guard let identity, let known = try await stage.known() else { return false }
            let events = try await stage.headquarters.events(of: identity)
            return known.hold?.reason == "failed-here-before"
                && events.contains { $0.version == version && $0.error != nil && !$0.text.isEmpty }
        }
        let fetched = stage.tap.downloads.count
        let asked = stage.tap.requestCount
        try await stage.live(until: "three more requests") { _ in stage.tap.requestCount >= asked + 3 }
        try await stage.expect(
            stage.tap.downloads.count == fetched, "no further download of \(version)",
            seen: "\(stage.tap.downloads.count - fetched)")
        guard let identity else { return "" }
        let events = try await stage.headquarters.events(of: identity)
        return events.first { $0.version == version && $0.error != nil }?.text ?? ""
    }
}
