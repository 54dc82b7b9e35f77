import FleetAPI
import FleetModel
import FoundationEssentials
import UpdateModel

/// The person who runs the fleet: everything is done with the program `martlet`, as a script would.
struct FleetOperator: Sendable {
    let command: Command
    let martlet: String
    let server: String
    /// The file with the token that the commands show.
    var tokenFile: String
    /// As the commands name it.
    let application = ApplicationID.flatcar.text

    /// Runs `martlet --server … WORDS` and returns what it printed.
    @discardableResult func run(_ words: String...) async throws -> String { try await run(words) }

    @discardableResult func run(_ words: [String]) async throws -> String {
        try await command.succeed(martlet, ["--server", server, "--token-file", tokenFile] + words)
    }

    func machines() async throws -> [MachineResource] {
        try await list("machine", "list", "--app", application, "--limit", "1000")
    }

    /// Newest first.
    func events() async throws -> [EventResource] {
        try await list("event", "list", "--app", application, "--limit", "1000")
    }

    func channels() async throws -> [ChannelResource] { try await list("channel", "list", "--app", application) }

    func group(_ name: String) async throws -> GroupResource {
        try await decode(["group", "show", "--app", application, name])
    }

    func payload(of version: Version) async throws -> PayloadResource? {
        let release: ReleaseResource = try await decode(["release", "show", "--app", application, version.text])
        return release.payloads.first
    }

    /// Makes a token and writes its secret to `file`.
    func createToken(named name: String, role: String, to file: String) async throws {
        let token: CreatedToken = try await decode(["token", "create", "--role", role, name])
        try Folder.write(token.secret + "\n", to: file, isExecutable: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    }

    private func list<Item: Codable & Sendable>(_ words: String...) async throws -> [Item] {
        let page: ListPage<Item> = try await decode(words)
        return page.items
    }

    private func decode<Value: Decodable>(_ words: [String]) async throws -> Value {
        let text = try await run(words + ["--json"])
        do {
            return try APIJSON.decode(Value.self, from: Data(text.utf8))
        } catch {
            let what = "The output of “martlet \(words.joined(separator: " ")) --json”"
            throw DemoError.unintelligible(what: what, reason: "\(error)")
        }
    }
}
