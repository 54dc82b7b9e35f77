package import AsyncHTTPClient
import BootControl
import EngineControl
import FoundationEssentials
import HostPower
package import Logging
import ServiceLifecycle
import UpdateLogic
import UpdateModel

/// Keeps one machine on its stream of updates: the shell around ``UpdateMachine``.
///
/// All work happens in one loop; the control socket only reads the status and wakes the loop. What goes wrong in the
/// world (server, disk, table) is logged, shown in the status and tried again; it never ends the loop.
package actor UpdateEngine: Service {
    let settings: EngineSettings
    let host: EngineHost
    let web: WebClient
    let logger: Logger
    let clock = ContinuousClock()

    var keeper: MachineKeeper
    var identity: MachineIdentity
    var activity = Activity()
    var wishes: [CheckWish] = []
    var plannedReboot: PlannedReboot?
    private var settlement = BootSettlement(now: .now)
    private var nextCheck = ContinuousClock.now
    private var sleeper: AsyncStream<Void>.Continuation?

    /// A check that a person asked for.
    struct CheckWish: Hashable {
        var isForced: Bool
        var installs: Bool
    }

    struct PlannedReboot {
        var reason: String
        var notBefore: ContinuousClock.Instant
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
        var isChecking = false
        var checkCount = 0
        var requestedPoll: Duration?
    }

    /// - Parameter http: set up as ``WebClient/configuration`` says.
    /// - Throws: when the machine has no identity, or its record or boot slots cannot be read.
    package init(settings: EngineSettings, host: EngineHost, http: HTTPClient, logger: Logger) throws {
        try self.init(settings: settings, host: host, routes: WebRoutes(direct: http), logger: logger)
    }

    package init(settings: EngineSettings, host: EngineHost, routes: WebRoutes, logger: Logger) throws {
        self.settings = settings
        self.host = host
        self.web = WebClient(routes)
        self.logger = logger
        let identity = try MachineIdentity.read(settings)
        self.identity = identity
        self.keeper = try Self.keeper(settings, host, identity, logger)
    }

    var machine: UpdateMachine { keeper.machine }

    private static func keeper(
        _ settings: EngineSettings, _ host: EngineHost, _ identity: MachineIdentity, _ logger: Logger
    ) throws -> MachineKeeper {
        let facts = BootFacts(
            bootID: host.bootID, booted: host.bootControl.booted, runningVersion: identity.version, status: [:],
            next: nil)
        return try MachineKeeper(
            store: RecordStore(host.stateFiles, logger: logger), bootControl: host.bootControl, tries: settings.tries,
            facts: facts)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.work() }
    }

    private func work() async {
        logger.info(
            "Update engine is up",
            metadata: [
                "machine.id": "\(identity.machine)", "release.version": "\(identity.version)",
                "slot.name": "\(host.bootControl.booted)",
            ])
        await settleBoot()
        var generator = SystemRandomNumberGenerator()
        nextCheck = clock.now + settings.schedule.firstDelay(using: &generator)
        while !Task.isCancelled {
            if let reboot = plannedReboot, reboot.notBefore <= clock.now {
                await perform(reboot)
            } else if settlement.isDue(clock.now), activity.state != .rebooting {
                await settleBoot()
            } else if activity.state != .rebooting, !wishes.isEmpty {
                await check(wishes.removeFirst(), isOnDemand: true)
                planNextCheck(&generator)
            } else if activity.state != .rebooting, nextCheck <= clock.now {
                await check(CheckWish(isForced: false, installs: true), isOnDemand: false)
                planNextCheck(&generator)
            } else {
                await sleep(until: nextErrand)
            }
        }
    }

    private func planNextCheck(_ generator: inout SystemRandomNumberGenerator) {
        nextCheck =
            clock.now
            + settings.schedule.nextDelay(
                failuresInRow: keeper.record.failuresInRow, requested: activity.requestedPoll, using: &generator)
    }

    /// When there is something to do, unless somebody asks. While the machine is going down only its reboot counts.
    private var nextErrand: ContinuousClock.Instant {
        let reboot = plannedReboot?.notBefore ?? clock.now + .seconds(86_400)
        guard activity.state != .rebooting else { return reboot }
        return min(nextCheck, reboot, settlement.notBefore ?? nextCheck)
    }

    // MARK: Asking the state machine, saving, acting

    /// Lets the state machine change, saves what must be remembered, then performs what it wants done.
    func perform(_ change: (inout UpdateMachine) throws -> [UpdateMachine.Action]) async throws {
        let errands = try keeper.perform(change)
        if let failure = keeper.saveFailure { note(failure, "The engine's record cannot be saved") }
        for errand in errands {
            switch errand {
            case .runHealthGate: try await judgeBoot()
            case .reboot(let reason): planReboot(reason)
            }
        }
    }

    func remember(_ change: (inout UpdateMachine) -> Void) {
        keeper.remember(change)
        if let failure = keeper.saveFailure { note(failure, "The engine's record cannot be saved") }
    }

    /// For the log and the status. Whoever handles an error calls this, once.
    func note(_ error: any Error, _ sentence: Logger.Message) {
        let text = (error as? any UserFacingError)?.userMessage.line ?? "\(error)"
        logger.warning(sentence, metadata: ["engine.error": "\(text)"])
        activity.lastError = text
    }

    // MARK: The boot's trial

    /// Works out what happened since the record was written, and judges the boot if it is on trial. Where disk or table
    /// refuse, the loop comes back to it later; until then the machine checks in and installs nothing.
    private func settleBoot() async {
        do {
            if settlement.step == .start { try await perform { $0.started() } }
            if settlement.step == .confirm { try confirmBoot() }
            settlement.end()
            resumeReboot()
        } catch {
            guard !Task.isCancelled else { return }
            note(error, settlement.failure)
            settlement.postpone(clock.now)
        }
    }

    /// The daemon was restarted between staging an update and the reboot into it, or the update is activated anew.
    private func resumeReboot() {
        guard let staged = keeper.record.staged, staged.bootID == host.bootID, machine.phase == .needsReboot else {
            return
        }
        rebootIfWanted(into: staged)
    }

    private func judgeBoot() async throws {
        logger.info("Judging this boot", metadata: ["release.version": "\(identity.version)"])
        try await clock.sleep(for: settings.healthSettle)
        let gate = HealthGate(
            directory: settings.healthDirectory, timeLimit: settings.healthTimeLimit,
            unit: settings.healthTarget.isEmpty ? nil : HealthUnit(settings.healthTarget),
            limit: settings.healthLimit, logger: logger)
        let verdict = await gate.judge(environment: [
            "MARTLET_SLOT": host.bootControl.booted.rawValue, "MARTLET_VERSION": identity.version.text,
            "MARTLET_ROOT": settings.root,
        ])
        try Task.checkCancellation()  // A check that was killed with the daemon has judged nothing.
        switch verdict {
        case .passed:
            // The checks are not to blame where the boot loader cannot be told, and are not run anew.
            settlement.step = .confirm
        case .failed(let reason):
            activity.lastError = reason
            try await perform { $0.healthFailed(reason) }
        }
    }

    private func confirmBoot() throws {
        try keeper.confirmBoot()
        logger.info("This boot is good", metadata: ["release.version": "\(identity.version)"])
    }

    // MARK: Waiting

    /// Sleeps until the time is over, somebody wakes the loop, or the task is cancelled.
    private func sleep(until deadline: ContinuousClock.Instant) async {
        activity.nextCheckAt = Date().addingTimeInterval((nextCheck - clock.now) / .seconds(1))
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        sleeper = continuation
        let timer = Task { [clock] in
            try? await clock.sleep(until: deadline)  // Cancelled: the stream ends all the same.
            continuation.finish()
        }
        await withTaskCancellationHandler {
            for await _ in wakes { break }
        } onCancel: {
            continuation.finish()
        }
        sleeper = nil
        timer.cancel()
        activity.nextCheckAt = nil
    }

    func wakeLoop() { sleeper?.yield() }
}
