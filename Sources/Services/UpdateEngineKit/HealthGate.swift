import FoundationEssentials
import HostLinux
package import Logging
import UpdateModel

/// Decides whether a boot is good: every executable in a directory must leave with 0 within its time limit.
///
/// They run one after another in the order of their names, with the environment variables `MARTLET_SLOT`,
/// `MARTLET_VERSION` and `MARTLET_ROOT`. An empty or missing directory lets every boot pass: that it got as far as
/// running this daemon is then the whole test. A directory that is there and cannot be read lets none pass.
package struct HealthGate: Sendable {
    private let directory: String
    private let timeLimit: Duration
    private let logger: Logger
    /// Of a check's output, what the server is told.
    private static let outputLengthMax = 800

    package enum Verdict: Hashable, Sendable {
        case passed
        /// What the check printed, then which one it was; for the server and for people.
        case failed(String)
    }

    package init(directory: String, timeLimit: Duration, logger: Logger) {
        self.directory = directory
        self.timeLimit = timeLimit
        self.logger = logger
    }

    package func judge(environment: [String: String]) async -> Verdict {
        guard FileManager.default.fileExists(atPath: directory) else { return .passed }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.hasPrefix(".") }
                .sorted()
        } catch {
            return .failed("the directory of health checks, \(directory), cannot be read")
        }
        for name in names {
            guard FileManager.default.isExecutableFile(atPath: "\(directory)/\(name)") else {
                logger.warning("A file among the health checks is not executable", metadata: ["check.name": "\(name)"])
                continue
            }
            if let failure = await run(name, environment: environment) {
                logger.warning(
                    "Health check failed", metadata: ["check.name": "\(name)", "check.reason": "\(failure)"])
                return .failed(failure)
            }
            logger.info("Health check passed", metadata: ["check.name": "\(name)"])
        }
        return .passed
    }

    private func run(_ name: String, environment: [String: String]) async -> String? {
        do {
            let result = try await CommandRunner().run(
                "\(directory)/\(name)", [], timeLimit: timeLimit, environment: environment)
            if result.timedOut {
                return sentence(result.output, "health check \(name) did not end within \(timeLimit)")
            }
            return result.status == 0
                ? nil : sentence(result.output, "health check \(name) left with \(result.status)")
        } catch {
            return "health check \(name) could not be run: \(error.reason)"
        }
    }

    /// The check's own last lines first: they say more than its number.
    private func sentence(_ output: String, _ ending: String) -> String {
        let lines = output.split(whereSeparator: \.isNewline).map(String.init)
        let words = String(lines.joined(separator: "; ").suffix(Self.outputLengthMax))
        return words.isEmpty ? ending : "\(words) (\(ending))"
    }
}
