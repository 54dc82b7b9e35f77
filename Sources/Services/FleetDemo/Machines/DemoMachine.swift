import EngineControl
import FleetTestKit
import FoundationEssentials
import Glibc
import HostLinux
import SlotDevice
import UpdateModel

/// A machine: power switch, firmware, kernel and process supervisor around one real `martletd`.
///
/// ```text
/// power on ─▶ firmware chooses a slot ─▶ the slot is mounted ─▶ martletd runs ─▶ it asks for a reboot ─┐
///     ▲              │ none: stops at the prompt   │ unusable: the watchdog resets   │ killed: started  │
///     └──────────────┴─────────────────────────────┴────────────────────────────────┘ again (same boot) │
///     ▲                                                                                                  │
///     └──────────────────────────────────────────────────────────────────────────────────────────────────┘
/// ```
actor DemoMachine {
    nonisolated let card: MachineCard
    private let programs: Programs
    private let mount: SlotMount
    private let guardian: Guardian
    private let began: ContinuousClock.Instant
    private var daemon: ChildProcess?
    private var wantsRestart = false
    private(set) var view: MachineView

    /// How long the watchdog waits for a system that does not run.
    private static let watchdog = Duration.milliseconds(1500)
    private static let pollInterval = Duration.milliseconds(50)
    /// A daemon that ends by itself so often in one boot has a fault of its own.
    private static let exitsMax = 5

    init(
        card: MachineCard, programs: Programs, command: Command, guardian: Guardian, began: ContinuousClock.Instant
    ) {
        self.card = card
        self.programs = programs
        self.mount = SlotMount(command: command, card: card)
        self.guardian = guardian
        self.began = began
        self.view = MachineView(card: card)
    }

    /// Runs the machine until the task is cancelled.
    func run() async {
        do {
            while !Task.isCancelled { try await cycle() }
        } catch is CancellationError {
            // The demo is over.
        } catch {
            view.fault = (error as? any UserFacingError)?.userMessage.line ?? "\(error)"
        }
        await stopDaemon()
        view.power = .off
    }

    /// `kill -9`: what a power cut or the system's memory killer does to a process.
    func killDaemon() {
        daemon?.send(SIGKILL)
        record(.killed, slot: view.slot, version: view.version, "martletd killed with SIGKILL")
    }

    /// Writes `update.conf` and has the daemon read it: `systemctl restart update-engine`.
    func follow(group: String?) throws {
        try Folder.write(MachineSettings.updateText(group: group), to: card.updateSettings)
        wantsRestart = true
    }

    // MARK: - One boot

    private func cycle() async throws {
        view.power = .booting
        view.boots += 1
        guard let slot = try chooseSlot() else { return try await waitAtPrompt() }
        view.slot = slot
        guard try await mount.mount(slot) else {
            view.power = .hung
            record(.hung, slot: slot, version: nil, "the system on slot \(slot) cannot run; the watchdog resets")
            return try await Task.sleep(for: Self.watchdog)
        }
        record(.booted, slot: slot, version: nil, "booted slot \(slot)")
        try await runDaemonUntilReboot()
    }

    private func chooseSlot() throws -> Slot? {
        let firmware = FirmwareModel(
            disk: try FileBlockDevice(path: card.disk, access: .readWrite),
            kernels: try DirectoryFileArea(path: card.bootFiles)
        ) { _, kernel in
            // A file that cannot be read does not load.
            (try? KernelFile.flaw(in: kernel)) == .some(nil)
        }
        switch try firmware.boot() {
        case .booted(let slot): return slot
        case .stoppedAtPrompt(let reason):
            view.fault = "the boot loader stopped because \(reason)"
            return nil
        }
    }

    private func waitAtPrompt() async throws {
        view.power = .atPrompt
        while true { try await Task.sleep(for: .seconds(1)) }
    }

    // MARK: - The daemon

    private func runDaemonUntilReboot() async throws {
        try Folder.remove(card.rebootRequest)
        var child = try startDaemon()
        var exits = 0
        while true {
            try await Task.sleep(for: Self.pollInterval)
            await observe()
            if FileManager.default.fileExists(atPath: card.rebootRequest) { return await goDown() }
            if wantsRestart {
                wantsRestart = false
                await stopDaemon()
                child = try startDaemon()
            } else if let ending = child.poll() {
                forgetDaemon()
                if case .exited = ending { exits += 1 }
                guard exits < Self.exitsMax else {
                    throw StoryFailure(expected: "martletd to run", seen: "it left with \(ending)", log: card.log)
                }
                try await Task.sleep(for: .milliseconds(500))
                child = try startDaemon()
                record(.restarted, slot: view.slot, version: view.version, "martletd started again, no reboot")
            }
        }
    }

    private func startDaemon() throws -> ChildProcess {
        let child = try ChildProcess.start(
            programs.daemon, ["--config", card.daemonSettings], output: card.log, errors: card.log)
        guardian.watch(child)
        daemon = child
        view.starts += 1
        view.power = .up
        return child
    }

    private func goDown() async {
        await observe()
        view.power = .booting
        await stopDaemon()
    }

    private func stopDaemon() async {
        guard let child = daemon else { return }
        // Not cancelled with the demo: a daemon is given its time to end.
        _ = await Task.detached { await child.stop(patience: .seconds(5)) }.value
        forgetDaemon()
    }

    private func forgetDaemon() {
        if let daemon { guardian.forget(daemon) }
        daemon = nil
        view.lastStatus = view.status ?? view.lastStatus
        view.sessions.append(view.status?.downloadedBytes ?? 0)
        view.status = nil
    }

    // MARK: - What is seen

    private func observe() async {
        guard daemon != nil, let status = await ControlSocket(path: card.socket).status() else { return }
        let before = view.status
        view.status = status
        note(status, before: before)
    }

    /// Turns what changed into history.
    private func note(_ status: EngineStatus, before: EngineStatus?) {
        if status.state == .downloading, before?.state != .downloading {
            record(
                .downloading, slot: status.slot.other, version: status.newVersion, "fetches \(status.newVersion ?? "?")"
            )
        }
        let other = status.slots.first { $0.slot == status.slot.other }
        let stagedBefore = before?.slots.first { $0.slot == status.slot.other }?.life == "written"
        if other?.life == "written", !stagedBefore, let version = status.newVersion {
            record(
                .staged, slot: status.slot.other, version: version, "\(version) verified on slot \(status.slot.other)")
        }
        for held in status.held
        where !view.history.contains(where: { $0.kind == .fellBack && $0.version == held.version }) {
            record(
                .fellBack, slot: status.slot, version: held.version,
                "\(held.version) refused, back on \(status.version): \(held.reason.onOneLine)")
        }
        let isGood = status.slots.first { $0.isBooted }?.isSuccessful == true
        let last = view.history.last { $0.kind == .healthy || $0.kind == .booted }
        if isGood, status.state != .assessing, last?.kind == .booted {
            record(
                .healthy, slot: status.slot, version: status.version, "\(status.version) is good on slot \(status.slot)"
            )
        }
    }

    private func record(_ kind: HistoryEntry.Kind, slot: Slot?, version: String?, _ text: String) {
        let seconds = (ContinuousClock.now - began).inSeconds.toTheMillisecond
        view.history.append(HistoryEntry(seconds: seconds, kind: kind, slot: slot, version: version, text: text))
    }
}

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension Double {
    /// Seconds without what is finer: that is noise.
    var toTheMillisecond: Double { (self * 1000).rounded() / 1000 }
}
