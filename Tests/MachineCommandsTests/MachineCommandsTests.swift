import ArgumentParser
import EngineControl
import MachineCommands
import Testing
import UpdateModel

extension EngineStatus {
    /// An idle machine on 1.0.0 with a good release in each slot.
    static func sample(_ change: (inout EngineStatus) -> Void = { _ in }) -> EngineStatus {
        let slots = Slot.allCases.map { slot in
            SlotStatus(
                slot: slot, isBooted: slot == .a, life: "good", version: slot == .a ? "1.0.0" : "0.9.0",
                contentDigest: nil, priority: slot == .a ? 2 : 1, triesLeft: 0, isSuccessful: true, isNext: slot == .a)
        }
        var status = EngineStatus(
            state: .idle, machine: "0123", version: "1.0.0", slot: .a, server: "http://x/", track: "stable",
            newVersion: nil, progress: nil, slots: slots, held: [], reportsPending: 0, lastCheckAt: nil,
            nextCheckAt: nil, serverHold: nil, lastError: nil, downloadedBytes: 0)
        change(&status)
        return status
    }
}

@Suite("A status as people read it")
struct StatusTextTests {
    @Test("says what is so and leaves out what is not")
    func lines() {
        let lines = StatusText(status: .sample()).lines
        #expect(
            lines == [
                "state        idle", "version      1.0.0", "slot         a", "server       http://x/",
                "track        stable",
            ])
    }

    @Test("shows progress, holds and reports that wait")
    func busy() {
        let lines = StatusText(
            status: .sample {
                $0.state = .downloading
                $0.newVersion = "2.0.0"
                $0.progress = .init(receivedBytes: 512, totalBytes: 2048)
                $0.held = [.init(version: "3.0.0", reason: "it hung")]
                $0.reportsPending = 2
                $0.server = ""
            }
        ).lines
        #expect(lines.contains("progress     25 % (512 B of 2.0 KiB)"))
        #expect(lines.contains("held         3.0.0: it hung"))
        #expect(lines.contains("reports      2 not yet acknowledged"))
        #expect(lines.contains("server       none (updates are off)"))
    }

    @Test("what a server wrote cannot steer a terminal")
    func hostile() {
        let lines = StatusText(status: .sample { $0.serverHold = "\u{1B}[2Jgone\nstate  fine" }).lines
        #expect(lines.contains("server says   [2Jgone state  fine"))
    }

    @Test("slots stand in a table")
    func slots() {
        #expect(
            StatusText(status: .sample()).slotLines == [
                "slot  running  next  life  version  priority  tries  successful",
                "a     yes      yes   good  1.0.0    2         0      yes",
                "b                    good  0.9.0    1         0      yes",
            ])
    }
}

@Suite("Commands that speak to the engine")
struct MachineCommandsTests {
    private func exit(of body: () async throws -> Void) async -> UpdateModel.ExitStatus? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? any UserFacingError)?.userMessage.exit
        }
    }

    @Test("without an engine there is a line that says so, and 69")
    func nobody() async throws {
        let command = try StatusCommand.parse(["--socket", "/tmp/no-such-martlet.sock"])
        #expect(await exit { try await command.run() } == .unavailable)
    }

    @Test("what is not the engine is told as that, with 65", arguments: ["", "hello", "{}", "[]"])
    func somebodyElse(answer: String) async throws {
        let double = EngineDouble([answer])
        try await double.whileListening {
            let command = try StatusCommand.parse(["--socket", double.path])
            #expect(await exit { try await command.run() } == .badData)
        }
    }

    @Test("a refusal leaves with the engine's own code")
    func refused() async throws {
        let double = EngineDouble([#"{"error":{"message":"Slot b holds nothing good.","exit":77}}"#])
        try await double.whileListening {
            let command = try RollbackCommand.parse(["--socket", double.path])
            #expect(await exit { try await command.run() } == .notPermitted)
        }
        #expect(double.requests == [#"{"command":"rollback"}"#])
    }

    @Test("an update is waited for until its own check has run its course")
    func waits() async throws {
        let double = EngineDouble(
            .sample {
                $0.checkCount = 4
                $0.awaitedCheck = 6
            },
            .sample {
                $0.checkCount = 5
                $0.lastError = "an older check's failure"
            },
            .sample { $0.checkCount = 6 })
        try await double.whileListening {
            let command = try UpdateCommand.parse(["--socket", double.path, "--quiet"])
            #expect(await exit { try await command.run() } == nil)
        }
        #expect(double.requests.count == 3)
    }

    @Test("a failed update leaves with 75")
    func fails() async throws {
        let double = EngineDouble(
            .sample { $0.awaitedCheck = 1 },
            .sample {
                $0.checkCount = 1
                $0.lastError = "the disk is full"
            })
        try await double.whileListening {
            let command = try UpdateCommand.parse(["--socket", double.path, "--quiet"])
            #expect(await exit { try await command.run() } == .tryLater)
        }
    }

    @Test("--check and --force reach the engine, and exclude each other")
    func flags() async throws {
        let double = EngineDouble(.sample { $0.awaitedCheck = 0 })
        try await double.whileListening {
            let check = try UpdateCommand.parse(["--socket", double.path, "--quiet", "--check"])
            try await check.run()
            let force = try UpdateCommand.parse(["--socket", double.path, "--quiet", "--force"])
            try await force.run()
        }
        #expect(double.requests.first == #"{"command":"check"}"#)
        #expect(double.requests.last?.contains(#""force":true"#) == true)
        #expect(throws: (any Error).self) { try UpdateCommand.parse(["--check", "--force"]) }
    }
}
