import FleetAPI
import UpdateModel

/// The server, and what the operator sets up on it.
struct Headquarters: Sendable {
    let stage: Stage
    let process: ServerProcess

    /// The groups, by the channel that they follow.
    static let alphaGroup = "canary"
    static let betaGroup = "preview"
    static let stableGroup = "web"

    static func open(_ stage: Stage) async throws -> Headquarters {
        try await stage.chronicle.step("A server starts") {
            let process = try await ServerProcess.start(stage.programs, paths: stage.paths, guardian: stage.guardian)
            return (Headquarters(stage: stage, process: process), "\(process.url), SQLite in a fresh folder")
        }
    }

    /// Publishes nothing yet but 1.0.0, which all machines have.
    func furnish(_ releases: Releases) async throws -> FleetOperator {
        let stage = stage
        let fleetOperator = FleetOperator(
            command: stage.command, martlet: stage.programs.martlet, server: process.url, tokenFile: process.tokenFile)
        try await stage.chronicle.step("An application, tokens and three releases are set up") {
            try await setUpCatalogue(fleetOperator, releases)
            return ((), "payloads uploaded and hashed")
        }
        try await stage.chronicle.step("Channels alpha, beta and stable, and a group for each") {
            try await setUpGroups(fleetOperator, releases)
            let limits = stage.limits
            return (
                (),
                "stable: \(limits.inProgressMax) at a time, stops after \(limits.stopAfterFailures) failed"
            )
        }
        return fleetOperator
    }

    /// The releases are added by a token that may do no more than that, as a build pipeline holds it.
    private func setUpCatalogue(_ admin: FleetOperator, _ releases: Releases) async throws {
        let application = admin.application
        try await admin.run("app", "create", "--id", application, "--name", "Martlet Demo")
        var publisher = admin
        publisher.tokenFile = "\(stage.paths.keys)/publisher-token"
        try await admin.createToken(named: "build-pipeline", role: "publisher", to: publisher.tokenFile)
        try await admin.createToken(named: "page", role: "viewer", to: stage.paths.viewerToken)
        for release in releases.all {
            let version = release.version.text
            try await publisher.run(
                "release", "create", "--app", application, version, "--notes", release.plan.notes)
            try await publisher.run(
                "payload", "add", "--app", application, "--release", version, "--arch", HostArchitecture.model.name,
                release.payload, "--quiet")
        }
    }

    private func setUpGroups(_ fleetOperator: FleetOperator, _ releases: Releases) async throws {
        let application = fleetOperator.application
        for channel in ["alpha", "beta", "stable"] {
            try await fleetOperator.run(
                "channel", "set", "--app", application, channel, releases.first.version.text)
        }
        let limits = [
            "--max-in-progress", "\(stage.limits.inProgressMax)", "--stop-after-failures",
            "\(stage.limits.stopAfterFailures)",
        ]
        for (track, group, policy) in [
            ("alpha", Self.alphaGroup, []), ("beta", Self.betaGroup, []), ("stable", Self.stableGroup, limits),
        ] {
            try await fleetOperator.run(
                ["group", "create", "--app", application, "--track", track, "--channel", track] + policy + [group])
        }
    }
}
