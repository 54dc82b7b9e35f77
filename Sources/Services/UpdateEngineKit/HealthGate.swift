import FoundationEssentials
import HostLinux
package import Logging
import UpdateModel

/// Decides whether a boot is good: every executable in a directory must leave with 0 within its time limit, and the
/// system must reach a unit such as `boot-complete.target`; all of it within one limit.
///
/// Executables run one after another in the order of their names, with the environment variables `MARTLET_SLOT`,
/// `MARTLET_VERSION` and `MARTLET_ROOT`. An empty or missing directory and no unit let every boot pass: that it got as
/// far as running this daemon is then the whole test. A directory that is there and cannot be read lets none pass.
package struct HealthGate: Sendable {
    private let directory: String
    private let timeLimit: Duration
    private let unit: HealthUnit?
    private let limit: Duration
    private let logger: Logger
    /// Of a check's output, what the server is told.
    private static let outputLengthMax = 800

    package enum Verdict: Hashable, Sendable {
        case passed
        /// What the check printed, then which one it was; for the server and for people.
        case failed(String)
    }

    /// - Parameters:
    ///   - timeLimit: for each executable.
    ///   - unit: what the system must reach besides.
    ///   - limit: for everything together.
    package init(
        directory: String, timeLimit: Duration, unit: HealthUnit? = nil, limit: Duration = .seconds(600),
        logger: Logger
    ) {
        self.directory = directory
        self.timeLimit = timeLimit
        self.unit = unit
        self.limit = limit
        self.logger = logger
    }

    package func judge(environment: [String: String]) async -> Verdict {
        let deadline = ContinuousClock.now + limit
        switch checks() {
        case .failure(let problem): return .failed(problem.reason)
        case .success(let names):
            for name in names {
                let failure = await run(name, environment: environment, until: deadline)
                if let failure { return failed(name, failure) }
                logger.info("Health check passed", metadata: ["check.name": "\(name)"])
            }
        }
        guard let unit else { return .passed }
        let failure = await unit.failure(within: deadline - .now).map { shortened($0.output, $0.ending) }
        return failure.map { failed(unit.name, $0) } ?? .passed
    }

    private func failed(_ name: String, _ reason: String) -> Verdict {
        logger.warning("Health check failed", metadata: ["check.name": "\(name)", "check.reason": "\(reason)"])
        return .failed(reason)
    }

    private struct Unreadable: Error {
        var reason: String
    }

    /// The executables, in their order.
    private func checks() -> Result<[String], Unreadable> {
        guard FileManager.default.fileExists(atPath: directory) else { return .success([]) }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            return .failure(Unreadable(reason: "the directory of health checks, \(directory), cannot be read"))
        }
        return .success(
            names.filter { !$0.hasPrefix(".") }.sorted().filter { name in
                let isExecutable = FileManager.default.isExecutableFile(atPath: "\(directory)/\(name)")
                if !isExecutable {
                    logger.warning(
                        "A file among the health checks is not executable", metadata: ["check.name": "\(name)"])
                }
                return isExecutable
            })
    }

    private func run(
        _ name: String, environment: [String: String], until deadline: ContinuousClock.Instant
    ) async -> String? {
        let left = deadline - .now
        guard left > .zero else { return "health checks did not end within \(limit); \(name) was not run" }
        let time = min(timeLimit, left)
        do {
            let result = try await CommandRunner().run(
                "\(directory)/\(name)", [], timeLimit: time, environment: environment)
            if result.timedOut {
                return shortened(result.output, "health check \(name) did not end within \(time)")
            }
            return result.status == 0
                ? nil : shortened(result.output, "health check \(name) left with \(result.status)")
        } catch {
            return "health check \(name) could not be run: \(error.reason)"
        }
    }

    /// The check's own last lines first: they say more than its number.
    private func shortened(_ output: String, _ ending: String) -> String {
        let lines = output.split(whereSeparator: \.isNewline).map(String.init)
        let words = String(lines.joined(separator: "; ").suffix(Self.outputLengthMax))
        return words.isEmpty ? ending : "\(words) (\(ending))"
    }
}
