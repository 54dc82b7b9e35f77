import FleetCommands
import FoundationEssentials
import PayloadStore
import Synchronization
import Testing
import UpdateModel

@Suite("Failures, their words and their exit codes")
struct FailureTests {
    @Test("a server that is not there exits 69")
    func unreachable() async throws {
        let runner = CommandRunner(server: "http://127.0.0.1:1", tokenFile: "/dev/null")
        await expect(.configuration) { try await runner("app", "list") }
        try await withTokenFile("mt_x") { file in
            let runner = CommandRunner(server: "http://127.0.0.1:1", tokenFile: file)
            await expect(.unavailable) { try await runner("app", "list") }
        }
    }

    @Test("a token that is not valid exits 77")
    func wrongToken() async throws {
        try await CommandRunner.withServer { martlet, _ in
            try await withTokenFile("mt_00_0000") { file in
                let stranger = CommandRunner(server: martlet.server, tokenFile: file)
                await expect(.notPermitted) { try await stranger("app", "list") }
            }
        }
    }

    @Test("what is not there or in the way exits 65, what cannot be asked exits 64")
    func refusals() async throws {
        try await CommandRunner.withServer { martlet, _ in
            await expect(.badData) { try await martlet("app", "show", "none") }
            try await martlet("app", "create", "--id", "a", "--name", "os")
            await expect(.badData) { try await martlet("app", "create", "--id", "a", "--name", "again") }
            await expect(.usage) { try await martlet("app", "create", "--id", "b", "--name", "") }
            await expect(.usage) { try await martlet("machine", "list", "--stage", "lost") }
        }
    }

    @Test("a file that is no payload is refused before the upload")
    func noPayload() async throws {
        try await CommandRunner.withServer { martlet, _ in
            let place = ("--app", "os", "--release", "1.0.0")
            await expect(.badData) {
                try await martlet("payload", "add", place.0, place.1, place.2, place.3, "--arch", "amd64", #filePath)
            }
            await expect(.inputOutput) {
                try await martlet(
                    "payload", "add", place.0, place.1, place.2, place.3, "--arch", "amd64", "/nonexistent/x.crau")
            }
        }
    }

    @Test("a payload that the server refuses exits 65")
    func refusedPayload() async throws {
        try await CommandRunner.withServer { martlet, _ in
            try await martlet("app", "create", "--id", "a", "--name", "os")
            try await martlet("release", "create", "--app", "os", "1.0.0")
            let file = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
            try Data("CrAU and no more than these words of no payload".utf8).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }  // A left-over file spoils no test.
            await expect(.badData) {
                try await martlet("payload", "add", "--app", "os", "--release", "1.0.0", "--arch", "amd64", file.path)
            }
        }
    }

    @Test("what cannot be had where it lies exits 69, and what is being fetched already 75", .timeLimit(.minutes(1)))
    func elsewhere() async throws {
        let remote = SlowRemote()
        try await CommandRunner.withServer(remote: remote) { martlet, _ in
            try await martlet("app", "create", "--id", "a", "--name", "os")
            try await martlet("release", "create", "--app", "os", "1.0.0")
            let add = [
                "payload", "add", "--app", "os", "--release", "1.0.0", "--arch", "amd64", "--url", "https://a.example/x",
            ]
            async let first: Void = expect(.unavailable) { try await martlet.run(add) }
            while !remote.isAsked.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
            await expect(.tryLater) { try await martlet.run(add) }
            remote.isOver.withLock { $0 = true }
            await first
        }
    }

    @Test("a token is shown and revoked by its name")
    func tokenByName() async throws {
        try await CommandRunner.withServer { martlet, _ in
            try await martlet("token", "create", "pipeline")
            #expect(try await martlet("token", "show", "pipeline").contains("pipeline"))
            try await martlet("token", "delete", "pipeline")
            await expect(.badData) { try await martlet("token", "show", "pipeline") }
        }
    }

    @Test("a server's URL must be one", arguments: ["127.0.0.1:8080", "ftp://x", "http://a b", "http://x?y"])
    func badServer(url: String) async {
        await expect(.usage) { try await CommandRunner(server: url, tokenFile: "/dev/null")("app", "list") }
    }

    private func expect(_ status: UpdateModel.ExitStatus, _ body: () async throws -> String) async {
        do {
            let output = try await body()
            Issue.record("it worked: \(output)")
        } catch let error as any UserFacingError {
            #expect(error.userMessage.exit == status, "\(error.userMessage.line)")
            #expect(!error.userMessage.line.isEmpty)
        } catch {
            Issue.record("\(error)")
        }
    }

    private func withTokenFile(_ token: String, _ body: (String) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
        try Data(token.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A left-over file spoils no test.
        try await body(file.path)
    }
}

/// Another server that is asked for a file, and at last says that it has none.
private final class SlowRemote: RemoteFiles {
    let isAsked = Mutex(false)
    let isOver = Mutex(false)

    func read<Result: Sendable>(
        _ url: PayloadURL, _ body: (RemoteFile, () async throws -> [UInt8]?) async throws -> Result
    ) async throws -> Result {
        isAsked.withLock { $0 = true }
        while !isOver.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
        throw RemoteFileError.unavailable(url, reason: "it answers with status 404")
    }

    func probe(_ url: PayloadURL, expecting size: UInt64) async throws(RemoteFileError) -> RemoteFile {
        throw .unavailable(url, reason: "it answers with status 404")
    }
}
