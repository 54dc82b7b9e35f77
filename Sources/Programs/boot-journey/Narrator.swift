import Glibc
import QemuKit
import UpdateModel

/// Says what comes true, a line for each act.
struct Narrator: Sendable {
    func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Nothing is left to tell when standard output is closed.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    /// Plays a part and says how it ended, and after how many seconds.
    func tell(_ name: String, _ title: String, _ body: () async throws -> String) async throws {
        let began = ContinuousClock.now
        do {
            let found = try await body()
            say("✓ \(Self.padded(Self.seconds(since: began))) s  \(name): \(title)")
            if !found.isEmpty { say("             \(found)") }
        } catch {
            say("✗ \(Self.padded(Self.seconds(since: began))) s  \(name): \(title)")
            throw error
        }
    }

    /// The end of the log that tells why.
    func explain(_ error: any Error) {
        let tail: [String] =
            switch error {
            case let failure as JourneyFailure: failure.tail
            case QemuError.stuck(_, _, let tail): tail
            default: []
            }
        for line in tail { say("   │ \(line)") }
    }

    static func seconds(since began: ContinuousClock.Instant) -> String { tenths(ContinuousClock.now - began) }

    /// Seconds with one decimal.
    static func tenths(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    private static func padded(_ text: String) -> String {
        String(repeating: " ", count: max(0, 6 - text.count)) + text
    }
}
