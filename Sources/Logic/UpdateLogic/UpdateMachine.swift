public import BootControl
public import UpdateModel

/// The engine as a pure state machine: an event comes in, the record changes, actions come out. It touches nothing.
///
/// ```text
///            started
///               │ booted = staged slot, new boot                 other slot tried in vain
///               ├──────────────────────────▶ assessing ──healthFailed──▶ (reject, reboot)
///               │                                │ bootConfirmed
///               ▼                                ▼
///   ┌───────▶ idle ◀─────────────────────── (confirm)
///   │           │ offerAccepted
///   │           ▼
///   │       installing ──installFailed──▶ idle
///   │           │ installed
///   │           ▼
///   └───── needsReboot ──(activate)──▶ … the machine reboots … ──▶ started
///         offerAccepted: a staged update that was never booted is replaced
/// ```
/// The shell saves ``record`` after each event and before it performs the actions, so that a kill between the two
/// repeats an action and never forgets one. Every action may be repeated.
public struct UpdateMachine: Sendable {
    public enum Phase: Hashable, Sendable {
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
        case reject(Slot)
        case activate(Slot)
        case invalidate(Slot)
        case reboot(reason: String)
    }

    public private(set) var record: EngineRecord
    public private(set) var phase: Phase = .idle
    public private(set) var boot: BootFacts

    public init(record: EngineRecord, boot: BootFacts) {
        self.record = record
        self.boot = boot
    }

    /// The boot loader's state was read anew.
    public mutating func update(status: [Slot: SlotBootStatus]) {
        boot.status = status
    }

    /// The machine is up: works out what happened since the record was written.
    public mutating func started() -> [Action] {
        if record.alephVersion == nil { record.alephVersion = boot.runningVersion }
        guard let staged = record.staged else { return startedWithoutStaged() }
        if staged.bootID == boot.bootID { return restartedWhileStaged(staged) }
        if staged.slot == boot.booted { return startedOnTrial(staged) }
        return startedElsewhere(staged)
    }

    /// The health gate has let the present boot pass, and the boot loader has been told so already: that order, because
    /// a power cut in between then repeats the trial instead of falling back from a good system.
    public mutating func bootConfirmed() {
        guard phase == .assessing else { return }
        let content = record.slots[boot.booted]
        record.slots[boot.booted] = SlotContent(
            life: .good, version: boot.runningVersion, contentDigest: content?.contentDigest)
        if let staged = record.staged, staged.slot == boot.booted {
            record.completedFrom = staged.previousVersion.text
            record.staged = nil
        }
        phase = record.staged == nil ? .idle : .needsReboot
    }

    /// The health gate has refused the present boot. Falls back where the other slot can boot; stays otherwise,
    /// because a machine that is up and complaining beats one that reboots for ever.
    public mutating func healthFailed(_ reason: String) -> [Action] {
        guard phase == .assessing else { return [] }
        let reason = String(reason.prefix(1024))
        record.slots[boot.booted]?.life = .bad
        guard var staged = record.staged, staged.slot == boot.booted else {
            phase = .idle
            return []
        }
        staged.failure = reason
        record.staged = staged
        guard boot.status[boot.booted.other]?.isBootable == true else {
            settle(failed: staged)
            phase = .idle
            return []
        }
        phase = .leaving
        return [.reject(boot.booted), .reboot(reason: "\(staged.version) failed its health checks")]
    }

    /// The engine begins to write an accepted offer. The slot stops being bootable before its first byte changes.
    public mutating func offerAccepted(_ offer: UpdateOffer, into slot: Slot) -> [Action] {
        guard phase == .idle || phase == .needsReboot, slot != boot.booted else { return [] }
        record.staged = nil
        if record.installation?.payloadDigest != offer.payloadDigest || record.installation?.slot != slot {
            record.installation = Installation(
                version: offer.version, payloadDigest: offer.payloadDigest, payloadSizeBytes: offer.payloadSizeBytes,
                slot: slot)
        }
        record.slots[slot] = SlotContent(life: .writing, version: offer.version)
        phase = .installing
        return [.invalidate(slot)]
    }

    /// The download has begun: told once for each installation, not again when it goes on after a restart.
    public mutating func downloadStarted() {
        guard record.installation?.isAnnounced == false else { return }
        record.installation?.isAnnounced = true
        report(eventType: 13, eventResult: 1)
    }

    /// Every byte has arrived and the signature holds.
    public mutating func downloadFinished() {
        report(eventType: 14, eventResult: 1)
    }

    /// The slot has been re-read, and holds what the manifest promises.
    public mutating func installed(contentDigest: SHA256Digest) -> [Action] {
        guard let installation = record.installation, phase == .installing else { return [] }
        record.slots[installation.slot] = SlotContent(
            life: .written, version: installation.version, contentDigest: contentDigest)
        record.staged = StagedUpdate(
            version: installation.version, slot: installation.slot, contentDigest: contentDigest,
            payloadDigest: installation.payloadDigest, bootID: boot.bootID, previousVersion: boot.runningVersion)
        record.installation = nil
        record.failuresInRow = 0
        report(eventType: 3, eventResult: 1)
        phase = .needsReboot
        return [.activate(installation.slot)]
    }

    /// The installation ended badly. What was written stays for going on later only when `canResume`.
    public mutating func installFailed(code: Int, reason: String, canResume: Bool) {
        guard phase == .installing else { return }
        if let slot = record.installation?.slot, !canResume {
            record.slots[slot] = SlotContent(life: .empty)
            record.installation = nil
        }
        record.failuresInRow += 1
        phase = .idle
        report(eventType: 3, eventResult: 0, code: code, reason: reason)
    }

    /// The manifest shows what has failed here before: nothing was written, and it is no new failure. The payload is
    /// remembered, so that it is not asked for again.
    public mutating func installationHeld(contentDigest: SHA256Digest, payloadDigest: SHA256Digest) {
        guard phase == .installing else { return }
        if var release = record.hold(contentDigest: contentDigest) {
            release.payloadDigest = payloadDigest
            remember(release)
        }
        if let slot = record.installation?.slot { record.slots[slot] = SlotContent(life: .empty) }
        record.installation = nil
        phase = .idle
    }

    /// A person wants the other slot back.
    public mutating func rollbackRequested() throws(RollbackRefusal) -> [Action] {
        let target = boot.booted.other
        guard phase == .idle || phase == .needsReboot else { throw .busy }
        guard let content = record.slots[target], content.life == .good, let version = content.version,
            boot.status[target]?.isSuccessful == true
        else { throw .nothingGood(target) }
        remember(
            HeldRelease(
                version: boot.runningVersion, contentDigest: record.slots[boot.booted]?.contentDigest,
                payloadDigest: nil, cause: .rolledBack, reason: "a person rolled back from it."))
        record.installation = nil
        record.staged = StagedUpdate(
            version: version, slot: target, contentDigest: content.contentDigest, payloadDigest: nil,
            bootID: boot.bootID, previousVersion: boot.runningVersion, isRollback: true)
        phase = .needsReboot
        return [.activate(target), .reboot(reason: "rollback to \(version)")]
    }

    /// The server has acknowledged the report with this number.
    public mutating func acknowledged(report number: UInt64) {
        record.reports.removeAll { $0.number == number }
    }

    /// The server has answered a check that carried the news of ``EngineRecord/completedFrom``.
    public mutating func checkAnswered() {
        record.completedFrom = nil
        record.failuresInRow = 0
    }

    public mutating func checkFailed() {
        record.failuresInRow += 1
    }

    /// A person wants what is held tried again.
    public mutating func released(version: Version) {
        record.held.removeAll { $0.version == version }
    }
}

// MARK: - What happened since the record was written

extension UpdateMachine {
    private mutating func startedWithoutStaged() -> [Action] {
        let known = record.slots[boot.booted]
        if boot.status[boot.booted]?.isSuccessful == true {
            record.slots[boot.booted] = SlotContent(
                life: .good, version: boot.runningVersion,
                contentDigest: known?.version == boot.runningVersion ? known?.contentDigest : nil)
            phase = .idle
            return []
        }
        record.slots[boot.booted] = SlotContent(
            life: .trying, version: boot.runningVersion, contentDigest: known?.contentDigest)
        phase = .assessing
        return [.runHealthGate]
    }

    /// The daemon was restarted, or killed between staging and activating: the activation is repeated if it is missing.
    private mutating func restartedWhileStaged(_ staged: StagedUpdate) -> [Action] {
        phase = .needsReboot
        return boot.status[staged.slot]?.isBootable == true ? [] : [.activate(staged.slot)]
    }

    private mutating func startedOnTrial(_ staged: StagedUpdate) -> [Action] {
        record.slots[staged.slot] = SlotContent(
            life: .trying, version: staged.version, contentDigest: staged.contentDigest)
        phase = .assessing
        return [.runHealthGate]
    }

    /// The machine rebooted and is not on the staged slot: tried and failed, not tried yet, or never activated.
    private mutating func startedElsewhere(_ staged: StagedUpdate) -> [Action] {
        let isFailed = staged.failure != nil || boot.wasTriedInVain(staged.slot)
        guard isFailed else {
            phase = .needsReboot
            return boot.status[staged.slot]?.isBootable == true ? [] : [.activate(staged.slot)]
        }
        settle(failed: staged)
        return startedWithoutStaged() + [.reject(staged.slot)]
    }

    /// Remembers that `staged` was not good here, and says so to the server: once, with the reason.
    private mutating func settle(failed staged: StagedUpdate) {
        let reason = staged.failure ?? "the boot of slot \(staged.slot) was never confirmed."
        record.staged = nil
        record.slots[staged.slot] = SlotContent(
            life: .bad, version: staged.version, contentDigest: staged.contentDigest)
        remember(
            HeldRelease(
                version: staged.version, contentDigest: staged.contentDigest, payloadDigest: staged.payloadDigest,
                cause: .failedHere, reason: reason))
        report(
            eventType: 3, eventResult: 0, code: UpdateMachine.rollbackErrorCode, reason: reason,
            subject: staged.version, digest: staged.contentDigest)
    }

    private mutating func remember(_ release: HeldRelease) {
        record.held.append(release)
        record.held = Array(record.held.suffix(Self.heldMax))
    }

    private mutating func report(
        eventType: Int, eventResult: Int, code: Int? = nil, reason: String? = nil, subject: Version? = nil,
        digest: SHA256Digest? = nil
    ) {
        record.reportCount += 1
        var report = EngineReport(
            number: record.reportCount, eventType: eventType, eventResult: eventResult, errorCode: code)
        report.reason = reason.map { String($0.prefix(1024)) }
        report.subjectVersion = (subject ?? record.staged?.version ?? record.installation?.version)?.text
        report.subjectDigest = digest
        record.reports = Array((record.reports + [report]).suffix(Self.reportsMax))
    }

    /// The update_engine code for “came back on the old slot”.
    public static let rollbackErrorCode = 44
    /// Bounds the record on a machine that is off the network for years; the newest are kept.
    static let reportsMax = 256
    static let heldMax = 64
}

/// Why a rollback is not done.
public enum RollbackRefusal: Error, Hashable {
    case nothingGood(Slot)
    /// The present boot is being judged, or a slot is being written.
    case busy
}

extension RollbackRefusal: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .nothingGood(let slot):
            UserMessage("Slot \(slot) holds nothing good to go back to.", hint: "See: martlet slots", exit: .notPermitted)
        case .busy:
            UserMessage("The engine is busy with an update or with judging this boot.", hint: "Try again later.", exit: .tryLater)
        }
    }
}
