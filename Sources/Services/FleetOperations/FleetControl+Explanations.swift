package import FleetModel
import FleetStorage
import RolloutPlanning
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
        let floor = try await floorWords(for: machine, by: caller).map { " " + $0 } ?? ""
        guard let hold = machine.hold else {
            return MachineExplanation(
                reason: machine.stage.rawValue, text: machine.standing + floor, since: machine.stageSince)
        }
        var text = machine.words(for: hold)
        if hold == .releaseBlocked, let words = try await blockWords(for: machine, by: caller) { text += " \(words)" }
        if hold == .aheadOfChannel, let words = try await downgradeWords(for: machine, by: caller) { text += " \(words)" }
        if hold == .payloadUnavailable, let words = try await mirrorWords(for: machine, by: caller) {
            text += " \(words)"
        }
        text += floor
        return MachineExplanation(
            reason: hold.name, text: text, since: machine.stageSince, until: machine.holdUntil)
    }
}

extension FleetControl {
    /// Why a machine stays ahead although its group lets machines go down; `nil` where the group does not.
    private func downgradeWords(for machine: Machine, by caller: Caller) async throws(OperationError) -> String? {
        guard machine.takesOrders, let name = machine.group else { return nil }
        let group = try await group(name, of: machine.application, by: caller)
        guard group.policy.downgrade == .allow else { return nil }
        return "The group allows it, but its updater takes an older release only with “martlet update --force” there."
    }

    /// What was found where the machine's next release lies; `nil` where it can be had again.
    private func mirrorWords(for machine: Machine, by caller: Caller) async throws(OperationError) -> String? {
        guard let way = try await way(of: machine, by: caller) else { return nil }
        let payloads = try await allPayloads(of: machine.application, version: way.floor?.version ?? way.target)
        return payloads.first { $0.architecture == machine.architecture && !$0.isAvailable }?
            .mirrors.compactMap(\.trouble).first?.text
    }

    /// Which floor is next, and why; `nil` where none lies on the machine's way.
    private func floorWords(for machine: Machine, by caller: Caller) async throws(OperationError) -> String? {
        guard let way = try await way(of: machine, by: caller), let release = way.floor, let floor = release.floor else {
            return nil
        }
        return "On its way to \(way.target) it passes the floor \(release.version): \(floor.reason)"
    }
}

/// One reason for which machines of a group wait, and how many do.
package struct GroupHold: Hashable, Sendable {
    package let reason: HoldReason
    package let count: Int
    /// When the first, or all of them, may go on, where the group's roll-out tells.
    package let until: Timestamp?
}

extension FleetControl {
    /// Why the machines of a group wait, added up; most machines first. From counters: it costs the same whatever the size
    /// of the fleet.
    package func holds(of name: GroupName, in application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> [GroupHold]
    {
        let group = try await group(name, of: application, by: caller)
        let census = try await census(of: name, in: application, by: caller)
        let rollout = try await currentRollout(of: group, by: caller)
        let downloads = try await downloadsFreeAt(of: group, by: caller)
        return census.holds.filter { $0.value > 0 }
            .map { hold in
                let end = hold.key == .limitDownloads ? downloads : end(of: hold.key, group, rollout)
                return GroupHold(reason: hold.key, count: hold.value, until: end)
            }
            .sorted { ($1.count, $0.reason.name) < ($0.count, $1.reason.name) }
    }

    private func end(of hold: HoldReason, _ group: Group, _ rollout: RolloutState?) -> Timestamp? {
        let policy = group.policy
        switch hold {
        case .ramp:
            guard let ramp = policy.ramp else { return nil }
            return rollout?.rampStartedAt?.adding(seconds: ramp.endSeconds)
        case .canarySoak:
            return policy.canary.flatMap { canary in
                rollout?.canariesDoneAt?.adding(seconds: canary.soakSeconds)
            }
        case .waitsForGroup:
            return policy.after.flatMap { order in
                rollout?.predecessorDoneSince?.adding(seconds: order.soakSeconds)
            }
        case .outsideWindow:
            return OfferCalendar(policy.windows) { zones.rules(of: $0) }.nextOpening(after: now)
        default: return nil
        }
    }
}

extension Machine {
    fileprivate func words(for hold: HoldReason) -> String {
        switch hold {
        case .rollbackPending: rollback.map { "\(hold.text) \($0.orderedBy): back from \($0.version)." } ?? hold.text
        case .rolledBack: withheld.last.map { "\(hold.text) It left \($0.version)." } ?? hold.text
        case .heldByOperator:
            settings.hold.map { "\(hold.text) \($0.by)" + ($0.reason.map { reason in ": \(reason)" } ?? ".") }
                ?? hold.text
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
