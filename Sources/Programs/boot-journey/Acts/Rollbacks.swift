import FleetAPI
import QemuKit
import UpdateModel

/// The operator of the server sends one machine back.
struct ServerRollback: Act {
    let name = "server-rollback"
    let title = "The server orders the machine back: 2.0.0 runs again, and reads what 4.0.0 wrote"
    let opening: Opening? = Opening(version: .fourth, slot: .a, other: .second)
    /// The engine goes back only to what it knows to be good.
    let follows: String? = "kexec"

    func play(on stage: Stage) async throws -> String {
        guard let identity = await stage.progress.identity else {
            throw JourneyFailure(expected: "a machine with a name", seen: "none")
        }
        try await stage.headquarters.orderRollback(of: identity, reason: "4.0.0 is too loud")
        try await stage.settle(on: .second, in: .b)
        try await stage.live(until: "the server holds 4.0.0 back from this machine") { _ in
            try await stage.known()?.hold?.reason == "rolled-back"
        }
        try await NewerFiles(of: .fourth).areReadable(on: stage)
        await stage.progress.reached(Opening(version: .second, slot: .b, other: .fourth))
        return await stage.names()
    }
}

/// A person at the machine goes to the other slot.
struct ManualRollback: Act {
    let name = "rollback"
    let title = "“martlet rollback” on the machine: the other slot runs again, without a second trial"
    let opening: Opening? = Opening(version: .second, slot: .b, other: .fourth)
    let follows: String? = "server-rollback"

    func play(on stage: Stage) async throws -> String {
        let start = await stage.watch.pictures.count
        let answer = try await stage.agent().succeed("martlet rollback")
        try await stage.settle(on: .fourth, in: .a)
        let tried = await stage.watch.pictures.dropFirst(start).contains { picture in
            picture.entries(of: .a).contains { $0.state != .good }
        }
        let seen = await stage.seen(since: start)
        try await stage.expect(!tried, "slot a to stay proven all the time", seen: seen)
        await stage.progress.reached(Opening(version: .fourth, slot: .a, other: .second))
        return answer.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
    }
}
