import BootControl
import ContentTrust
import EngineTestKit
import FleetTestKit
import Logging
import SlotDevice
import UpdateEngineKit
import UpdateLogic
import UpdateModel

/// What a machine goes through, step by step in the engine's own order, from power-on to rest.
struct MachineLife {
    /// A wrong order that the proof must notice.
    enum PlantedBug {
        case none
        /// The slot is made bootable as soon as it is accepted, before it is written and verified.
        case activatesFirst
    }

    /// Where it was when the power went.
    enum Stage: Hashable {
        case loader, settling, judging, installing, rollingBack
    }

    let rig: InstallRig
    let target: TestRelease
    var goesBack = false
    var bug = PlantedBug.none
    /// Takes what is held all the same.
    var isForced = false
    /// Tries again what fails while the power is on.
    var isPatient = false
    private(set) var stage = Stage.loader
    /// Where something first went wrong while the power was on.
    private(set) var firstFailure: Stage?
    private(set) var record = EngineRecord()
    private var boots = 0

    init(_ rig: InstallRig, target: TestRelease) {
        self.rig = rig
        self.target = target
    }

    enum Rest: Hashable {
        /// Nothing is left to do.
        case done(running: Version)
        /// The release is held here.
        case held(running: Version)
    }

    /// Lives until nothing is left to do. What goes wrong while the power is on is tried again, as systemd starts a
    /// daemon anew and a person resets a machine that waits at the loader's prompt.
    /// - Throws: whatever ended it; ``PowerSupply/isOn`` tells whether that was the power.
    mutating func live() throws -> Rest {
        for _ in 0..<12 {
            stage = .loader
            let (slot, running) = try patiently { rig throws in try rig.boot() }
            boots += 1
            let bootID = "boot-\(boots)-\(rig.power.operationCount)"
            for attempt in 1... {
                do {
                    if let rest = try liveUntilReboot(slot, running, bootID) { return rest }
                    break
                } catch  where rig.power.isOn && isPatient && attempt < 3 {
                    firstFailure = firstFailure ?? stage
                }
            }
        }
        throw NotBootable(reason: "the machine reboots for ever")
    }

    private mutating func patiently<Value>(_ body: (InstallRig) throws -> Value) throws -> Value {
        do {
            return try body(rig)
        } catch  where rig.power.isOn && isPatient {
            firstFailure = firstFailure ?? stage
            return try body(rig)
        }
    }

    private mutating func liveUntilReboot(_ slot: Slot, _ running: TestRelease, _ bootID: String) throws -> Rest? {
        stage = .settling
        let facts = BootFacts(
            bootID: bootID, booted: slot, runningVersion: running.version, status: [:], next: nil)
        let host = rig.host(booted: slot, bootID: facts.bootID)
        let store = RecordStore(host.stateFiles, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var keeper = try MachineKeeper(store: store, bootControl: host.bootControl, tries: 1, facts: facts)
        defer { record = keeper.record }
        for errand in try keeper.perform({ $0.started() }) {
            guard errand == .runHealthGate else { return nil }
            stage = .judging
            if try !judge(running, &keeper) { return nil }
        }
        if keeper.machine.phase == .needsReboot { return nil }
        if goesBack, running.version == target.version {
            stage = .rollingBack
            _ = try keeper.perform { try $0.rollbackRequested() }
            return nil
        }
        stage = .installing
        let rest = try install(&keeper, host)
        guard rig.power.isOn else { throw DeviceError.powerLost }  // The last thing to save may wait, so nobody told.
        return rest
    }

    /// - Returns: whether the boot goes on.
    private func judge(_ running: TestRelease, _ keeper: inout MachineKeeper) throws -> Bool {
        guard !running.isHealthy else {
            try keeper.confirmBoot()
            return true
        }
        return try keeper.perform { $0.healthFailed("it is not well") }.isEmpty
    }

    private mutating func install(_ keeper: inout MachineKeeper, _ host: EngineHost) throws -> Rest? {
        let running = keeper.machine.boot.runningVersion
        switch keeper.record.judge(target.offer, boot: keeper.machine.boot, isForced: isForced) {
        case .nothingToDo: return .done(running: running)
        case .refused(.held): return .held(running: running)
        case .refused(let refusal): throw refusal
        case .install(let slot):
            if isForced { keeper.remember { [target] in $0.released(version: target.version) } }
            isForced = false
            _ = try keeper.perform { [target] machine in
                machine.offerAccepted(target.offer, into: slot)
                return machine.hasBegunWriting ? machine.writingBegins() : []
            }
            let digest = try write(to: slot, &keeper, host)
            _ = try keeper.perform { $0.installed(contentDigest: digest) }
            return nil
        }
    }

    private func write(to slot: Slot, _ keeper: inout MachineKeeper, _ host: EngineHost) throws -> SHA256Digest {
        let plan = InstallationPlan(
            offer: target.offer, slot: slot, keys: TrustedKeys(keys: [TestRelease.key.verificationKey]),
            held: isForced ? [] : keeper.record.held, checkpointIntervalBytes: 16 << 10)
        let writer = SlotWriter(plan, host: host)
        var position = Int(try writer.begin())
        keeper.remember { $0.downloadStarted() }
        while position < target.payload.count {
            let piece = Array(target.payload[position..<min(position + 8 << 10, Int(writer.boundBytes))])
            try writer.consume(piece)
            position += piece.count
            if writer.awaitsSlot {
                try writer.checkTargets()
                _ = try keeper.perform { $0.writingBegins() }
                if bug == .activatesFirst { try host.bootControl.activate(slot, tries: 1) }
                try writer.openTargets()
            }
        }
        keeper.remember { $0.downloadFinished() }
        return try writer.finish()
    }
}
