import FoundationEssentials
import HostLinux
import HostPower
import Testing

@Suite struct CommandRunnerTests {
    private let shell = "/bin/sh"

    @Test("Exit code and output arrive, from both streams in order")
    func collects() async throws {
        let result = try await CommandRunner().run(
            shell, ["-c", "echo out; echo err >&2; exit 3"], timeLimit: .seconds(30))
        #expect(result == CommandResult(status: 3, output: "out\nerr\n", timedOut: false))
    }

    @Test("A program killed by a signal shows it")
    func killedBySignal() async throws {
        #expect(try await CommandRunner().run(shell, ["-c", "kill -9 $$"], timeLimit: .seconds(30)).status == 137)
    }

    @Test("When the time is up, the whole family is killed")
    func timeLimit() async throws {
        let result = try await CommandRunner().run(
            shell, ["-c", "sleep 1000 & echo $!; sleep 1000"], timeLimit: .seconds(3))
        #expect(result.timedOut && !result.isSuccess)
        #expect(result.status == 137)
        let child = try #require(result.output.split(separator: "\n").first)
        while try isAlive(child) { await Task.yield() }
    }

    @Test("A program that never stops talking is stopped in time, and its last words are kept")
    func endlessOutput() async throws {
        let result = try await CommandRunner().run(
            shell, ["-c", "while :; do echo 0123456789; done"], timeLimit: .milliseconds(300))
        #expect(result.timedOut)
        #expect(result.output.utf8.count <= CommandRunner.outputBytesMax)
        let long = try await CommandRunner().run(
            shell, ["-c", "head -c 100000 /dev/zero | tr '\\0' x; echo end"], timeLimit: .seconds(30))
        #expect(long.output.utf8.count == CommandRunner.outputBytesMax)
        #expect(long.output.hasSuffix("xend\n"))
    }

    @Test("A program gets nothing to read and only the environment that it was given")
    func minimalSurroundings() async throws {
        let result = try await CommandRunner().run(
            shell, ["-c", "cat; echo \"[$HOME][$GIVEN]\""], timeLimit: .seconds(30), environment: ["GIVEN": "yes"])
        #expect(result.output == "[][yes]\n")
    }

    @Test("A grandchild that keeps the output open does not hold up the result")
    func grandchild() async throws {
        let result = try await CommandRunner().run(shell, ["-c", "sleep 100 & echo done"], timeLimit: .seconds(60))
        #expect(result == CommandResult(status: 0, output: "done\n", timedOut: false))
    }

    @Test("A program that is not there is a clear error")
    func missingProgram() async {
        await #expect(throws: CommandError.self) {
            try await CommandRunner().run("/nonexistent", timeLimit: .seconds(30))
        }
    }

    @Test("Cancelling the task kills the program")
    func cancellation() async throws {
        let task = Task { try await CommandRunner().run("/bin/sleep", ["1000"], timeLimit: .seconds(900)) }
        task.cancel()
        // Before it starts, or while it runs: either way it does not go on for a quarter of an hour.
        if let result = try? await task.value { #expect(result.status == 137 && !result.timedOut) }
    }

    private func isAlive(_ process: Substring) throws -> Bool {
        guard let status = try AtomicFile.read("/proc/\(process)/stat", limit: 4096) else { return false }
        return !String(decoding: status, as: UTF8.self).contains(") Z ")
    }

    @Test("Many at once do not starve each other")
    func manyAtOnce() async throws {
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try await CommandRunner().run("/bin/sh", ["-c", "exit \(number)"], timeLimit: .seconds(60)).status
                }
            }
            var statuses: Set<Int32> = []
            for try await status in group { statuses.insert(status) }
            #expect(statuses == Set(0..<40))
        }
    }
}

@Suite struct CommandPowerTests {
    @Test("A command that the shutdown ends with everything else has been heard")
    func endedByTheShutdown() async throws {
        try await CommandPower(command: ["/bin/sh", "-c", "kill -TERM $$"]).reboot(reason: "test")
        await #expect(throws: HostPowerError.self) {
            try await CommandPower(command: ["/bin/sh", "-c", "kill -KILL $$"]).reboot(reason: "test")
        }
    }

    @Test("The reboot command is run with the reason in its place")
    func runsCommand() async throws {
        try await withTemporaryFolder { folder in
            let power = CommandPower(command: ["/bin/sh", "-c", "echo \"$1\" > \(folder)/reason", "sh", "{reason}"])
            try await power.reboot(reason: "update to 2.0.0; rm -rf /")
            #expect(try AtomicFile.read("\(folder)/reason", limit: 100) == Array("update to 2.0.0; rm -rf /\n".utf8))
        }
    }

    @Test("A command that fails says why")
    func failure() async {
        await #expect(throws: HostPowerError(reason: "/bin/sh ended with status 4: inhibited")) {
            try await CommandPower(command: ["/bin/sh", "-c", "echo inhibited; exit 4"]).reboot(reason: "test")
        }
        await #expect(throws: HostPowerError(reason: "no reboot command is set")) {
            try await CommandPower(command: []).reboot(reason: "test")
        }
    }
}
