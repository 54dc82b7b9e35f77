import FleetAPI
import FleetDemo
import FleetModel
import FoundationEssentials
import UpdateModel

/// The server of the journey, a real `martlet-server`, and its operator, who does everything with `martlet`.
struct Headquarters: Sendable {
    let port: UInt16
    private let child: ChildProcess
    private let guardian: Guardian
    private let command: Command
    private let martlet: String
    private let tokenFile: String

    static let application = ApplicationID.flatcar.text
    private static let channel = "stable"
    private static let startLimit = Duration.seconds(30)

    /// Starts the server and waits until it listens.
    /// - Parameter publicPort: of the loopback address, where guests find it; they call the host 10.0.2.2.
    static func open(
        _ paths: JourneyPaths, _ programs: JourneyPrograms, publicPort: UInt16, guardian: Guardian
    ) async throws -> Headquarters {
        let (log, settings) = ("\(paths.logs)/martlet-server.log", "\(paths.root)/server.toml")
        try Folder.write("# The defaults are right; this host's own settings file is not read.\n", to: settings)
        let words = [
            "serve", "--config", settings, "--data", paths.server, "--listen", "127.0.0.1:0", "--public-url",
            "http://10.0.2.2:\(publicPort)",
        ]
        let child = try ChildProcess.start(programs.server, words, output: log, errors: log)
        guardian.watch(child)
        let tokenFile = "\(paths.server)/admin-token"
        let deadline = ContinuousClock.now + startLimit
        while ContinuousClock.now < deadline, child.poll() == nil {
            if let port = listenPort(paths), FileManager.default.fileExists(atPath: tokenFile) {
                let headquarters = Headquarters(
                    port: port, child: child, guardian: guardian, command: Command(folder: paths.logs),
                    martlet: programs.martlet, tokenFile: tokenFile)
                try await headquarters.furnish()
                return headquarters
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw JourneyError.serverNotStarted(log: log)
    }

    func close() async {
        await child.stop(patience: .seconds(5))
        guardian.forget(child)
    }

    // MARK: - The operator's acts

    /// Uploads a release, where that has not been done, and points the channel at it.
    func publish(_ version: Version, payload: String) async throws {
        try await upload(version, payload: payload)
        try await point(at: version)
    }

    func upload(_ version: Version, payload: String) async throws {
        guard try await !releases().contains(where: { $0.version == version }) else { return }
        try await run("release", "create", "--app", Self.application, version.text)
        try await run(
            "payload", "add", "--app", Self.application, "--release", version.text, "--arch", "amd64", payload,
            "--quiet")
    }

    func point(at version: Version) async throws {
        try await run("channel", "set", "--app", Self.application, Self.channel, version.text)
    }

    func orderRollback(of machine: MachineID, reason: String) async throws {
        try await run("machine", "rollback", "--app", Self.application, machine.rawValue, "--reason", reason)
    }

    // MARK: - What the server knows

    private func releases() async throws -> [ReleaseResource] {
        let page: ListPage<ReleaseResource> = try await decode(["release", "list", "--app", Self.application])
        return page.items
    }

    func machines() async throws -> [MachineResource] {
        let page: ListPage<MachineResource> = try await decode(["machine", "list", "--app", Self.application])
        return page.items
    }

    func machine(_ id: MachineID) async throws -> MachineResource? { try await machines().first { $0.id == id } }

    /// What happened to a machine, newest first.
    func events(of machine: MachineID) async throws -> [EventResource] {
        let page: ListPage<EventResource> = try await decode(
            ["event", "list", "--app", Self.application, "--machine", machine.rawValue, "--limit", "1000"])
        return page.items
    }

    // MARK: - Support

    private func furnish() async throws {
        try await run("app", "create", "--id", Self.application, "--name", "Martlet OS")
        try await run(
            "group", "create", "--app", Self.application, "--track", "stable", "--channel", Self.channel, "machines")
    }

    @discardableResult private func run(_ words: String...) async throws -> String { try await run(words) }

    private func run(_ words: [String]) async throws -> String {
        try await command.succeed(
            martlet, ["--server", "http://127.0.0.1:\(port)", "--token-file", tokenFile] + words)
    }

    private func decode<Value: Decodable>(_ words: [String]) async throws -> Value {
        let text = try await run(words + ["--json"])
        do {
            return try APIJSON.decode(Value.self, from: Data(text.utf8))
        } catch {
            let what = "The output of “martlet \(words.joined(separator: " ")) --json”"
            throw JourneyError.unintelligible(what: what, reason: "\(error)")
        }
    }

    private static func listenPort(_ paths: JourneyPaths) -> UInt16? {
        guard let data = FileManager.default.contents(atPath: "\(paths.server)/listen-address") else { return nil }
        let text = String(decoding: data, as: UTF8.self).prefix { !$0.isNewline }
        return text.split(separator: ":").last.flatMap { UInt16($0) }
    }
}
