package import FleetModel
package import UpdateModel

/// What one check-in makes of one machine: the new record, the counters that changed, and what is to be remembered.
///
/// The steps of a check-in, in order: ``observe(_:)`` what it says of itself, ``apply(_:)`` each report, ``reconcile()``
/// what the reports left open, ``settleOrder()`` what a question shows, ``move(to:)`` its new group, ``record(_:)`` what
/// it was told, and ``tellOrder()`` what it is to do. Nothing here reads a clock or a store.
package struct MachineStep: Sendable {
    package private(set) var machine: Machine
    /// Every roll-out the step may touch, as it is now.
    package private(set) var rollouts: [RolloutID: RolloutState]
    package private(set) var changedRollouts: Set<RolloutID> = []
    package private(set) var events: [MachineEvent] = []
    /// What is known to be blocked of the releases that the step may touch.
    private(set) var blocks: [Version: ReleaseBlock] = [:]
    /// How often the machine took a place in this step: what the group's rate counts.
    package private(set) var placesTaken = 0
    let policy: RolloutPolicy
    let now: Timestamp

    /// Longer texts from machines are cut.
    static let fieldByteCountMaximum = 128
    static let reasonByteCountMaximum = 512

    /// - Parameters:
    ///   - policy: of the group the machine belonged to before this check-in.
    ///   - rollouts: must hold the roll-out of the machine's open grant and that of the target, where there are any.
    package init(machine: Machine, policy: RolloutPolicy, rollouts: [RolloutState], now: Timestamp) {
        self.machine = machine
        self.policy = policy
        self.rollouts = Dictionary(rollouts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.now = now
    }

    /// Adds a roll-out that the step may touch.
    package mutating func load(_ rollout: RolloutState) { rollouts[rollout.id] = rollout }

    /// Says whether the release of the machine's open grant is blocked.
    package mutating func load(_ block: ReleaseBlock?, of version: Version) { blocks[version] = block }

    /// Takes over a roll-out that time brought on.
    package mutating func update(_ rollout: RolloutState) {
        guard rollouts[rollout.id] != rollout else { return }
        rollouts[rollout.id] = rollout
        changedRollouts.insert(rollout.id)
    }

    /// Forgets what was written: the counters that changed and the events.
    package mutating func markSaved() {
        changedRollouts = []
        events = []
    }

    /// Remembers the first sight of a machine.
    package mutating func welcome() {
        let group = machine.group.map { "group \($0)" } ?? "no group"
        remember(.registered, version: machine.version, text: "First seen, on \(machine.version), in \(group).")
    }

    /// Takes over what the machine says of itself.
    /// - Parameter version: what it runs.
    package mutating func observe(_ checkIn: CheckIn, version: Version) {
        if machine.version != version, machine.grant?.version != version {
            remember(.versionChanged, version: version, text: "Runs \(version), ran \(machine.version) before.")
        }
        machine.version = version
        machine.track = checkIn.track.clipped(to: Self.fieldByteCountMaximum)
        machine.architecture = checkIn.architecture ?? machine.architecture
        machine.engine = Self.field(checkIn.engine)
        machine.bootedSlot = checkIn.bootedSlot ?? machine.bootedSlot
        observeBoot(Self.field(checkIn.bootID))
        machine.alias = Self.field(checkIn.alias)
        machine.oem = Self.field(checkIn.oem)
        machine.address = Self.field(checkIn.address) ?? machine.address
    }

    /// Puts the machine into the group that has its track now. An open grant of the old group ends.
    package mutating func move(to group: GroupName?) {
        guard machine.group != group else { return }
        let isFirst = machine.group == nil && machine.stage == .registered
        if machine.grant != nil {
            closeGrant(.superseded, text: "The machine left the group.")
            setStage(.registered)
        }
        machine.group = group
        clearHold()
        guard !isFirst else { return }
        let text = group.map { "Belongs to group \($0) now." } ?? "No group has its track “\(machine.track)”."
        remember(.moved, text: text)
    }

    private static func field(_ text: String?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return text.clipped(to: fieldByteCountMaximum)
    }
}

// The primitives of every step.
extension MachineStep {
    mutating func setStage(_ stage: MachineStage) {
        guard machine.stage != stage else { return }
        machine.stage = stage
        machine.stageSince = now
    }

    mutating func countPlace() { placesTaken += 1 }

    mutating func clearHold() {
        machine.hold = nil
        machine.holdUntil = nil
    }

    mutating func change(_ body: (inout Machine) -> Void) { body(&machine) }

    /// Changes the roll-out of `version` in the machine's present group.
    mutating func count(_ version: Version, _ body: (inout RolloutState) -> Void) {
        guard let group = machine.group else { return }
        let id = RolloutID(application: machine.application, group: group, version: version)
        body(&rollouts[id, default: RolloutState(id: id)])
        changedRollouts.insert(id)
    }

    /// Ends the open grant and frees its place.
    mutating func closeGrant(_ kind: MachineEvent.Kind?, from event: ReportedEvent? = nil, text: String = "") {
        guard let grant = machine.grant else { return }
        if grant.holdsPlace { count(grant.version) { $0.freePlace(of: grant) } }
        machine.grant = nil
        if let kind { remember(kind, from: event, version: grant.version, text: text) }
    }

    mutating func remember(
        _ kind: MachineEvent.Kind, from event: ReportedEvent? = nil, version: Version? = nil, text: String
    ) {
        events.append(
            MachineEvent(
                at: now, application: machine.application, machine: machine.id, group: machine.group, kind: kind,
                type: event?.type, result: event?.result, code: event?.code, version: version ?? event?.version,
                previousVersion: event?.previousVersion?.clipped(to: Self.fieldByteCountMaximum),
                text: text.clipped(to: Self.reasonByteCountMaximum)))
    }
}

extension String {
    /// The longest prefix of whole characters that has at most `byteCount` bytes.
    func clipped(to byteCount: Int) -> String {
        guard utf8.count > byteCount else { return self }
        var length = 0
        return String(
            prefix { character in
                length += character.utf8.count
                return length <= byteCount
            })
    }
}
