import FleetAPI
import FleetCommands
import FleetModel
import FleetOperations
import FoundationEssentials
import Synchronization
import Testing
import UpdateModel

@Suite("Fake fleets")
struct FleetRunTests {
    /// What `--json` prints, as far as the tests look.
    private struct Summary: Decodable, Equatable {
        struct Kind: Decodable, Equatable {
            let machines: Int
            let offers: Int
            let updates: Int
            let failures: Int
        }

        let machines: Int
        let exchanges: Int
        let refused: Int
        let serverErrors: Int
        let broken: Int
        let kinds: [String: Kind]
        let versions: [String: Int]
        let holds: [String: Int]
    }

    /// A server with release 2.0.0 on the track `stable`.
    private static func publish(_ martlet: CommandRunner, _ control: FleetControl, _ policy: String...) async throws {
        try await NounTests.publish(martlet, control)
        try await martlet("channel", "set", "--app", "os", "stable", "2.0.0")
        try await martlet.run(
            ["group", "create", "--app", "os", "--track", "stable", "--channel", "stable", "all"] + policy)
    }

    private static func run(_ martlet: CommandRunner, _ arguments: String...) async throws -> Summary {
        let text = try await martlet.run(["fleet", "run", "--json"] + arguments)
        return try JSONDecoder().decode(Summary.self, from: Data(text.utf8))
    }

    @Test("honest machines all come up on the release, and the server has seen the same")
    func honest() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await Self.publish(martlet, control)
            let summary = try await Self.run(martlet, "--machines", "40", "--turns", "6", "--concurrency", "7")
            #expect(summary.versions == ["2.0.0": 40])
            #expect(summary.kinds["honest"] == .init(machines: 40, offers: 40, updates: 40, failures: 0))
            #expect(summary.exchanges == 40 * 6 && summary.broken == 0 && summary.refused == 0)
            let census = try await control.census(of: GroupName("all"), in: .flatcar, by: .local)
            #expect(census.total == 40 && census.versions == ["2.0.0": 40])
        }
    }

    @Test("failing machines stop the roll-out; the others wait, and are told why")
    func failing() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await Self.publish(martlet, control, "--stop-after-failures", "2", "--max-in-progress", "5")
            let summary = try await Self.run(
                martlet, "--machines", "40", "--turns", "8", "--concurrency", "1", "--failing", "100")
            #expect(summary.versions == ["1.0.0": 40])
            #expect((summary.kinds["failing"]?.failures ?? 0) >= 2)
            #expect(summary.holds["rollout-stopped"] != nil)
            let group = try await control.group(GroupName("all"), of: .flatcar, by: .local)
            #expect(try await control.currentRollout(of: group, by: .local)?.stop != nil)
        }
    }

    @Test("silent machines keep what they took; liars change nothing for the honest and break nothing")
    func silentAndLying() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await Self.publish(martlet, control, "--stop-after-failures", "none")
            let arguments = ["--machines", "60", "--silent", "20", "--lying", "30", "--slow", "10", "--seed", "7"]
            let text = try await martlet.run(["fleet", "run", "--json", "--turns", "20"] + arguments)
            let summary = try JSONDecoder().decode(Summary.self, from: Data(text.utf8))
            let honest = try #require(summary.kinds["honest"])
            let silent = try #require(summary.kinds["silent"])
            #expect(summary.kinds["lying"]?.machines ?? 0 > 0 && summary.refused > 0)
            #expect(summary.serverErrors == 0 && summary.broken == 0)
            #expect(honest.updates == honest.machines)
            #expect(silent.updates == 0 && silent.offers == silent.machines)
            #expect(summary.kinds["slow"].map { $0.updates == $0.machines } == true)
            let group = try await control.group(GroupName("all"), of: .flatcar, by: .local)
            let rollout = try #require(try await control.currentRollout(of: group, by: .local))
            #expect(rollout.inProgress >= silent.machines)
        }
    }

    @Test("the same seed makes the same machines, another seed others")
    func seeds() async throws {
        let seen = Mutex<[[String: Int]]>([])
        for seed in ["3", "3", "4"] {
            try await CommandRunner.withServer { martlet, control in
                try await Self.publish(martlet, control)
                let summary = try await Self.run(
                    martlet, "--machines", "200", "--turns", "1", "--failing", "30", "--slow", "30", "--seed", seed)
                seen.withLock { $0.append(summary.kinds.mapValues(\.machines)) }
            }
        }
        let kinds = seen.withLock { $0 }
        #expect(kinds[0] == kinds[1])
        #expect(kinds[0] != kinds[2])
    }

    @Test("what somebody else changed since it was shown is left alone, with a clear error")
    func tags() async throws {
        try await CommandRunner.withServer { martlet, control in
            try await Self.publish(martlet, control)
            let shown = try await martlet("group", "show", "--app", "os", "all")
            let line = try #require(shown.split(separator: "\n").first { $0.hasPrefix("tag ") })
            let tag = String(try #require(line.split(separator: " ").last))
            try await martlet("group", "set", "--app", "os", "all", "--if-tag", tag, "--max-in-progress", "4")
            let error = await #expect(throws: ClientError.self) {
                try await martlet("group", "set", "--app", "os", "all", "--if-tag", tag, "--disabled")
            }
            #expect(error?.userMessage.exit == .tryLater)
            let policy = try await control.group(GroupName("all"), of: .flatcar, by: .local).policy
            #expect(policy.maximumInProgress == 4 && policy.isEnabled)
        }
    }

    @Test("a server that is not there is told, not counted")
    func unreachable() async throws {
        try await CommandRunner.withServer { martlet, _ in
            let nobody = CommandRunner(server: "http://127.0.0.1:1", tokenFile: martlet.tokenFile)
            let error = await #expect(throws: ClientError.self) {
                try await nobody.run(["fleet", "run", "--machines", "2", "--turns", "1"])
            }
            #expect(error?.userMessage.exit == .unavailable)
        }
    }
}
