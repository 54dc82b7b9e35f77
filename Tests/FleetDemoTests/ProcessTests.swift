import FleetDemo
import FoundationEssentials
import Glibc
import Testing

@Suite("Processes of the demo")
struct ProcessTests {
    @Test("leave with the code that they chose", arguments: [0, 1, 65, 255] as [Int32])
    func exitCode(_ code: Int32) async throws {
        try await withTemporaryFolder { folder in
            let outcome = try await Command(folder: folder).run(
                "/bin/sh", ["-c", "echo out; echo err >&2; exit \(code)"])
            #expect(outcome.ending == .exited(code))
            #expect(outcome.output == "out\n")
            #expect(outcome.errors == "err\n")
        }
    }

    @Test("are seen to be killed")
    func killed() async throws {
        let child = try ChildProcess.start("/bin/sleep", ["60"], output: "/dev/null", errors: "/dev/null")
        #expect(child.poll() == nil)
        child.send(SIGKILL)
        #expect(await child.wait() == .killed(signal: SIGKILL))
        child.send(SIGKILL)
        #expect(child.poll() == .killed(signal: SIGKILL))
    }

    @Test("are made to end when they will not")
    func stubborn() async throws {
        try await withTemporaryFolder { folder in
            let child = try ChildProcess.start(
                "/bin/sh", ["-c", "trap '' TERM; touch \(folder)/ready; while :; do sleep 60; done"],
                output: "/dev/null", errors: "/dev/null")
            while !FileManager.default.fileExists(atPath: "\(folder)/ready") { await Task.yield() }
            #expect(await child.stop(patience: .milliseconds(50)) == .killed(signal: SIGKILL))
        }
    }

    @Test("are killed by the guardian when the demo goes, unless they were forgotten")
    func guarded() async throws {
        let watched = try ChildProcess.start("/bin/sleep", ["60"], output: "/dev/null", errors: "/dev/null")
        let forgotten = try ChildProcess.start("/bin/sleep", ["60"], output: "/dev/null", errors: "/dev/null")
        let other = try ChildProcess.start("/bin/sleep", ["60"], output: "/dev/null", errors: "/dev/null")
        try {
            let guardian = try Guardian()
            for child in [watched, forgotten, other] { guardian.watch(child) }
            guardian.forget(forgotten)
        }()
        #expect(await watched.wait() == .killed(signal: SIGKILL))
        #expect(await other.wait() == .killed(signal: SIGKILL))
        #expect(forgotten.poll() == nil)
        forgotten.send(SIGKILL)
        _ = await forgotten.wait()
    }

    @Test("that cannot be started are reported with their name")
    func missingProgram() throws {
        #expect(throws: DemoError.processNotStarted(program: "/no/such/program", reason: "No such file or directory")) {
            try ChildProcess.start("/no/such/program", [], output: "/dev/null", errors: "/dev/null")
        }
    }

    @Test("that fail are reported with what they said last")
    func failingCommand() async throws {
        try await withTemporaryFolder { folder in
            let expected = DemoError.commandFailed(
                command: "sh -c echo bad >&2; exit 3", status: "exit code 3", lastLine: "bad")
            await #expect(throws: expected) {
                try await Command(folder: folder).succeed("/bin/sh", ["-c", "echo bad >&2; exit 3"])
            }
        }
    }
}
