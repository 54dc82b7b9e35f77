import ArgumentParser
import FleetCommands
import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import HummingbirdTesting
import Logging
import PayloadStore
import Synchronization
import Testing
import UpdateServerKit

/// The nouns as the program has them.
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet", subcommands: FleetNouns.commands + [PayloadNoun.self])
}

struct PayloadNoun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "payload", subcommands: FleetNouns.payloadVerbs)
}

/// Runs commands against a live server that has its data in memory and wants a token.
struct CommandRunner: Sendable {
    let server: String
    let tokenFile: String

    /// - Returns: what the command prints.
    @discardableResult
    func callAsFunction(_ arguments: String...) async throws -> String { try await run(arguments) }

    /// - Returns: what the command prints.
    @discardableResult
    func run(_ arguments: [String]) async throws -> String {
        let printed = PrintedLines()
        let connection = ["--server", server, "--token-file", tokenFile, "--quiet"]
        let all = ArgumentOrder.normalized(connection + arguments)
        guard let command = try Root.parseAsRoot(all) as? any AsyncParsableCommand else {
            Issue.record("no such command: \(arguments)")
            return ""
        }
        try await printed.capture(command)
        return printed.text
    }

    /// Runs `test` with a server on a free port.
    /// - Parameter remote: what lies elsewhere.
    static func withServer(
        remote: any RemoteFiles = NoRemoteFiles(), _ test: @Sendable (CommandRunner, FleetControl) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // A left-over directory spoils no test.
        let control = FleetControl(store: MemoryFleetStore(), payloads: MemoryPayloadStore(), remote: remote)
        let token = try await control.createToken(name: "test", role: .admin, by: .local)
        try Data(token.secret.utf8).write(to: URL(filePath: directory + "/token"))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let settings = try ServerSettings(SettingsFragment(data: directory, listen: "127.0.0.1:0"))
        let server = UpdateServer(
            settings: settings, directory: try DataDirectory(creating: directory), control: control, logger: logger
        ) { _ in FleetPage(markup: "", contentSecurityPolicy: "") }
        try await server.application().test(.live) { client in
            let port = try #require(client.port)
            try await test(
                CommandRunner(server: "http://127.0.0.1:\(port)", tokenFile: directory + "/token"), control)
        }
    }
}

/// What a command prints, in place of standard output.
final class PrintedLines: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    func capture(_ command: any AsyncParsableCommand) async throws {
        let sink = OutputSink { line in self.lines.withLock { $0.append(line) } }
        try await Terminal.$output.withValue(sink) {
            var command = command
            try await command.run()
        }
    }
}

/// A payload in a file of its own.
func withPayloadFile(_ body: (String) async throws -> Void) async throws {
    let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/crau/delta-kernel-2sig.crau")
    try await body(source.path)
}
