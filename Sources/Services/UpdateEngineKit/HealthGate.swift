import FoundationEssentials
import HostLinux
import Logging
import UpdateModel

/// Decides whether a boot is good: every executable in a directory must leave with 0 within its time limit.
///
/// They run one after another in the order of their names, with the environment variables `MARTLET_SLOT`,
/// `MARTLET_VERSION` and `MARTLET_ROOT`. An empty or missing directory lets every boot pass: that it got as far as
/// running this daemon is then the whole test.
struct HealthGate: Sendable {
    let directory: String
    let timeLimit: Duration
    let logger: Logger

    enum Verdict: Hashable, Sendable {
        case passed
        /// Which check, and what it printed; for the server and for people.
        case failed(String)
    }

    func judge(environment: [String: String]) async -> Verdict {
        for name in checks() {
            if let failure = await run(name, environment: environment) {
                logger.warning("Health check failed", metadata: ["check.name": "\(name)", "check.reason": "\(failure)"])
                return .failed("health check \(name) \(failure)")
            }
            logger.info("Health check passed", metadata: ["check.name": "\(name)"])
        }
        return .passed
    }

    private func checks() -> [String] {
        // No directory is the same as an empty one: nobody has asked for a check.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { !$0.hasPrefix(".") && FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)") }.sorted()
    }

    private func run(_ name: String, environment: [String: String]) async -> String? {
        do {
            let result = try await CommandRunner().run(
                "\(directory)/\(name)", [], timeLimit: timeLimit, environment: environment)
            if result.timedOut { return "did not end within \(timeLimit)" }
            return result.status == 0 ? nil : "left with \(result.status): \(result.output.suffix(800))"
        } catch {
            return "could not be run: \(error)"
        }
    }
}
