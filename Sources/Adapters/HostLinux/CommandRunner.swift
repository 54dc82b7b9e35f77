package import UpdateModel

/// How a command ended.
package struct CommandResult: Hashable, Sendable {
    /// The exit code; 128 plus the signal's number for one that was killed.
    package let status: Int32
    /// The last ``CommandRunner/outputBytesMax`` bytes of standard output and standard error, as they came.
    package let output: String
    /// It was killed because its time was up.
    package let timedOut: Bool

    package var isSuccess: Bool { status == 0 && !timedOut }

    package init(status: Int32, output: String, timedOut: Bool) {
        self.status = status
        self.output = output
        self.timedOut = timedOut
    }
}

/// A command could not be started or watched.
package struct CommandError: Error, Hashable {
    package let path: String
    package let reason: String
}

extension CommandError: UserFacingError {
    package var userMessage: UserMessage {
        UserMessage("Could not run \(path): \(reason).", exit: .unavailable)
    }
}

/// Runs other programs: in a process group of their own, with nothing on standard input, and never for longer than allowed.
package struct CommandRunner: Sendable {
    /// Output beyond this is read and forgotten, the oldest first.
    package static let outputBytesMax = 16 << 10
    /// Where a script finds the usual tools.
    package static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    package init() {}

    /// Runs the program at `path` and waits for its end, on a thread of its own.
    ///
    /// When the time is up, or the task is cancelled, the whole process group is killed. What a program leaves running
    /// behind it on purpose goes on otherwise.
    /// - Parameters:
    ///   - path: absolute; no shell is involved.
    ///   - environment: everything that the program sees, beside a `PATH` if it names none.
    package func run(
        _ path: String, _ arguments: [String] = [], timeLimit: Duration, environment: [String: String] = [:]
    ) async throws(CommandError) -> CommandResult {
        let variables = environment.merging(["PATH": Self.searchPath]) { given, _ in given }
        let child = ChildProcess(
            path: path, arguments: arguments, environment: variables.map { "\($0.key)=\($0.value)" }.sorted())
        let result: Result<CommandResult, CommandError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                BlockingThread.run {
                    continuation.resume(
                        returning: Result { () throws(CommandError) in try child.run(timeLimit: timeLimit) })
                }
            }
        } onCancel: {
            child.kill()
        }
        return try result.get()
    }
}
