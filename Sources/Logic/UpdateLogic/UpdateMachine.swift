public import BootControl
public import UpdateModel

/// The engine as a pure state machine: an event comes in, the record changes, actions come out. It touches nothing.
///
/// ```text
///            starting
///               │ started
///               │ booted = staged slot                 the other slot was tried in vain: held, reported
///               ├──────────────────▶ assessing ──healthFailed──▶ leaving (reject, reboot)
///               │                        │ bootConfirmed
///               ▼                        ▼
///   ┌───────▶ idle ◀────────────────────┘
///   │           │ offerAccepted
///   │           ▼
///   │       installing ──installFailed──▶ idle, or needsReboot where the staged update still stands
///   │           │ writingBegins (invalidate)
///   │           │ installed
///   │           ▼
///   └───── needsReboot ──(activate)──▶ … the machine reboots … ──▶ started
///         offerAccepted: a staged update that was never booted is replaced
/// ```
/// The shell saves ``record`` after each event and before it performs the actions, so that a kill between the two
/// repeats an action and never forgets one. Every action may be repeated.
public struct UpdateMachine: Sendable {
    public enum Phase: Hashable, Sendable {
        /// What happened since the record was written has not been worked out: nothing may begin.
        case starting
        /// The health gate judges the present boot.
        case assessing
        case idle
        case installing
        /// A verified update waits for its boot.
        case needsReboot
        /// The boot was refused and the machine is going down.
        case leaving
    }

    public enum Action: Hashable, Sendable {
        case runHealthGate
        /// Never boot this slot again.
        case reject(Slot)
        /// Boot this slot next, on trial.
        case activate(Slot)
        /// Boot this slot next; it was proven good before.
        case prefer(Slot)
        /// Never boot this slot while it is written.
        case invalidate(Slot)
        case reboot(reason: String)
    }

    public internal(set) var record: EngineRecord
    public internal(set) var phase = Phase.starting
    public internal(set) var boot: BootFacts

    public init(record: EngineRecord, boot: BootFacts) {
        self.record = record
        self.boot = boot
    }

    /// The boot loader's state was read anew.
    public mutating func update(status: [Slot: SlotBootStatus], next: Slot?) {
        boot.status = status
        boot.next = next
    }

    /// The update_engine code for “came back on the old slot”.
    public static let rollbackErrorCode = 44
    /// The update_engine code for “the slot could not be made bootable”, PostinstallRunnerError.
    static let notBootableErrorCode = 5
    /// Older holds are forgotten.
    static let heldMax = 64
    /// A trial that ended without a verdict is repeated once: the power may have gone.
    static let trialsMax = 2
}

// MARK: - Installing

extension UpdateMachine {
    /// The engine begins to fetch an accepted offer. What stands in the slot may still be booted.
    public mutating func offerAccepted(_ offer: UpdateOffer, into slot: Slot) {
        guard phase == .idle || phase == .needsReboot, slot != boot.booted else { return }
        if record.installation?.payloadDigest != offer.payloadDigest || record.installation?.slot != slot {
            record.installation = Installation(offer, into: slot)
        }
        phase = .installing
    }

    /// The payload's metadata is signed by somebody who is trusted, and fits this machine. The slot stops being bootable
    /// before its first byte changes.
    public mutating func writingBegins() -> [Action] {
        guard phase == .installing, let installation = record.installation else { return [] }
        record.staged = nil
        record.slots[installation.slot] = SlotContent(life: .writing, version: installation.version)
        return [.invalidate(installation.slot)]
    }

    /// Whether an earlier attempt has given the slot up already, so that nothing in it is lost by going on.
    public var hasBegunWriting: Bool {
        record.installation.map { record.slots[$0.slot]?.life == .writing } ?? false
    }

    /// The download is about to begin: told once for each attempt, not again when it goes on after a restart.
    public mutating func downloadStarted() {
        guard record.installation?.isAnnounced == false else { return }
        record.installation?.isAnnounced = true
        report(eventType: 13, eventResult: 1, subject: subjectOfInstallation)
    }

    /// Every byte has arrived and the signature holds.
    public mutating func downloadFinished() {
        guard record.installation?.hasArrived == false else { return }
        record.installation?.hasArrived = true
        report(eventType: 14, eventResult: 1, subject: subjectOfInstallation)
    }

    /// The slot has been re-read, and holds what the manifest promises.
    public mutating func installed(contentDigest: SHA256Digest) -> [Action] {
        guard let installation = record.installation, phase == .installing else { return [] }
        let content = SlotContent(
            life: .written, version: installation.version, contentDigest: contentDigest,
            payloadDigest: installation.payloadDigest)
        record.slots[installation.slot] = content
        record.staged = StagedUpdate(
            version: installation.version, slot: installation.slot, content: content, bootID: boot.bootID)
        report(eventType: 3, eventResult: 1, subject: subjectOfInstallation)
        record.installation = nil
        record.backOff = nil
        phase = .needsReboot
        return [.activate(installation.slot)]
    }

    /// The installation ended badly. What was written stays for going on later only when `canResume`.
    /// - Parameter now: seconds since 1970.
    public mutating func installFailed(
        code: Int, reason: String, canResume: Bool, schedule: CheckSchedule, now: Int64
    ) {
        guard phase == .installing else { return }
        phase = record.staged == nil ? .idle : .needsReboot
        report(eventType: 3, eventResult: 0, code: code, reason: reason, subject: subjectOfInstallation)
        guard let installation = record.installation else { return }
        backOff(from: installation.payloadDigest, schedule: schedule, now: now)
        if canResume {
            // The server has heard that this attempt is over: the next one is announced again.
            record.installation?.isAnnounced = false
            record.installation?.hasArrived = false
        } else {
            if hasBegunWriting { record.slots[installation.slot] = SlotContent(life: .empty) }
            record.installation = nil
        }
    }

    /// What the boot loader needs for the staged update is gone: somebody removed it. It may be fetched anew.
    public mutating func stagedLost(in slot: Slot) {
        guard let staged = record.staged, staged.slot == slot, slot != boot.booted else { return }
        let reason = "the boot loader has nothing to boot slot \(slot) from."
        record.staged = nil
        record.slots[slot] = SlotContent(life: .empty)
        endAct(failure: reason)
        report(
            eventType: 3, eventResult: 0, code: Self.notBootableErrorCode, reason: reason,
            subject: Subject(version: staged.version, payloadDigest: staged.payloadDigest))
        if phase == .needsReboot { phase = .idle }
    }

    /// The manifest shows what has failed here before: nothing was written, and it is no new failure. The payload is
    /// remembered, so that it is not asked for again.
    public mutating func installationHeld(contentDigest: SHA256Digest, payloadDigest: SHA256Digest) {
        guard phase == .installing else { return }
        if var release = record.hold(contentDigest: contentDigest) {
            release.payloadDigest = payloadDigest
            release.cause = .failedHere  // By digest; the hold by version that a person made stays beside it.
            remember(release)
        }
        if hasBegunWriting, let slot = record.installation?.slot { record.slots[slot] = SlotContent(life: .empty) }
        record.installation = nil
        phase = record.staged == nil ? .idle : .needsReboot
    }

    private var subjectOfInstallation: Subject {
        Subject(version: record.installation?.version, payloadDigest: record.installation?.payloadDigest)
    }

    mutating func remember(_ release: HeldRelease) {
        record.held.removeAll { $0 == release }
        record.held.append(release)
        record.held = Array(record.held.suffix(Self.heldMax))
    }
}

// MARK: - What a person asks for

extension UpdateMachine {
    /// A person wants the other slot back.
    public mutating func rollbackRequested() throws(RollbackRefusal) -> [Action] {
        let target = boot.booted.other
        guard phase == .idle || phase == .needsReboot else { throw .busy }
        guard let content = record.slots[target], content.life == .good, let version = content.version,
            boot.isProven(target), boot.isBootable(target)
        else { throw .nothingGood(target) }
        record.held.removeAll { $0.version == version }
        remember(
            HeldRelease(
                version: boot.runningVersion, contentDigest: record.slots[boot.booted]?.contentDigest,
                payloadDigest: nil, cause: .rolledBack, reason: "a person rolled back from it."))
        var staged = StagedUpdate(version: version, slot: target, content: content, bootID: boot.bootID)
        staged.isRollback = true
        record.staged = staged
        record.installation = nil
        phase = .needsReboot
        return [.prefer(target), .reboot(reason: "rollback to \(version)")]
    }

    /// A person wants what is held tried again.
    public mutating func released(version: Version) {
        record.held.removeAll { $0.version == version }
    }
}

// MARK: - What the server says

extension UpdateMachine {
    /// The server has acknowledged the report with this number.
    public mutating func acknowledged(report number: UInt64) {
        record.reports.removeAll { $0.number == number }
    }

    /// The server has answered a check.
    /// - Parameter heardEvents: whether it took the event that went with it: the news of
    ///   ``EngineRecord/completedFrom``.
    public mutating func checkAnswered(heardEvents: Bool) {
        record.failuresInRow = 0
        guard heardEvents else { return }
        record.completedFrom = nil
        record.hasCheckedIn = true
    }

    public mutating func checkFailed() {
        record.failuresInRow = min(record.failuresInRow, Int.max - 1) + 1
    }
}
