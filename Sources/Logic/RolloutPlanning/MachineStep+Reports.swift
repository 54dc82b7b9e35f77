package import FleetModel
internal import OmahaProtocol
internal import UpdateModel

// What machines report, and what follows from it.
//
//     13/1          downloading           3/2 with a previous version      complete, at the version it reports
//     14/1          downloaded            3/2 with none, or "0.0.0.0"      nothing: every check carries it
//     3/1, 800/1    installed             x/0                              failed, or an error beside the update
//
// Source: google/omaha `doc/ServerProtocolV3.md`; flatcar/update_engine `src/update_engine/update_attempter.cc`.
extension MachineStep {
    package mutating func apply(_ event: ReportedEvent) {
        switch (event.type, event.result) {
        case (40, _) where event.rollback != nil, (41, _) where event.rollback != nil: applyAnswer(event)
        case (_, 0): applyError(event)
        case (13, 1), (13, 2): advance(to: .downloading, event, "Download started.")
        case (14, 1), (14, 2): advance(to: .downloaded, event, "Payload downloaded and verified.")
        case (3, 1), (800, 1), (800, 2): advance(to: .installed, event, "Installed; waits for a reboot.")
        case (3, 2): applyCompletion(event)
        case (_, 9): noteError(event)
        default:
            remember(.other, from: event, text: "Event \(event.type) with result \(event.result); nothing follows.")
        }
    }

    /// Concludes what the machine's version and boot say by themselves, so that no lost report leaves it stuck:
    /// running the granted release is completion, and another boot on another version after installing is a failure.
    package mutating func reconcile() {
        guard let grant = machine.grant else { return }
        if machine.version == grant.version {
            complete(nil, "Runs \(grant.version).")
        } else if let installed = grant.installedInBoot, let boot = machine.bootID, boot != installed {
            let text = "It rebooted after installing \(grant.version) and came back on \(machine.version)."
            fail(grant, nil, reason: text, isFinal: true)
        }
    }

    /// Frees the machine's place because its stage took too long. The grant stays open: a late report is credited.
    package mutating func expire() {
        guard let grant = machine.grant, grant.holdsPlace else { return }
        let stage = machine.stage
        let text = "In stage \(stage.rawValue) for \(now.seconds(since: grant.stageSince)) s."
        let note = RolloutFailure(machine: machine.id, code: nil, reason: text, at: now, brake: .timeOuts)
        let policy = policy
        losePlace(grant, .expired, text) { $0.countTimeOut(note, in: stage, policy: policy, isFirst: !grant.wasLate) }
        change { $0.grant?.wasLate = true }
    }

    /// Frees the machine's place because it installed the release and was not heard of again. The grant stays open.
    package mutating func fallSilent() {
        guard let grant = machine.grant, grant.holdsPlace else { return }
        let text = "Installed \(grant.version), and was last heard of \(machine.lastSeenAt)."
        let note = RolloutFailure(machine: machine.id, code: nil, reason: text, at: now, brake: .silence)
        let policy = policy
        losePlace(grant, .silent, text) { $0.countSilence(note, isCanary: grant.isCanary, policy: policy) }
        change { $0.grant?.wasSilent = true }
    }

    private mutating func losePlace(
        _ grant: Grant, _ kind: MachineEvent.Kind, _ text: String, _ body: (inout RolloutState) -> Void
    ) {
        remember(kind, version: grant.version, text: text)
        count(grant.version) { state in
            state.freePlace(of: grant)
            body(&state)
        }
        change { $0.grant?.holdsPlace = false }
        setStage(.overdue)
    }

    /// A machine that was given up has come back, whatever it says: it is silent no more.
    package mutating func endSilence() {
        guard let grant = machine.grant, grant.wasSilent else { return }
        let id = machine.id
        count(grant.version) { $0.countReturn(of: id) }
        change { $0.grant?.wasSilent = false }
    }

    /// A grant whose machine went back a stage keeps the deadline it has, so no loop of reports keeps a place for ever. Such
    /// a machine began its stage later than its grant says.
    private mutating func advance(to stage: MachineStage, _ event: ReportedEvent, _ text: String) {
        let wentBack = machine.grant.map { machine.stageSince > $0.stageSince } ?? false
        let isForward = !wentBack && Self.rank(stage) > Self.rank(machine.stage)
        let (moment, boot) = (now, machine.bootID)
        change { machine in
            if isForward { machine.grant?.stageSince = moment }
            if stage == .installed { machine.grant?.installedInBoot = boot }
            machine.hold = nil
            machine.holdUntil = nil
        }
        setStage(stage)
        if let kind = MachineEvent.Kind(rawValue: stage.rawValue) {
            remember(kind, from: event, version: machine.grant?.version, text: text)
        }
    }

    private static func rank(_ stage: MachineStage) -> Int {
        switch stage {
        case .registered, .held, .complete, .failed, .overdue: 0
        case .offered: 1
        case .downloading: 2
        case .downloaded: 3
        case .installed: 4
        }
    }

    private mutating func applyCompletion(_ event: ReportedEvent) {
        guard let previous = event.previousVersion, !previous.isEmpty, previous != "0.0.0.0" else { return }
        if isComingBack(from: previous) { return }
        let text = "Runs \(machine.version), updated from \(previous.clipped(to: Self.fieldByteCountMaximum))."
        guard machine.grant?.version == machine.version else {
            closeGrant(nil)
            remember(.complete, from: event, version: machine.version, text: text + " It had no grant for that.")
            return settle()
        }
        complete(event, text)
    }

    private mutating func complete(_ event: ReportedEvent?, _ text: String) {
        let (version, grant, policy, moment) = (machine.version, machine.grant, policy, now)
        count(version) { $0.countCompletion(of: grant, policy: policy, now: moment) }
        closeGrant(.complete, from: event, text: text)
        settle()
    }

    private mutating func settle() {
        setStage(.complete)
        clearHold()
        change { machine in
            machine.failures.removeAll { $0.version == machine.version }
        }
    }
}

// Errors.
extension MachineStep {
    private mutating func applyError(_ event: ReportedEvent) {
        let failure = FailureClass(code: event.code)
        guard failure != .check else { return noteError(event) }
        if isFalseRollback(event) { return forgetInstallation(event) }
        let reason = Self.reason(of: event)
        if let grant = machine.grant, event.version == nil || event.version == grant.version {
            return fail(grant, event, reason: reason, isFinal: failure == .release)
        }
        if let version = event.version, version != machine.version {
            addFailure(
                ReleaseFailure(
                    version: version, code: event.code, reason: reason, at: now, isFinal: failure == .release))
        }
        noteError(event)
    }

    /// A stock client whose status a person resets while it waits for its reboot says that it fell back, though it never
    /// left: it is still in the boot in which it installed. A client that names the release knows better.
    private func isFalseRollback(_ event: ReportedEvent) -> Bool {
        guard event.version == nil, FailureText.code(event.code)?.base == .rollback,
            let installed = machine.grant?.installedInBoot
        else { return false }
        return machine.bootID == installed
    }

    private mutating func forgetInstallation(_ event: ReportedEvent) {
        change { $0.grant?.installedInBoot = nil }
        setStage(machine.grant?.holdsPlace == true ? .offered : .overdue)
        let text = "Gave up the update it had installed, in the same boot; no failure of the release."
        remember(.other, from: event, version: machine.grant?.version, text: text)
    }

    /// Records an error that says nothing against a granted release. The same error again, as a machine in trouble
    /// repeats it at every check, is not recorded twice.
    private mutating func noteError(_ event: ReportedEvent) {
        let reason = Self.reason(of: event)
        let isRepeated = machine.lastError?.code == event.code && machine.lastError?.reason == reason
        guard !isRepeated else { return }
        let error = MachineError(code: event.code, reason: reason, at: now)
        change { $0.lastError = error }
        remember(.error, from: event, text: reason)
    }

    mutating func fail(_ grant: Grant, _ event: ReportedEvent?, reason: String, isFinal: Bool) {
        let isCounted = machine.failures.contains { $0.version == grant.version }
        if !isCounted {
            let failure = RolloutFailure(machine: machine.id, code: event?.code, reason: reason, at: now)
            let policy = policy
            count(grant.version) { $0.count(failure, isCanary: grant.isCanary, policy: policy) }
        }
        closeGrant(.failed, from: event, text: reason)
        addFailure(
            ReleaseFailure(version: grant.version, code: event?.code, reason: reason, at: now, isFinal: isFinal))
        let error = MachineError(code: event?.code, reason: reason, at: now)
        change { $0.lastError = error }
        setStage(.failed)
    }

    /// One entry for each release; a release that failed finally stays so.
    private mutating func addFailure(_ failure: ReleaseFailure) {
        change { machine in
            let wasFinal = machine.failures.contains { $0.version == failure.version && $0.isFinal }
            let entry = ReleaseFailure(
                version: failure.version, code: failure.code, reason: failure.reason, at: failure.at,
                isFinal: failure.isFinal || wasFinal)
            machine.failures.removeAll { $0.version == failure.version }
            machine.failures = Array((machine.failures + [entry]).suffix(Machine.failuresMaximum))
        }
    }

    private static func reason(of event: ReportedEvent) -> String {
        FailureText.reason(code: event.code, words: event.reason).clipped(to: reasonByteCountMaximum)
    }
}
