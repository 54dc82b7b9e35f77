import ArgumentParser
import FleetAPI
import FleetCommands
import FleetModel
import FleetOperations
import FoundationEssentials
import Testing
import UpdateModel

@Suite("Policies, acts on roll-outs and machines, from the command line")
struct RolloutNounTests {
    private func withGroup(_ test: @Sendable (CommandRunner, FleetControl) async throws -> Void) async throws {
        try await CommandRunner.withServer { martlet, control in
            try await NounTests.publish(martlet, control)
            try await martlet("channel", "set", "--app", "os", "stable", "2.0.0")
            try await martlet("group", "create", "--app", "os", "--track", "stable", "--channel", "stable", "web")
            try await test(martlet, control)
        }
    }

    private func policy(_ text: String) throws -> PolicyResource {
        try APIJSON.decode(GroupResource.self, from: Data(text.utf8)).policy
    }

    @Test("every part of a policy is set, shown and taken away")
    func policies() async throws {
        try await withGroup { martlet, _ in
            try await martlet(
                "group", "create", "--app", "os", "--track", "lab", "--channel", "stable", "lab", "--labels", "role=lab"
            )
            let set = try await martlet(
                "--json", "group", "set", "--app", "os", "web", "--ramp", "5%@0,50%@1h,100%@1d", "--rate", "50/10m",
                "--download-rate", "100MB/s",
                "--canary", "5/2h/role=canary", "--window", "mon-fri 22:00-06:00", "--window", "sat,sun 00:00-24:00",
                "--after", "lab/95%/2h", "--stop-at-failure-percent", "5", "--failure-sample", "40",
                "--stop-after-time-outs", "downloading=5,installed=3", "--stop-after-silent", "2", "--silence", "6h",
                "--stage-deadline", "2d", "--stage-deadlines", "downloading=1h", "--downgrade", "allow", "--minimum",
                "1.5.0")
            let policy = try policy(set)
            #expect(policy.ramp?.words == "5 % after 0s, 50 % after 1h, 100 % after 1d")
            #expect(policy.rate == GrantRate(maximum: 50, seconds: 600))
            #expect(policy.downloadRate == 100_000_000)
            #expect(try await martlet("group", "show", "--app", "os", "web").contains("95 MiB/s (100000000 bytes a second)"))
            #expect(policy.canary == Canary(size: 5, soakSeconds: 7200, labels: LabelQuery("role=canary")))
            #expect(policy.windows?.count == 2)
            #expect(policy.after == GroupOrder(group: try GroupName("lab"), percent: 95, soakSeconds: 7200))
            #expect(policy.brakes?.timeOuts == PerStage(downloading: 5, installed: 3))
            #expect(policy.brakes?.failurePercent == 5)
            #expect(policy.brakes?.silenceSeconds == 21_600)
            #expect(policy.stageDeadlineSeconds == 172_800)
            #expect(policy.downgrade == .allow)
            #expect(policy.minimumVersion?.text == "1.5.0")
            #expect(policy.stageDeadlines == PerStage(downloading: 3600))
            let shown = try await martlet("group", "show", "--app", "os", "web")
            for words in [
                "50 machines in 10m", "lab at 95 %", "5 machines with role=canary", "sat,sun 00:00-24:00 UTC",
            ] {
                #expect(shown.contains(words), "\(words) in \(shown)")
            }
            let cleared = try await martlet(
                "--json", "group", "set", "--app", "os", "web", "--ramp", "none", "--rate", "none", "--canary", "none",
                "--download-rate", "none",
                "--window", "none", "--after", "none", "--stop-at-failure-percent", "none", "--stop-after-silent",
                "none",
                "--stop-after-time-outs", "none", "--stage-deadlines", "none", "--downgrade", "never", "--minimum",
                "none")
            let empty = try self.policy(cleared)
            #expect(empty.ramp == nil && empty.rate == nil && empty.downloadRate == nil && empty.canary == nil && empty.windows == nil)
            #expect(empty.downgrade == nil && empty.minimumVersion == nil)
            #expect(empty.after == nil && empty.stageDeadlines == nil && empty.brakes?.failurePercent == nil)
        }
    }

    @Test(
        "nonsense is refused with what is wanted",
        arguments: [
            ["--ramp", "soon"], ["--ramp", "5%@"], ["--rate", "50"], ["--download-rate", "fast"], ["--canary", "x/2h"], ["--window", "mondays"],
            ["--after", "web/x"], ["--stop-after-time-outs", "lunch=5"], ["--stop-after-silent", "-1"],
            ["--stage-deadline", "5y"], ["--downgrade", "maybe"], ["--minimum", ""], ["--window", "none", "--window", "00:00-24:00"],
        ])
    func nonsense(arguments: [String]) {
        let error = #expect(throws: (any Error).self) {
            _ = try Root.parseAsRoot(["group", "set", "--app", "os", "web"] + arguments)
        }
        #expect(error.map { Root.exitCode(for: $0).rawValue } == 64)
    }

    @Test("a roll-out is paused, resumed, aborted and undone; its holds are added up")
    func acts() async throws {
        try await withGroup { martlet, control in
            let machine = CheckIn(
                application: try ApplicationID(NounTests.id), machine: try MachineID("m1"), track: "stable",
                version: try Version("1.0.0"), architecture: .amd64)
            #expect(
                try await martlet("group", "pause", "--app", "os", "web", "--reason", "lunch").contains(
                    "paused by test"))
            _ = try await control.checkIn(machine)
            let holds = try await martlet("group", "holds", "--app", "os", "web")
            #expect(holds.contains("rollout-paused"))
            #expect(try await martlet("machine", "list", "--app", "os", "--hold", "rollout-paused").contains("m1"))
            #expect(try await martlet("group", "resume", "--app", "os", "web").contains("2.0.0 running"))
            #expect(try await martlet("group", "abort", "--app", "os", "web").contains("aborted by test"))
            await #expect(throws: (any Error).self) { try await martlet("group", "undo", "--app", "os", "web") }
            await #expect(throws: (any Error).self) {
                try await martlet("group", "undo", "--app", "os", "web", "--cancel")
            }
        }
    }

    @Test("a release is blocked with a reason, marked in lists, refused as a target, and unblocked")
    func blocks() async throws {
        try await withGroup { martlet, _ in
            let blocked = try await martlet("release", "block", "--app", "os", "2.0.0", "--reason", "it eats disks")
            #expect(blocked.contains("by test: it eats disks"))
            #expect(try await martlet("release", "list", "--app", "os").contains("[blocked]"))
            let json = try await martlet("--json", "release", "show", "--app", "os", "2.0.0")
            let release = try APIJSON.decode(ReleaseResource.self, from: Data(json.utf8))
            #expect(release.block?.reason == "it eats disks")
            await #expect(throws: (any Error).self) {
                try await martlet("channel", "promote", "--app", "os", "stable", "--to", "beta")
            }
            #expect(!(try await martlet("release", "unblock", "--app", "os", "2.0.0").contains("blocked")))
            try await martlet("channel", "promote", "--app", "os", "stable", "--to", "beta")
        }
        #expect(throws: (any Error).self) {
            _ = try Root.parseAsRoot(["release", "block", "--app", "os", "2.0.0"])
        }
    }

    @Test("a release is made a floor of a channel, shown with its group, and let go")
    func floors() async throws {
        try await withGroup { martlet, control in
            let floor = ["release", "floor", "--app", "os", "2.0.0", "--reason", "new keys"]
            let set = try await martlet.run(floor + ["--channel", "stable"])
            #expect(set.contains("floor of stable"))
            #expect(set.contains("by test: new keys"))
            #expect(try await martlet("release", "list", "--app", "os").contains("[floor]"))
            let json = try await martlet.run(["--json"] + floor)
            #expect(try APIJSON.decode(ReleaseResource.self, from: Data(json.utf8)).floor?.channels == [])
            await #expect(throws: (any Error).self) { try await martlet.run(floor + ["--channel", "nowhere"]) }
            #expect(!(try await martlet("release", "unfloor", "--app", "os", "2.0.0").contains("floor")))
            await #expect(throws: (any Error).self) { try await martlet("release", "unfloor", "--app", "os", "2.0.0") }
        }
        #expect(throws: (any Error).self) { _ = try Root.parseAsRoot(["release", "floor", "--app", "os", "2.0.0"]) }
    }

    @Test("a channel follows another, needs a second person, and says how it came to its releases")
    func channelRules() async throws {
        try await withGroup { martlet, control in
            let set = ["channel", "set", "--app", "os"]
            let shown = try await martlet.run(set + ["beta", "--follows", "stable", "--soak", "3d", "--machines", "20"])
            #expect(shown.contains("stable, soaked 3d on 20 machines"))
            #expect(shown.contains("soaking: 2.0.0"))
            #expect(try await martlet.run(set + ["beta", "--second-person"]).contains("needed"))
            let asked = try await martlet(
                "channel", "promote", "--app", "os", "stable", "--to", "beta", "--reason", "quiet")
            #expect(asked.contains("2.0.0 from stable, by test"))
            #expect(try await martlet("channel", "list", "--app", "os").contains("ASKED FOR"))
            await #expect(throws: (any Error).self) {
                try await martlet("channel", "approve", "--app", "os", "beta", "2.0.0")
            }
            try await martlet("channel", "reject", "--app", "os", "beta", "--reason", "not on a Friday")
            try await martlet.run(set + ["beta", "--no-second-person"])
            try await martlet.run(set + ["beta", "--follows", "none"])
            let moved = try await martlet.run(["--json"] + set + ["beta", "2.0.0", "--reason", "by hand"])
            let channel = try APIJSON.decode(ChannelResource.self, from: Data(moved.utf8))
            #expect(channel.version?.text == "2.0.0" && channel.follows == nil && channel.secondPerson == nil)
            #expect(try await martlet("channel", "moves", "--app", "os", "beta").contains("by hand"))
        }
        for nonsense in [
            ["beta"], ["beta", "2.0.0", "--second-person"], ["beta", "--follows", "alpha"], ["beta", "--soak", "3d"],
            ["beta", "--follows", "none", "--soak", "3d"], ["beta", "--second-person", "--reason", "x"],
        ] {
            #expect(throws: (any Error).self, "\(nonsense)") {
                _ = try Root.parseAsRoot(["channel", "set", "--app", "os"] + nonsense)
            }
        }
    }

    @Test("a group's secrets are made, listed without their texts, and revoked")
    func secrets() async throws {
        try await withGroup { martlet, _ in
            let text = try await martlet("group", "secret", "create", "--app", "os", "web")
            #expect(text.hasPrefix("gs_"))
            let id = String(text.split(separator: "_")[1])
            let list = try await martlet("group", "secret", "list", "--app", "os", "web")
            #expect(list.contains(id) && !list.contains(text))
            #expect(try await martlet("group", "show", "--app", "os", "web").contains("1 secrets: \(id)"))
            await #expect(throws: (any Error).self) {
                try await martlet("group", "secret", "revoke", "--app", "os", "web", id)
            }
            try await martlet("group", "secret", "revoke", "--app", "os", "web", id, "--open")
            await #expect(throws: (any Error).self) {
                try await martlet("group", "secret", "revoke", "--app", "os", "web", id)
            }
        }
    }

    @Test("a machine is labelled, held, moved and freed; the clock is shown")
    func machines() async throws {
        try await withGroup { martlet, control in
            _ = try await control.checkIn(
                CheckIn(
                    application: try ApplicationID(NounTests.id), machine: try MachineID("m1"), track: "stable",
                    version: try Version("1.0.0"), architecture: .amd64))
            let set = try await martlet(
                "machine", "set", "m1", "--label", "role=web", "--label", "zone=eu", "--hold", "--reason", "new disk",
                "--group", "web", "--pin", "2.0.0")
            for words in ["role=web, zone=eu", "test: new disk", "moved to", "pinned to"] {
                #expect(set.contains(words))
            }
            let freed = try await martlet(
                "machine", "set", "m1", "--unlabel", "zone", "--unhold", "--group", "none", "--pin", "none")
            #expect(freed.contains("role=web"))
            #expect(!freed.contains("zone"))
            #expect(!freed.contains("pinned"))
            #expect(try await martlet("clock", "show").contains("yes"))
            await #expect(throws: (any Error).self) { try await martlet("clock", "accept") }
        }
    }
}
