package import FleetModel
internal import FleetStorage
package import UpdateModel

/// The one leading reason why a machine stands where it stands.
package struct MachineExplanation: Hashable, Sendable {
    /// A hold's stable word; for a machine that is not held its stage.
    package let reason: String
    package let text: String
    package let since: Timestamp
    /// When that is over at the latest, as far as the server can tell.
    package let until: Timestamp?

    package init(reason: String, text: String, since: Timestamp, until: Timestamp? = nil) {
        self.reason = reason
        self.text = text
        self.since = since
        self.until = until
    }
}

extension FleetControl {
    /// From what was decided at the machine's last check; nothing is decided anew.
    package func explanation(of id: MachineID, in application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> MachineExplanation
    {
        let machine = try await machine(id, of: application, by: caller)
        guard let hold = machine.hold else {
            return MachineExplanation(
                reason: machine.stage.rawValue, text: machine.standing, since: machine.stageSince)
        }
        let until = try await end(of: hold, of: machine, by: caller)
        return MachineExplanation(
            reason: hold.name, text: machine.words(for: hold), since: machine.stageSince, until: until)
    }

    private func end(of hold: HoldReason, of machine: Machine, by caller: Caller)
        async throws(OperationError) -> Timestamp?
    {
        switch hold {
        case .rollbackPending:
            return machine.rollback.flatMap { $0.isOpen(at: now) ? $0.expiresAt : nil }
        case .limitInProgress:
            return try await nextFreePlace(in: machine.group, of: machine.application, by: caller)
        default: return nil
        }
    }

    /// When the first of those that hold the group's places loses its own, if nothing is heard of it until then.
    private func nextFreePlace(in name: GroupName?, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Timestamp?
    {
        guard let name else { return nil }
        let deadline = try await group(name, of: application, by: caller).policy.stageDeadlineSeconds
        var first: Timestamp?
        for stage in MachineStage.allCases where stage.isInProgress {
            let filter = MachineFilter(application: application, group: name, stage: stage)
            let page = try await machines(filter, PageRequest(limit: PageRequest.limitMaximum), by: caller)
            let ends = page.items.compactMap { $0.grant?.holdsPlace == true ? $0.grant?.stageSince : nil }
            first = ([first].compactMap { $0 } + ends).min()
        }
        return first?.adding(seconds: deadline)
    }
}

extension Machine {
    fileprivate func words(for hold: HoldReason) -> String {
        switch hold {
        case .rollbackPending: rollback.map { "\(hold.text) \($0.orderedBy): back from \($0.version)." } ?? hold.text
        case .rolledBack: withheld.last.map { "\(hold.text) It left \($0.version)." } ?? hold.text
        case .failedHereBefore: failures.last.map { "\(hold.text) \($0.version): \($0.reason)" } ?? hold.text
        default: hold.text
        }
    }

    /// The stage as a sentence.
    fileprivate var standing: String {
        let target = grant.map { " \($0.version)" } ?? ""
        return switch stage {
        case .registered: "It was seen and has not asked for an update yet."
        case .held: "It was not offered its target at its last check."
        case .offered: "It was offered\(target); nothing was heard of it since."
        case .downloading: "It downloads\(target)."
        case .downloaded: "It has downloaded and verified\(target)."
        case .installed: "It has installed\(target) and waits for its reboot."
        case .complete: "It runs its target, \(version)."
        case .failed: lastError.map { "Its update failed: \($0.reason)" } ?? "Its update failed."
        case .overdue: "It was silent for too long while it took\(target); its place went to another."
        }
    }
}
