import UpdateModel

// What happened since the record was written, and the trial of a boot. The boot loader's own state decides.
//
// record says      boot loader says                       so
// staged, elsewhere  whatever, in the boot that staged it   it waits for its boot, or is activated (again)
//                    first, tries left                    it waits for its boot
//                    not first                            the power went before it was activated: activate
//                    tries used up, engine came up once   the trial was cut short: repeat it once
//                    tries used up otherwise              failed: hold it, report code 44
// staged, running    not successful                       on trial: run the health gate
//                    successful                           the power went after the verdict: good
// the other was good tries used up                        it stopped booting: hold it, report code 44
extension UpdateMachine {
    /// The machine is up: works out what happened since the record was written.
    public mutating func started() -> [Action] {
        if record.alephVersion == nil { record.alephVersion = boot.runningVersion }
        guard let staged = record.staged else { return startedWithoutStaged() }
        return staged.slot == boot.booted ? startedOnTrial(staged) : startedElsewhere(staged)
    }

    /// What makes the staged update the next to boot, where it is not.
    public func missingActivation() -> [Action] {
        guard phase == .needsReboot, let staged = record.staged, boot.next != staged.slot else { return [] }
        return [staged.isRollback ? .prefer(staged.slot) : .activate(staged.slot)]
    }

    /// The health gate has let the present boot pass, and the boot loader has been told so already: in that order,
    /// because a power cut in between then finds a good system, and the other order could fall back from one.
    public mutating func bootConfirmed() {
        guard phase == .assessing else { return }
        bootIsGood()
    }

    /// The health gate has refused the present boot. Falls back where the other slot can boot; stays otherwise,
    /// because a machine that is up and complaining beats one that reboots for ever.
    public mutating func healthFailed(_ reason: String) -> [Action] {
        guard phase == .assessing else { return [] }
        var trial = record.staged.flatMap { $0.slot == boot.booted ? $0 : nil } ?? trialOfUnknownOrigin
        trial.failure = String(reason.prefix(Self.reasonLengthMax))
        record.staged = trial
        record.slots[boot.booted]?.life = .bad
        return leave(trial)
    }

    private mutating func startedWithoutStaged() -> [Action] {
        settleFallenSlot()
        if boot.isProven(boot.booted) {
            bootIsGood()
            return missingEmptying()
        }
        let known = record.slots[boot.booted]
        record.slots[boot.booted] = SlotContent(
            life: .trying, version: boot.runningVersion, contentDigest: known?.contentDigest,
            payloadDigest: known?.payloadDigest)
        phase = .assessing
        return [.runHealthGate]
    }

    /// The power went after a staged release was given up on the server's word, and before the loader was told.
    private func missingEmptying() -> [Action] {
        let other = boot.booted.other
        let wasGivenUp = record.slots[other]?.life == .empty && record.lastActID != nil
        return wasGivenUp && boot.next == other ? emptying(other) : []
    }

    /// The other slot was good, and its boots have come to nothing since: a guard in its early boot gave it up.
    private mutating func settleFallenSlot() {
        let other = boot.booted.other
        guard let content = record.slots[other], content.life == .good, let version = content.version,
            boot.wasTriedInVain(other)
        else { return }
        var fallen = StagedUpdate(version: version, slot: other, content: content, bootID: boot.bootID)
        fallen.failure = "slot \(other) was good and has stopped booting."
        settle(failed: fallen)
    }

    private mutating func startedOnTrial(_ staged: StagedUpdate) -> [Action] {
        if boot.isProven(boot.booted) {
            bootIsGood()
            return []
        }
        if staged.failure != nil { return leave(staged) }
        record.slots[staged.slot] = SlotContent(
            life: .trying, version: staged.version, contentDigest: staged.contentDigest,
            payloadDigest: staged.payloadDigest)
        if staged.trialBootID != boot.bootID {
            record.staged?.trialBootID = boot.bootID
            record.staged?.trials += 1
        }
        phase = .assessing
        return [.runHealthGate]
    }

    /// The machine is not on the staged slot: tried and failed, cut short, not tried yet, or never activated.
    private mutating func startedElsewhere(_ staged: StagedUpdate) -> [Action] {
        // No reboot has come between: the tries were counted for one that did not take place.
        let wasTried = boot.bootID != staged.bootID && boot.wasTriedInVain(staged.slot)
        let wasCutShort = staged.trials > 0 && staged.trials < Self.trialsMax
        if staged.failure != nil || wasTried && !wasCutShort {
            settle(failed: staged)
            return [.reject(staged.slot)] + startedWithoutStaged()
        }
        phase = .needsReboot
        let actions = missingActivation()
        if !actions.isEmpty {
            record.staged?.bootID = boot.bootID
            record.slots[staged.slot]?.life = staged.isRollback ? .good : .written
        }
        return actions
    }

    private mutating func bootIsGood() {
        let isStaged = record.staged?.slot == boot.booted
        var content = record.slots[boot.booted] ?? SlotContent(life: .good)
        if !isStaged, content.version != boot.runningVersion {
            content = SlotContent(life: .good)  // Somebody else wrote the slot.
        }
        content.life = .good
        content.version = boot.runningVersion
        record.slots[boot.booted] = content
        if isStaged {
            record.staged = nil
            endAct(failure: nil)
        }
        if let before = record.confirmedVersion, before != boot.runningVersion { record.completedFrom = before.text }
        record.confirmedVersion = boot.runningVersion
        phase = record.staged == nil ? .idle : .needsReboot
    }

    private mutating func leave(_ trial: StagedUpdate) -> [Action] {
        guard boot.isBootable(boot.booted.other) else {
            settle(failed: trial)
            phase = .idle
            return []
        }
        phase = .leaving
        return [.reject(boot.booted), .reboot(reason: "\(trial.version) failed its health checks")]
    }

    /// A boot on trial that this engine did not stage.
    private var trialOfUnknownOrigin: StagedUpdate {
        StagedUpdate(
            version: boot.runningVersion, slot: boot.booted, content: record.slots[boot.booted], bootID: boot.bootID)
    }

    /// Remembers that `staged` was not good here, and says so to the server: once, with the reason.
    private mutating func settle(failed staged: StagedUpdate) {
        record.staged = nil
        endAct(failure: staged.failure ?? "the machine came back from slot \(staged.slot).")
        record.slots[staged.slot] = SlotContent(
            life: .bad, version: staged.version, contentDigest: staged.contentDigest,
            payloadDigest: staged.payloadDigest)
        let reason = staged.failure ?? "the boot of slot \(staged.slot) was never confirmed."
        let release = HeldRelease(
            version: staged.version, contentDigest: staged.contentDigest, payloadDigest: staged.payloadDigest,
            cause: .failedHere, reason: reason)
        guard !record.held.contains(release) else { return }  // A machine that stays up tells it once.
        remember(release)
        report(
            eventType: 3, eventResult: 0, code: Self.rollbackErrorCode, reason: reason,
            subject: Subject(version: staged.version, payloadDigest: staged.payloadDigest))
    }
}
