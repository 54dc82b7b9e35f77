package import FleetDemo

/// A machine that is switched on again whenever its guest resets.
package actor VirtualMachine {
    package nonisolated let definition: MachineDefinition
    package nonisolated let disk: GuestDisk
    private let logs: String
    private let name: String
    private let guardian: Guardian
    private let patience: BootPatience
    private var run: MachineRun?
    /// Boots that had come up when the present kernel was started: those of the run before it.
    private var awaitedBoots = 1
    private var phaseBegan = ContinuousClock.now
    /// All power-ons, the present one last.
    package private(set) var boots: [BootRecord] = []
    /// How often the emulator stalled and was started again.
    package private(set) var stalls = 0
    /// Power-ons so far, without those that ended in a stall of the emulator.
    package var soundBoots: Int { boots.count - stalls }
    /// What was written to the disk while ``notesWrites`` was set.
    package private(set) var notes: WriteNotes?
    private var notesWrites = false

    /// - Parameters:
    ///   - name: begins the names of the files in the folder `logs`.
    ///   - guardian: ends QEMU should this program die.
    package init(
        _ definition: MachineDefinition, disk: GuestDisk, name: String, logs: String, guardian: Guardian,
        patience: BootPatience
    ) {
        self.definition = definition
        self.disk = disk
        self.name = name
        self.logs = logs
        self.guardian = guardian
        self.patience = patience
    }

    /// The console of the present or last run.
    package var log: SerialLog? {
        get async { await run?.log }
    }

    /// Notes every write to the disk from the next power-on until the first one after ``stopNoting()``.
    package func noteWrites() { notesWrites = true }

    package func stopNoting() { notesWrites = false }

    /// Throws the notes away; new ones begin with the next power-on.
    package func forgetNotes() { notes = nil }

    /// Switches on a machine that is off.
    package func powerOn() async throws {
        let number = boots.count + 1
        let path = "\(logs)/\(name)-boot-\(number).log"
        boots.append(BootRecord(number: number, serialLog: path))
        awaitedBoots = 1
        phaseBegan = .now
        run = try await MachineRun.start(
            definition, serialLog: path, writeLog: try await freshWriteLog(), guardian: guardian)
    }

    /// `nil` where nothing is to be noted.
    private func freshWriteLog() async throws -> String? {
        guard notesWrites else { return nil }
        let log = "\(logs)/\(name)-boot-\(boots.count).writes"
        try Folder.write("", to: log)
        if notes == nil {
            let before = "\(logs)/\(name)-esp-before.img"
            try disk.copyBootPartition(to: before)
            notes = WriteNotes(bootPartitionBefore: before, logs: [])
        }
        notes?.logs.append(log)
        return log
    }

    /// Cuts the power; nothing when it is off.
    package func cutPower() async {
        guard let run else { return }
        await run.cutPower()
        await note(.killed, of: run)
    }

    /// Lets the machine run, and switches it on again after each reset, until `isTrue`.
    ///
    /// - Parameters:
    ///   - expected: what is waited for, in words.
    ///   - limit: over all boots together.
    /// - Throws: ``QemuError/stuck(what:serialLog:tail:)``.
    package func live(
        until expected: String, limit: Duration, _ isTrue: @Sendable () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            try await tick(expected)
            if try await isTrue() { return }
            guard ContinuousClock.now < deadline else {
                throw await stuck("waited \(limit) for this in vain: \(expected)")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    /// The agent of the present run, once the guest is up.
    ///
    /// - Parameters:
    ///   - count: how many kernels of this run have to have come up: 2 after the guest started one itself.
    ///   - look: done again and again while waiting.
    package func agentWhenUp(
        _ count: Int = 1, looking look: @Sendable () async throws -> Void = {}
    ) async throws -> GuestAgent {
        awaitedBoots = count
        phaseBegan = .now
        try await live(until: "the guest is up", limit: patience.boot * 3) {
            try await look()
            return await self.isUp(count)
        }
        guard let run else { throw await stuck("the machine is off") }
        return run.agent
    }

    /// How many kernels of the present run have come up.
    package var upCount: Int {
        get async { await run?.agent.bootIDs.count ?? 0 }
    }

    /// Whether `count` kernels of the present run have come up.
    package func isUp(_ count: Int = 1) async -> Bool {
        guard let run else { return false }
        return await run.agent.bootIDs.count >= count
    }

    /// Presses one of QEMU's buttons.
    /// - Returns: what QEMU answered.
    @discardableResult package func press(_ command: MonitorCommand) async throws -> String {
        guard let run else { throw await stuck("the machine is off") }
        return try await run.monitor.run(command)
    }

    /// An error that carries the end of the console.
    package func stuck(_ what: String) async -> QemuError {
        QemuError.stuck(what: what, serialLog: boots.last?.serialLog ?? "no log", tail: await log?.tail() ?? [])
    }

    // MARK: - One look

    private func tick(_ expected: String) async throws {
        guard let run else { throw await stuck("the machine is off while this is waited for: \(expected)") }
        if let ending = await run.look() {
            await note(ending, of: run)
            guard ending == .reset else { throw await stuck("the machine ended (\(ending)) before: \(expected)") }
            return try await powerOn()
        }
        if await run.agent.bootIDs.count >= awaitedBoots {
            if boots[boots.count - 1].upAfter == nil { boots[boots.count - 1].upAfter = .now - run.began }
            return
        }
        try await checkPatience(run)
    }

    /// A guest that starts must keep talking, and come to an end.
    private func checkPatience(_ run: MachineRun) async throws {
        let log = await run.log
        guard ContinuousClock.now - phaseBegan < patience.boot else {
            throw await stuck("the guest did not come up within \(patience.boot)")
        }
        guard ContinuousClock.now - max(log.lastGrowth, phaseBegan) > patience.silence else { return }
        guard stalls < patience.stallsMax else {
            throw await stuck("nothing on the console for \(patience.silence)")
        }
        stalls += 1
        await cutPower()
        try await powerOn()
    }

    private func note(_ ending: MachineRun.Ending, of run: MachineRun) async {
        guard boots[boots.count - 1].ending == nil else { return }
        boots[boots.count - 1].ending = ending
        boots[boots.count - 1].endedAfter = .now - run.began
        boots[boots.count - 1].wasEndedByWatchdog = await run.monitor.hasWatchdogBarked
    }
}
