package import ArgumentParser
import UpdateModel

/// `martlet fleet …`
package struct FleetCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "fleet", abstract: "Fake fleets, for trying policies and for load.", subcommands: [FleetRun.self])

    package init() {}
}

/// `martlet fleet run`
struct FleetRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Drive light fake machines against any Omaha server.",
        discussion: """
            Example: martlet fleet run --machines 1000 --server http://127.0.0.1:8080 --failing 2 --silent 1 --slow 10
            They ask, take what they are offered, report, “reboot” and run it, without a disk and without a download. A
            machine has one exchange in each turn; an update takes five. Try it on a server of its own: it registers them.
            """)

    @Option(help: "How many machines, up to 1000000.") var machines = 100
    @Option(help: "The application that they ask for: its id, as machines send it.", transform: ApplicationID.parse)
    var app = ApplicationID.flatcar
    @Option(help: "The track that they send.") var track = "stable"
    @Option(help: "The release that they run at first.", transform: Version.parse) var version: Version?
    @Option(help: "Their architecture.", transform: Architecture.parse) var arch = Architecture.amd64
    @Option(help: "How often each machine has its turn.") var turns = 12
    @Option(help: "At least so many seconds between two turns of a machine.") var interval = 0.0
    @Option(help: "At most so many exchanges at once, up to 512.") var concurrency = 32
    @Option(help: "The same number gives the same machines.") var seed: UInt64 = 1
    @Option(help: "What their ids begin with.") var prefix = "fake"
    @Option(help: "Percent that pause before each step.") var slow = 0
    @Option(help: "Percent that take an offer and are not heard of again.") var silent = 0
    @Option(help: "Percent that take an offer and report that it failed.") var failing = 0
    @Option(help: "Percent that report what never happened.") var lying = 0
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...1_000_000).contains(machines) else { throw ValidationError("--machines takes 1 to 1000000.") }
        guard (1...512).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 512.") }
        guard (1...100_000).contains(turns) else { throw ValidationError("--turns takes 1 to 100000.") }
        guard (0...86_400).contains(interval) else { throw ValidationError("--interval takes 0 to 86400 seconds.") }
        let shares = [slow, silent, failing, lying]
        guard shares.allSatisfy({ (0...100).contains($0) }), shares.reduce(0, +) <= 100 else {
            throw ValidationError("--slow, --silent, --failing and --lying are percentages, 100 together at most.")
        }
        guard (try? MachineID(prefix + "-1000000")) != nil else {
            throw ValidationError("--prefix takes up to 120 letters, digits or any of . _ : @ -")
        }
    }

    func run() async throws {
        let progress = TurnProgress(total: machines * turns, isQuiet: connection.quiet || connection.json)
        try await FleetClient.connected(connection, connectionCount: concurrency) { client in
            let summary = try await FleetRunner(settings: settings, client: client, progress: progress).run()
            try Printer(options: connection).show(summary, summary.lines)
        }
    }

    private var settings: FleetRunSettings {
        var settings = FleetRunSettings()
        settings.machines = machines
        settings.application = app.text
        settings.track = track
        settings.version = version?.text ?? settings.version
        settings.architecture = "\(arch)"
        settings.turns = turns
        settings.interval = .seconds(interval)
        settings.concurrency = concurrency
        settings.seed = seed
        settings.prefix = prefix
        settings.shares = [.slow: slow, .silent: silent, .failing: failing, .lying: lying]
        return settings
    }
}
