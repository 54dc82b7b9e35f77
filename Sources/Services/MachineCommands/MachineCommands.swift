package import ArgumentParser
import EngineControl
import FoundationEssentials
import UpdateModel

/// The options of every command that speaks to this machine's engine.
package struct MachineOptions: ParsableArguments {
    @Option(help: "The socket of martletd.")
    var socket = "/run/martlet/control.sock"

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print nothing but errors and what was asked for.")
    var quiet = false

    package init() {}

    var client: ControlClient { ControlClient(socket: socket) }

    func show(_ status: EngineStatus, _ lines: (StatusText) -> [String]) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(status), as: UTF8.self))
        } else {
            lines(StatusText(status: status)).forEach { print($0) }
        }
    }
}

package struct StatusCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what the update engine of this machine is doing.",
        discussion: "Example: martlet status --json")

    @OptionGroup var machine: MachineOptions

    package init() {}

    package func run() async throws {
        try machine.show(try await machine.client.ask(ControlRequest(.status)), \.lines)
    }
}

package struct SlotsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "slots", abstract: "Show what this machine's two slots hold and which boots next.",
        discussion: "Example: martlet slots")

    @OptionGroup var machine: MachineOptions

    package init() {}

    package func run() async throws {
        try machine.show(try await machine.client.ask(ControlRequest(.status)), \.slotLines)
    }
}

package struct RollbackCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Go back to the other slot's release, and reboot.",
        discussion: """
            The release that is left is held: it is not installed again until a newer one comes or “martlet update \
            --force” is given. A slot that holds nothing good is refused.

            Example: martlet rollback
            """)

    @OptionGroup var machine: MachineOptions

    package init() {}

    package func run() async throws {
        let status = try await machine.client.ask(ControlRequest(.rollback))
        try machine.show(status) { _ in
            ["Going back to \(status.newVersion ?? "the other slot"); the machine reboots."]
        }
    }
}

package struct UpdateCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Ask the server now, and install what it offers.",
        discussion: """
            Waits until the update is staged or there is nothing to do. With --check nothing is installed; with --force \
            a release that is held, or older than the running one, is taken too.

            Examples:
              martlet update
              martlet update --check
              martlet update --force
            """)

    @OptionGroup var machine: MachineOptions

    @Flag(help: "Ask only; install nothing.")
    var check = false

    @Flag(help: "Take a release that is held or older.")
    var force = false

    package init() {}

    package func validate() throws {
        if check && force { throw ValidationError("--check and --force exclude each other.") }
    }

    package func run() async throws {
        let command: ControlRequest.Command = check ? .check : .update
        var status = try await machine.client.ask(ControlRequest(command, force: force ? true : nil))
        let awaited = status.awaitedCheck ?? status.checkCount + 1
        var shown = ""
        while status.checkCount < awaited, status.state != .rebooting {
            try await Task.sleep(for: Self.pollInterval)
            guard let now = try await self.status(after: status) else { break }
            status = now
            showProgress(status, &shown)
        }
        if let error = status.lastError, status.state == .idle || status.state == .assessing {
            throw ControlError.updateFailed(error)
        }
        try machine.show(status) { _ in [outcome(status)] }
    }

    /// `nil` when the engine has gone down for the reboot.
    private func status(after before: EngineStatus) async throws -> EngineStatus? {
        do {
            return try await machine.client.ask(ControlRequest(.status))
        } catch {
            guard case .unreachable = error, before.state == .needsReboot else { throw error }
            return nil
        }
    }

    private static let pollInterval = Duration.milliseconds(200)

    private func showProgress(_ status: EngineStatus, _ shown: inout String) {
        guard !machine.quiet, !machine.json else { return }
        let text = StatusText(status: status)
        let line = [text.lines.first, text.progressText].compactMap { $0 }.joined(separator: "  ")
        guard line != shown else { return }
        shown = line
        print(line)
    }

    private func outcome(_ status: EngineStatus) -> String {
        switch status.state {
        case .needsReboot, .rebooting: "\(status.newVersion ?? "An update") is staged and boots next."
        default:
            if check, let offered = status.newVersion {
                "\(offered) is on offer."
            } else if let hold = status.serverHold {
                "No update now: \(hold)"
            } else {
                "No update available; \(status.version) runs."
            }
        }
    }
}
