import UpdateModel

/// The whole story, from signing keys to a roll-out that stopped itself. Each step is checked from outside.
struct Story: Sendable {
    let stage: Stage

    /// Tells the story, and hands the end to `epilogue` while server and machines still run.
    func tell(_ epilogue: @Sendable () async throws -> Void) async throws {
        let releases = try await Workshop(stage: stage).prepare()
        let server = try await Headquarters.open(stage)
        let result: Result<Void, any Error>
        do {
            result = .success(try await tell(releases, server, epilogue))
        } catch {
            result = .failure(error)
        }
        await server.process.stop(stage.guardian)
        try result.get()
    }

    private func tell(
        _ releases: Releases, _ server: Headquarters, _ epilogue: @Sendable () async throws -> Void
    ) async throws {
        let fleetOperator = try await server.furnish(releases)
        let fleet = try await makeFleet(releases, server: server.process.url)
        try await fleet.running {
            let display = Task { [screen = stage.screen] in
                while !Task.isCancelled {
                    await screen.show(await fleet.views())
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            defer { display.cancel() }
            let cast = Cast(
                stage: stage, fleet: fleet, fleetOperator: fleetOperator, releases: releases, server: server.process)
            let result: Result<Void, any Error>
            do { result = .success(try await cast.play()) } catch { result = .failure(error) }
            display.cancel()
            _ = await display.result
            await stage.screen.show([])
            let machines = await fleet.views().map { MachineSummary($0, releases) }
            await stage.chronicle.remember(machines, page: "\(server.process.url)/")
            try result.get()
            await stage.chronicle.storyEnds()
            try await epilogue()
        }
    }

    private func makeFleet(_ releases: Releases, server: String) async throws -> Fleet {
        // Slow enough to be watched, and for a daemon to be killed half-way.
        let rate = max(releases.good.payloadBytes / 5, 1 << 20)
        let settings = MachineSettings(server: server, keys: stage.paths.publicKeys, bytesPerSecond: rate)
        let stage = stage
        return try await stage.chronicle.step("\(stage.machineCount) machines get a disk, 1.0.0 in slot A") {
            let fleet = try Fleet.create(
                count: stage.machineCount, image: releases.first.image, paths: stage.paths, settings: settings
            ) { card in
                DemoMachine(
                    card: card, programs: stage.programs, command: stage.command, guardian: stage.guardian,
                    began: stage.began)
            }
            return (fleet, "GPT with Flatcar’s partitions, sparse files")
        }
    }
}
