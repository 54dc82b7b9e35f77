package import HostPower
import UpdateModel

/// Reboots by running a command, such as `systemctl reboot`.
package struct CommandPower: HostPower {
    private let command: [String]
    private let timeLimit: Duration
    private let runner: CommandRunner

    /// - Parameters:
    ///   - command: the program's absolute path and its arguments. The word `{reason}` is replaced by the reason.
    ///   - timeLimit: how long the command may take to accept the request.
    package init(command: [String], timeLimit: Duration = .seconds(60), runner: CommandRunner = CommandRunner()) {
        self.command = command
        self.timeLimit = timeLimit
        self.runner = runner
    }

    /// Ended by SIGTERM: the shutdown that the command asked for ends it with its service, maybe before it has said that all is well.
    private static let terminatedStatus: Int32 = 128 + 15

    package func reboot(reason: String) async throws(HostPowerError) {
        guard let path = command.first else { throw HostPowerError(reason: "no reboot command is set") }
        let arguments = command.dropFirst().map { $0 == "{reason}" ? reason : $0 }
        let result: CommandResult
        do {
            result = try await runner.run(path, arguments, timeLimit: timeLimit)
        } catch {
            throw HostPowerError(reason: "\(error.path) could not be run: \(error.reason)")
        }
        if result.timedOut { throw HostPowerError(reason: "\(path) did not end in time") }
        guard result.isSuccess || result.status == Self.terminatedStatus else {
            let lastLine = result.output.split(separator: "\n").last.map { ": \($0)" } ?? ""
            throw HostPowerError(reason: "\(path) ended with status \(result.status)\(lastLine)")
        }
    }
}
