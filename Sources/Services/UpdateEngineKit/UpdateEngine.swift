import BootControl
import AsyncHTTPClient
import EngineControl
import FoundationEssentials
import HostPower
import Logging
import OmahaProtocol
import ServiceLifecycle
import UpdateLogic
import UpdateModel

/// Keeps one machine on its stream of updates: the shell around ``UpdateMachine``.
///
/// It asks the machine what to do, saves the record, then does it. All work happens in one loop; the control socket
/// only reads the status and wakes the loop.
actor UpdateEngine: Service {
    let settings: EngineSettings
    let host: EngineHost
    let http: HTTPClient
    let store: RecordStore
    let logger: Logger
    let clock = ContinuousClock()

    var machine: UpdateMachine
    var identity: MachineIdentity
    var activity = Activity()
    private var wishes: [Wish] = []
    private var sleeper: AsyncStream<Void>.Continuation?

    /// What a person asked the loop to do next.
    enum Wish: Hashable {
        case check(isForced: Bool, installs: Bool)
        case reboot(String)
    }

    /// What is shown of the present moment; none of it outlives the daemon.
    struct Activity {
        var state: EngineStatus.State?
        var newVersion: String?
        var progress: EngineStatus.Progress?
        var lastCheckAt: Date?
        var nextCheckAt: Date?
        var serverHold: String?
        var lastError: String?
        var downloadedBytes: UInt64 = 0
        var checkCount = 0
        var requestedPoll: Duration?
    }

    /// - Throws: when the machine has no identity, or its boot slots cannot be read.
    init(settings: EngineSettings, host: EngineHost, http: HTTPClient, logger: Logger) throws {
        self.settings = settings
        self.host = host
        self.http = http
        self.logger = logger
        self.store = RecordStore(path: "\(settings.stateDirectory)/engine.json", logger: logger)
        self.identity = try MachineIdentity.read(settings)
        let facts = BootFacts(
            bootID: host.bootID, booted: host.bootControl.booted, runningVersion: identity.version,
            status: try Self.slotStatus(host))
        self.machine = UpdateMachine(record: store.load(), boot: facts)
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await self.work() }
    }

    private func work() async throws {
        logger.info(
            "Update engine is up",
            metadata: [
                "machine.id": "\(identity.machine)", "release.version": "\(identity.version)",
                "slot.name": "\(host.bootControl.booted)",
            ])
        try await perform { $0.started() }
        resumeReboot()
        var generator = SystemRandomNumberGenerator()
        var delay = settings.schedule.firstDelay(using: &generator)
        while !Task.isCancelled {
            let wish = await nextWish(after: delay)
            guard !Task.isCancelled else { return }
            switch wish {
            case .reboot(let reason): await reboot(reason)
            case .check(let isForced, let installs): await check(isForced: isForced, installs: installs)
            }
            delay = settings.schedule.nextDelay(
                failuresInRow: machine.record.failuresInRow, requested: activity.requestedPoll, using: &generator)
        }
    }

    /// The daemon was restarted between staging an update and the reboot into it.
    private func resumeReboot() {
        guard let staged = machine.record.staged, staged.bootID == host.bootID, machine.phase == .needsReboot,
            settings.rebootStrategy == .reboot || staged.isRollback
        else { return }
        wake(.reboot("update to \(staged.version)"))
    }

    // MARK: Asking the state machine, saving, acting

    /// Lets the state machine change, saves what must be remembered, then performs what it wants done.
    func perform(_ change: (inout UpdateMachine) throws -> [UpdateMachine.Action]) async throws {
        let before = machine.record
        let actions = try change(&machine)
        if machine.record != before { try store.save(machine.record) }
        for action in actions { try await perform(action) }
    }

    func remember(_ change: (inout UpdateMachine) -> Void) throws {
        let before = machine.record
        change(&machine)
        if machine.record != before { try store.save(machine.record) }
    }

    private func perform(_ action: UpdateMachine.Action) async throws {
        switch action {
        case .runHealthGate: try await judgeBoot()
        case .activate(let slot): try host.bootControl.activate(slot, tries: settings.tries)
        case .invalidate(let slot): try host.bootControl.invalidate(slot)
        case .reject(let slot): try reject(slot)
        case .reboot(let reason): wishes.append(.reboot(reason))
        }
        try refreshBootFacts()
    }

    /// A slot that cannot be rejected because nothing else boots stays as it is: better a bad system than none.
    private func reject(_ slot: Slot) throws {
        do {
            try host.bootControl.reject(slot)
        } catch BootControlError.nothingToFallBackTo {
            logger.warning("A bad slot stays bootable because there is no other", metadata: ["slot.name": "\(slot)"])
        }
    }

    private func refreshBootFacts() throws {
        machine.update(status: try Self.slotStatus(host))
    }

    private static func slotStatus(_ host: EngineHost) throws -> [Slot: SlotBootStatus] {
        var status: [Slot: SlotBootStatus] = [:]
        for slot in Slot.allCases { status[slot] = try host.bootControl.status(of: slot) }
        return status
    }

    // MARK: The boot's trial

    private func judgeBoot() async throws {
        logger.info("Judging this boot", metadata: ["release.version": "\(identity.version)"])
        try await clock.sleep(for: settings.healthSettle)
        let gate = HealthGate(directory: settings.healthDirectory, timeLimit: settings.healthTimeLimit, logger: logger)
        let verdict = await gate.judge(environment: [
            "MARTLET_SLOT": host.bootControl.booted.rawValue, "MARTLET_VERSION": identity.version.text,
            "MARTLET_ROOT": settings.root,
        ])
        switch verdict {
        case .passed:
            try host.bootControl.confirm(host.bootControl.booted)
            try refreshBootFacts()
            try remember { $0.bootConfirmed() }
            logger.info("This boot is good", metadata: ["release.version": "\(identity.version)"])
        case .failed(let reason):
            activity.lastError = reason
            try await perform { $0.healthFailed(reason) }
        }
    }

    private func reboot(_ reason: String) async {
        logger.notice("Rebooting", metadata: ["reboot.reason": "\(reason)"])
        do {
            try await host.power.reboot(reason: reason)
            activity.state = .rebooting
            // The process is about to be stopped. If it is not, something holds the reboot back: ask again.
            try await clock.sleep(for: .seconds(300))
        } catch {
            guard !Task.isCancelled else { return }
            logger.error("The reboot was refused", metadata: ["reboot.error": "\(error)"])
            activity.lastError = "\(error)"
        }
        wishes.append(.reboot(reason))
        activity.state = nil
        try? await clock.sleep(for: .seconds(5))  // Cancelled: the loop sees it.
    }

    // MARK: Waiting

    private func nextWish(after delay: Duration) async -> Wish {
        activity.nextCheckAt = Date().addingTimeInterval(delay / .seconds(1))
        if wishes.isEmpty { await sleep(for: delay) }
        activity.nextCheckAt = nil
        return wishes.isEmpty ? .check(isForced: false, installs: true) : wishes.removeFirst()
    }

    /// Sleeps until the time is over, a wish comes, or the task is cancelled.
    private func sleep(for delay: Duration) async {
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        sleeper = continuation
        let timer = Task { [clock] in
            try? await clock.sleep(for: delay)  // Cancelled: the stream ends all the same.
            continuation.finish()
        }
        await withTaskCancellationHandler {
            for await _ in wakes { break }
        } onCancel: {
            continuation.finish()
        }
        sleeper = nil
        timer.cancel()
    }

    func wake(_ wish: Wish) {
        // A person who asks ten times wants one check.
        if !wishes.contains(wish), wishes.count < 8 { wishes.append(wish) }
        wakeLoop()
    }

    func wakeLoop() { sleeper?.yield() }
}
