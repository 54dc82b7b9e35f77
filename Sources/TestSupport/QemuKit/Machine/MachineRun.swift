package import FleetDemo
import FoundationEssentials

/// One run of QEMU: from power-on until the guest resets, the power is cut, or QEMU is told to leave.
package actor MachineRun {
    /// How a run ended.
    package enum Ending: Hashable, Sendable {
        /// The guest rebooted, by itself, in panic, or by its watchdog.
        case reset
        /// The guest switched itself off.
        case off
        /// QEMU was killed.
        case killed
        /// QEMU left for a reason of its own.
        case other(String)
    }

    package nonisolated let agent: GuestAgent
    package nonisolated let monitor: Monitor
    package nonisolated let began: ContinuousClock.Instant
    package private(set) var log: SerialLog
    private let child: ChildProcess
    private let guardian: Guardian
    private var ending: Ending?

    private init(
        child: ChildProcess, guardian: Guardian, agent: GuestAgent, monitor: Monitor, log: SerialLog,
        began: ContinuousClock.Instant
    ) {
        self.child = child
        self.guardian = guardian
        self.agent = agent
        self.monitor = monitor
        self.log = log
        self.began = began
    }

    /// Switches the machine on.
    ///
    /// - Parameters:
    ///   - serialLog: a file that does not exist yet; what QEMU itself says goes beside it.
    ///   - writeLog: an empty file for notes of every write to the disk; `nil` for none.
    ///   - guardian: ends QEMU should this program die.
    package static func start(
        _ definition: MachineDefinition, serialLog: String, writeLog: String? = nil, guardian: Guardian
    ) async throws -> MachineRun {
        for socket in [definition.monitorSocket, definition.agentSocket] { try Folder.remove(socket) }
        let words = "\(serialLog).qemu"
        let began = ContinuousClock.now
        // People who work on this host go first.
        let child = try ChildProcess.start(
            try HostTool.nice.path(),
            ["-n", "5", try HostTool.emulator.path()]
                + definition.arguments(serialLog: serialLog, writeLog: writeLog), output: words, errors: words)
        guardian.watch(child)
        do {
            let agent = try await GuestAgent.open(definition.agentSocket) { child.poll() == nil }
            let monitor = try await Monitor.open(definition.monitorSocket) { child.poll() == nil }
            return MachineRun(
                child: child, guardian: guardian, agent: agent, monitor: monitor,
                log: SerialLog(path: serialLog, at: began), began: began)
        } catch {
            let ending = await child.stop(patience: .zero)
            guardian.forget(child)
            let said = String(decoding: FileManager.default.contents(atPath: words) ?? Data(), as: UTF8.self)
            let lastLine = said.split(whereSeparator: \.isNewline).last.map(String.init)
            throw QemuError.notStarted(lastLine: lastLine ?? "\(error), \(ending.map { "\($0)" } ?? "still running")")
        }
    }

    /// Reads what is new on the console, and says how the run ended; `nil` while it lasts.
    package func look() async -> Ending? {
        log.look(at: .now)
        if let ending { return ending }
        guard let status = child.poll() else { return nil }
        await monitor.drain()
        log.look(at: .now)
        return end(await Self.ending(status, monitor))
    }

    /// Cuts the power: QEMU is killed. What the guest has handed to the disk stays, flushed or not; for what a medium loses
    /// besides see EspProof.
    package func cutPower() async {
        guard ending == nil else { return }
        child.send(9)
        _ = await child.wait()
        log.look(at: .now)
        _ = end(.killed)
    }

    private func end(_ result: Ending) -> Ending {
        guardian.forget(child)
        ending = result
        return result
    }

    private static func ending(_ status: ProcessEnding, _ monitor: Monitor) async -> Ending {
        guard status == .exited(0) else { return .other("QEMU ended with \(status)") }
        return switch await monitor.shutdownReason {
        case "guest-reset", "host-qmp-system-reset": .reset
        case "guest-shutdown": .off
        case let reason: .other("QEMU left: \(reason ?? "it did not say why")")
        }
    }
}
