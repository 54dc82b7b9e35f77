import EngineControl
import FleetAPI
import UpdateModel

/// Everyone who plays in the second half of the story: the fleet, its operator, and the releases.
struct Cast: Sendable {
    let stage: Stage
    let fleet: Fleet
    let fleetOperator: FleetOperator
    let releases: Releases
    let server: ServerProcess

    /// From the first power-on to the end.
    func play() async throws {
        try await powerOn()
        try await joinAlpha()
        try await publishToAlpha()
        try await promote()
        try await rollOutGoodRelease()
        try await leaveAlpha()
        try await rollOutBrokenRelease()
        try await pageIsTrue(server.url)
    }

    // MARK: - What the steps share

    /// Waits until `isTrue` of the fleet. A machine that cannot go on ends the wait at once.
    func waitForFleet(
        _ expected: String, until isTrue: @Sendable ([MachineView]) async throws -> Bool
    ) async throws {
        let log = await laggard()?.card.log
        try await Expectation(expected: expected, limit: stage.patience, log: log).wait {
            Self.describe(await fleet.views())
        } until: {
            try server.checkAlive()
            let views = await fleet.views()
            if let view = views.first(where: { $0.fault != nil }), let fault = view.fault {
                throw StoryFailure(expected: expected, seen: "\(view.card.alias): \(fault)", log: view.card.log)
            }
            return try await isTrue(views)
        }
    }

    /// Waits until `isTrue` of what the server says; asks less often, because each question is a process.
    func waitForServer(
        _ expected: String, seen: @Sendable () async throws -> String, until isTrue: @Sendable () async throws -> Bool
    ) async throws {
        try await Expectation(
            expected: expected, limit: stage.patience, interval: .milliseconds(250), log: server.log
        ).wait(seen: seen) {
            try server.checkAlive()
            return try await isTrue()
        }
    }

    /// The machine that is most likely to tell why a wait takes so long.
    private func laggard() async -> MachineView? {
        let views = await fleet.views()
        return views.first { $0.status == nil } ?? views.first { $0.status?.lastError != nil } ?? views.first
    }

    /// The fleet in one line.
    static func describe(_ views: [MachineView]) -> String {
        views.map { view in
            let state = view.status.map { "\($0.version) \($0.state)\($0.lastError.map { ", \($0)" } ?? "")" }
            return "\(view.card.alias): \(state ?? "\(view.power)")"
        }.joined(separator: "; ")
    }

    func check(_ isTrue: Bool, _ expected: String, seen: @autoclosure () -> String, log: String? = nil) throws {
        guard !isTrue else { return }
        throw StoryFailure(expected: expected, seen: seen(), log: log)
    }
}
