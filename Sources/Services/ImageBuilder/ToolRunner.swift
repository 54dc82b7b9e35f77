internal import FoundationEssentials
internal import HostLinux

/// Runs the host's programs with an environment and a umask that do not vary.
package struct ToolRunner: Sendable {
    /// The date that every file gets: a build tells nothing about when it ran.
    package static let sourceDate = 1_700_000_000

    private let runner = CommandRunner()
    private let timeLimit: Duration

    package init(timeLimit: Duration = .seconds(1800)) { self.timeLimit = timeLimit }

    /// Runs a program to its good end, and returns the last of what it printed.
    /// - Parameter doing: what for, after “failed while”.
    @discardableResult
    package func run(_ tool: HostTool, _ arguments: [String], doing: String) async throws -> String {
        guard let path = tool.path else {
            throw ImageError.missingTools(names: [tool.rawValue], packages: [tool.package])
        }
        return try await run(path: path, arguments, doing: doing)
    }

    /// As above, for a program that is no tool of the host's.
    @discardableResult
    package func run(path: String, _ arguments: [String], doing: String) async throws -> String {
        let result = try await runner.run(
            Self.shell, ["-c", "umask 022 && exec \"$0\" \"$@\"", path] + arguments, timeLimit: timeLimit,
            environment: Self.environment)
        guard result.isSuccess else {
            let name = String(path.split(separator: "/").last ?? "")
            let why = result.timedOut ? "it took longer than \(timeLimit)" : Self.end(of: result.output)
            throw ImageError.toolFailed(
                tool: name, doing: doing, output: why.isEmpty ? "it left with \(result.status)." : why)
        }
        return result.output
    }

    /// Runs a shell script; `$0` is the first of the arguments.
    @discardableResult
    func shell(_ script: String, _ arguments: [String], doing: String) async throws -> String {
        try await run(.shell, ["-c", script] + arguments, doing: doing)
    }

    /// Part of every Debian; the programs below it are looked for.
    private static let shell = "/bin/sh"

    private static func end(of output: String) -> String {
        output.split(whereSeparator: \.isNewline).suffix(4).joined(separator: " / ")
    }

    /// Proxies are passed on, for the download of packages; nothing else of the caller's environment.
    private static var environment: [String: String] {
        let own = ["LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "\(sourceDate)", "HOME": "/root"]
        let passed = ProcessInfo.processInfo.environment.filter { ["http_proxy", "https_proxy"].contains($0.key) }
        return own.merging(passed) { own, _ in own }
    }
}
