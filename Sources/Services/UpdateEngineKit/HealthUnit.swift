import HostLinux

/// A unit of systemd that a good boot can start, such as `boot-complete.target` with everything that is
/// `RequiredBy=` it.
///
/// Source: systemd, “Automatic Boot Assessment”.
package struct HealthUnit: Sendable {
    package let name: String
    private let systemctl: String
    private let journalctl: String
    /// To look at what failed, after it has failed.
    private static let questionTimeLimit = Duration.seconds(10)
    private static let failedUnitsMax = 5

    /// - Parameters:
    ///   - name: as ``UnitName/isValid(_:)`` has it.
    ///   - systemctl: the program, for tests.
    package init(
        _ name: String, systemctl: String = "/usr/bin/systemctl", journalctl: String = "/usr/bin/journalctl"
    ) {
        self.name = name
        self.systemctl = systemctl
        self.journalctl = journalctl
    }

    /// What went wrong: what the failed units printed, and a sentence about them.
    struct Failure {
        var output: String
        var ending: String
    }

    /// Starts the unit and waits for it. `nil` when it is up.
    func failure(within timeLimit: Duration) async -> Failure? {
        guard timeLimit > .zero else { return Failure(output: "", ending: "no time was left to reach \(name)") }
        do {
            let result = try await CommandRunner().run(systemctl, ["start", name], timeLimit: timeLimit)
            if result.isSuccess { return nil }
            let failed = await failedUnits()
            var output = ""
            for unit in failed { output += await lastLines(of: unit) }
            let ending = result.timedOut ? "was not reached within \(timeLimit)" : "was not reached"
            let names = failed.isEmpty ? "" : "; failed: \(failed.joined(separator: ", "))"
            return Failure(output: failed.isEmpty ? result.output : output, ending: "\(name) \(ending)\(names)")
        } catch {
            return Failure(output: "", ending: "\(name) could not be started: \(error.reason)")
        }
    }

    /// Those that the unit requires and that have failed.
    private func failedUnits() async -> [String] {
        let required = await ask(systemctl, ["show", "--property=Requires", "--value", name])
        let names = required.split(whereSeparator: \.isWhitespace).map(String.init).filter(UnitName.isValid)
        guard !names.isEmpty else { return [] }
        // One line for each, in their order; its exit status says whether all have failed and is of no use.
        let states = await ask(systemctl, ["is-failed"] + names).split(separator: "\n")
        return Array(zip(names, states).filter { $0.1 == "failed" }.map(\.0).prefix(Self.failedUnitsMax))
    }

    private func lastLines(of unit: String) async -> String {
        await ask(journalctl, ["--unit=\(unit)", "--boot", "--lines=5", "--output=cat", "--no-pager", "--quiet"])
    }

    private func ask(_ program: String, _ arguments: [String]) async -> String {
        // Without an answer the failure is told all the same, with less about it.
        let result = try? await CommandRunner().run(program, arguments, timeLimit: Self.questionTimeLimit)
        return result?.output ?? ""
    }
}

/// The names of systemd's units.
package enum UnitName {
    /// Up to 255 of letters, digits and `:-_.\@`, with a type at the end; no option can look like one.
    package static func isValid(_ text: String) -> Bool {
        guard (3...255).contains(text.utf8.count), let dot = text.lastIndex(of: "."), dot != text.startIndex,
            text.first != "-"
        else { return false }
        return text.utf8.allSatisfy(isNameByte) && !text[text.index(after: dot)...].isEmpty
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: ":-_.\\@".utf8.contains(byte)
        }
    }
}
