import ArgumentParser
import ContentTrust
import FleetAPI
import FleetCommands
import FleetModel
import FleetOperations
import FoundationEssentials
import PayloadStore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Nouns against a live server")
struct NounTests {
    static let id = "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}"

    @Test("an application is created, listed, shown by id or name, renamed and deleted")
    func app() async throws {
        try await CommandRunner.withServer { martlet, _ in
            try await martlet("app", "create", "--id", Self.id, "--name", "flatcar")
            #expect(try await martlet("app", "list").contains("flatcar"))
            #expect(try await martlet("app", "show", "E96281A6-d1af-4bde-9a0a-97b76e56dc57").contains(Self.id))
            try await martlet("app", "set", "flatcar", "--name", "os")
            let shown = try APIJSON.decode(
                ApplicationResource.self, from: Data(try await martlet("--json", "app", "show", "os").utf8))
            #expect(shown.name == "os")
            try await martlet("app", "delete", "os")
            #expect(try await martlet("app", "list").split(separator: "\n").count == 1)
        }
    }

    @Test("a release with a payload is created, listed, shown, changed and deleted")
    func releaseAndPayload() async throws {
        try await CommandRunner.withServer { martlet, _ in
            try await martlet("app", "create", "--id", Self.id, "--name", "os")
            try await martlet("release", "create", "--app", "os", "2.0.0", "--notes", "first")
            try await martlet("release", "set", "--app", "os", "2.0.0", "--notes", "second")
            #expect(try await martlet("release", "show", "--app", Self.id, "2.0.0").contains("second"))
            let place = ["--app", "os", "--release", "2.0.0", "--arch", "x86_64", "--from", "1.0.0"]
            try await withPayloadFile { file in
                let added = try await martlet(
                    "--json", "payload", "add", place[0], place[1], place[2], place[3], place[4], place[5], place[6],
                    place[7], file)
                let payload = try APIJSON.decode(PayloadResource.self, from: Data(added.utf8))
                #expect(payload.architecture == .amd64)
                #expect(payload.fileName == "delta-kernel-2sig.crau")
                #expect(try await martlet("payload", "list", "--app", "os").contains(payload.sha256.hexadecimal))
                #expect(try await martlet("release", "list", "--app", "os").contains("amd64 from 1.0.0"))
                let shown = try await martlet(
                    "payload", "show", "--app", "os", "--release", "2.0.0", "--arch", "amd64", "--from", "1.0.0")
                #expect(shown.contains(payload.url))
            }
            try await martlet(
                "payload", "delete", "--app", "os", "--release", "2.0.0", "--arch", "amd64", "--from", "1.0.0")
            try await martlet("release", "delete", "--app", "os", "2.0.0")
            #expect(try await martlet("release", "list", "--app", "os").split(separator: "\n").count == 1)
        }
    }

    @Test("a channel is set, promoted, listed, shown and deleted")
    func channel() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await Self.publish(martlet, control)
            try await martlet("channel", "set", "--app", "os", "alpha", "2.0.0")
            #expect(try await martlet("channel", "promote", "--app", "os", "alpha", "--to", "beta").contains("2.0.0"))
            let list = try await martlet("channel", "list", "--app", "os")
            #expect(list.contains("alpha") && list.contains("beta"))
            #expect(try await martlet("channel", "show", "--app", "os", "beta").contains("2.0.0"))
            try await martlet("channel", "delete", "--app", "os", "beta")
            await #expect(throws: ClientError.self) { try await martlet("channel", "show", "--app", "os", "beta") }
        }
    }

    @Test("a group is created, listed, shown, changed and deleted")
    func group() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await Self.publish(martlet, control)
            try await martlet("channel", "set", "--app", "os", "stable", "2.0.0")
            try await martlet(
                "group", "create", "--app", "os", "--track", "stable", "--channel", "stable", "web",
                "--max-in-progress", "2", "--stop-after-failures", "none")
            #expect(try await martlet("group", "list", "--app", "os").contains("web"))
            try await martlet("group", "set", "--app", "os", "web", "--disabled", "--max-in-progress", "none")
            let shown = try APIJSON.decode(
                GroupResource.self, from: Data(try await martlet("group", "show", "--json", "--app", "os", "web").utf8))
            #expect(
                shown.policy
                    == PolicyResource(
                        enabled: false, maxInProgress: nil, stopAfterFailures: nil, stageDeadlineSeconds: 86_400))
            await #expect(throws: ClientError.self) { try await martlet("group", "resume", "--app", "os", "web") }
            try await martlet("group", "delete", "--app", "os", "web")
            #expect(try await martlet("group", "list", "--app", "os").split(separator: "\n").count == 1)
        }
    }

    @Test("a machine that checked in is listed, shown and forgotten, and its events are listed")
    func machine() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await martlet("app", "create", "--id", Self.id, "--name", "os")
            _ = try await control.checkIn(
                CheckIn(
                    application: ApplicationID(Self.id), machine: MachineID("m1"), track: "stable",
                    version: Version("1.0.0"), architecture: .amd64, alias: "evil\u{1B}[2J", receivedAt: .epoch))
            let list = try await martlet("machine", "list", "--app", "os")
            #expect(list.contains("m1"))
            #expect(!list.utf8.contains(0x1B), "a machine must not steer the terminal")
            #expect(try await martlet("machine", "show", "m1").contains("1.0.0"))
            #expect(try await martlet("event", "list", "--machine", "m1").contains("registered"))
            let json = try await martlet("--json", "machine", "list", "--limit", "1")
            #expect(try APIJSON.decode(ListPage<MachineResource>.self, from: Data(json.utf8)).total == 1)
            try await martlet("machine", "delete", "--app", "os", "m1")
            #expect(try await martlet("machine", "list").split(separator: "\n").count == 1)
        }
    }

    @Test("a machine is ordered back, the order is shown and taken back, and what it left is given free")
    func machineOrders() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await Self.publish(martlet, control)
            try await martlet("channel", "set", "--app", "os", "stable", "2.0.0")
            try await martlet("group", "create", "--app", "os", "--track", "stable", "--channel", "stable", "web")
            @Sendable func ask(_ version: String, engine: String? = "martletd/1.0.0") async throws {
                _ = try await control.checkIn(
                    CheckIn(
                        application: try ApplicationID(Self.id), machine: try MachineID("m1"), track: "stable",
                        version: try Version(version), architecture: .amd64, engine: engine))
            }
            try await ask("2.0.0", engine: nil)
            await #expect(throws: ClientError.self) { try await martlet("machine", "rollback", "m1") }
            try await ask("2.0.0")
            #expect(try await martlet("machine", "why", "m1") == "complete: It runs its target, 2.0.0.")
            let ordered = try await martlet("machine", "rollback", "m1", "--reason", "it is slow")
            #expect(ordered.contains("back from 2.0.0, ordered by test (it is slow): waits for the machine"))
            #expect(ordered.contains("rollback until"))
            #expect(try await martlet("machine", "rollback", "m1", "--cancel").contains("withdrawn. test took"))
            try await martlet("machine", "rollback", "--app", "os", "m1")
            try await ask("2.0.0")
            #expect(try await martlet("machine", "show", "m1").contains("was told and has not answered yet"))
            #expect(try await martlet("machine", "why", "m1").hasPrefix("rollback-pending: "))
            try await ask("1.0.0")
            #expect(try await martlet("machine", "list").contains("rolled-back"))
            #expect(try await martlet("machine", "show", "m1").contains("withheld"))
            #expect(try await !martlet("machine", "release", "m1").contains("withheld"))
            let json = try await martlet("--json", "machine", "show", "m1")
            #expect(try APIJSON.decode(MachineResource.self, from: Data(json.utf8)).rollback?.state == .done)
        }
    }

    @Test("a token's secret is printed alone, works until it is revoked, and is never shown again")
    func token() async throws {
        try await CommandRunner.withServer { martlet, control in
            let secret = try await martlet("token", "create", "ci", "--role", "publisher")
            #expect(try await control.authenticate(secret: secret).role == .publisher)
            let tokens = try APIJSON.decode(
                ListPage<TokenResource>.self, from: Data(try await martlet("token", "list", "--json").utf8))
            let id = try #require(tokens.items.first { $0.name == "ci" }).id.rawValue
            #expect(try await !martlet("token", "show", id).contains(secret))
            try await martlet("token", "delete", id)
            await #expect(throws: (any Error).self) { try await control.authenticate(secret: secret) }
        }
    }

    /// A release with one full payload, made through the server's own door.
    static func publish(_ martlet: CommandRunner, _ control: FleetControl) async throws {
        try await martlet("app", "create", "--id", id, "--name", "os")
        try await martlet("release", "create", "--app", "os", "2.0.0")
        var chunks = [Array("bits".utf8)]
        let upload = PayloadUpload(
            application: try ApplicationID(id), version: try Version("2.0.0"), architecture: .amd64, fileName: "os.crau"
        )
        _ = try await control.addPayload(
            upload, by: .local, describe: { _ in PayloadDescription(format: 1, isDelta: false) },
            nextChunk: { chunks.popLast() })
    }

    @Test("a payload is added by where it lies, shown with what is wrong there, and a file and a URL exclude each other")
    func payloadsElsewhere() async throws {
        let remote = MemoryRemoteFiles()
        try await CommandRunner.withServer(remote: remote) { martlet, control in
            try await martlet("app", "create", "--id", Self.id, "--name", "os")
            try await martlet("release", "create", "--app", "os", "2.0.0")
            let place = ["--app", "os", "--release", "2.0.0", "--arch", "amd64", "--from", "1.0.0"]
            let urls = ["https://a.example/os/update.crau", "https://b.example/update.crau"]
            await #expect(throws: ClientError.self) { try await martlet.run(["payload", "add"] + place + ["--url", urls[0]]) }
            try await withPayloadFile { file in
                let bits = Array(try Data(contentsOf: URL(filePath: file)))
                for url in urls { remote.put(bits, at: try PayloadURL(url)) }
                let digest = StreamDigest.digest(of: bits).hexadecimal
                let added = try await martlet.run(
                    ["payload", "add"] + place + ["--url", urls[0], "--url", urls[1], "--sha256", digest])
                #expect(added.contains(digest) && urls.allSatisfy { added.contains($0) })
            }
            remote.put([1, 2, 3], at: try PayloadURL(urls[0]))
            _ = try await control.probePayloads()
            #expect(try await martlet.run(["payload", "show"] + place).contains("(changed since "))
        }
        let command = ["payload", "add", "--app", "os", "--release", "1.0.0", "--arch", "amd64"]
        for rest in [
            [], ["x", "--url", "https://a/x"], ["--url", "https://ada:x@a/x"], ["--url", "https://a/x", "--name", "y"],
            ["x", "--sha256", String(repeating: "0", count: 64)], ["--url", "https://a/x", "--sha256", "00"],
        ] {
            #expect(throws: (any Error).self, "\(rest)") { _ = try Root.parseAsRoot(command + rest) }
        }
    }

    private struct Broken: Error {}

    @Test("an upload goes on with what the server has kept; where that was damaged it is refused, and begins anew")
    func uploadsGoOn() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await martlet("app", "create", "--id", Self.id, "--name", "os")
            try await martlet("release", "create", "--app", "os", "2.0.0")
            try await withPayloadFile { file in
                let bits = Array(try Data(contentsOf: URL(filePath: file)))
                let digest = StreamDigest.digest(of: bits)
                let place = ["--app", "os", "--release", "2.0.0", "--arch", "amd64", "--from", "1.0.0", file]
                for isDamaged in [true, false] {
                    var isSent = false
                    let upload = PayloadUpload(
                        application: try ApplicationID(Self.id), version: try Version("2.0.0"), architecture: .amd64,
                        source: try Version("1.0.0"), fileName: "x", declaredSize: UInt64(bits.count), expectedDigest: digest)
                    await #expect(throws: OperationError.self) {
                        _ = try await control.addPayload(upload, by: .local, describe: PayloadInspection.describe) {
                            if isSent { throw Broken() }
                            isSent = true
                            return isDamaged ? [UInt8](repeating: 0, count: 1000) : Array(bits.prefix(1000))
                        }
                    }
                    #expect(try await control.keptUpload(of: digest, by: .local) == 1000)
                    if isDamaged {
                        await #expect(throws: ClientError.self) { try await martlet.run(["payload", "add"] + place) }
                    } else {
                        try await martlet.run(["payload", "add"] + place)
                    }
                    #expect(try await control.keptUpload(of: digest, by: .local) == 0)
                }
                #expect(try await martlet("payload", "list", "--app", "os").contains(digest.hexadecimal))
            }
        }
        #expect(throws: (any Error).self) {
            _ = try Root.parseAsRoot([
                "payload", "add", "--app", "os", "--release", "1.0.0", "--arch", "amd64", "--attempts", "0", "x",
            ])
        }
    }
}
