import UpdateModel

/// What all steps of the story work with.
struct Stage: Sendable {
    let paths: DemoPaths
    let programs: Programs
    let command: Command
    let guardian: Guardian
    let screen: Screen
    let chronicle: Chronicle
    let machineCount: Int
    let began: ContinuousClock.Instant
    let limits: RolloutLimits

    /// Time for something that each machine does once, with room for a slow and busy host.
    var patience: Duration { .seconds(90 + 15 * machineCount) }
}

/// Waits until something is true, and says what was seen instead when it does not become true.
struct Expectation: Sendable {
    let expected: String
    let limit: Duration
    var interval = Duration.milliseconds(60)
    var log: String?

    func wait(
        seen: () async throws -> String, until isTrue: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            if try await isTrue() { return }
            guard ContinuousClock.now < deadline else {
                throw StoryFailure(expected: "\(expected) within \(limit)", seen: try await seen(), log: log)
            }
            try await Task.sleep(for: interval)
        }
    }
}
