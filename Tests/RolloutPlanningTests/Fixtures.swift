import FleetModel
import RolloutPlanning
import UpdateModel

let application = ApplicationID.flatcar
let start = Timestamp(microseconds: 1_000_000_000_000)

func version(_ text: String) -> Version {
    do { return try Version(text) } catch { preconditionFailure("\(error)") }
}

func machineID(_ text: String) -> MachineID {
    do { return try MachineID(text) } catch { preconditionFailure("\(error)") }
}

func groupName(_ text: String) -> GroupName {
    do { return try GroupName(text) } catch { preconditionFailure("\(error)") }
}

func payload(
    _ text: String, _ architecture: Architecture = .amd64, from source: String? = nil, format: Int = 1
) -> Payload {
    let bytes = Array((text + architecture.name + (source ?? "")).utf8) + [UInt8](repeating: 0, count: 32)
    guard let digest = SHA256Digest(bytes: bytes.prefix(32)) else { preconditionFailure() }
    return Payload(
        application: application, version: version(text), architecture: architecture, source: source.map(version),
        sha256: digest, sha1: "", size: 1, fileName: "update.gz", format: format, addedAt: start)
}

func machine(_ text: String = "1.0.0", id: String = "m1", group: String? = "web") -> Machine {
    var machine = Machine(
        application: application, id: machineID(id), track: "stable", group: group.map(groupName),
        version: version(text), firstSeenAt: start)
    machine.bootID = "boot-1"
    machine.architecture = .amd64
    return machine
}

/// To leave 1.0.0.
func rollbackOrder(_ text: String = "1.0.0", id: String = "r1") -> RollbackOrder {
    do {
        return RollbackOrder(
            id: try RollbackID(id), version: version(text), orderedBy: "ada", orderedAt: start, reason: "it is slow")
    } catch { preconditionFailure("\(error)") }
}

func target(
    _ text: String? = "2.0.0", policy: RolloutPolicy = RolloutPolicy(), isStopped: Bool = false, taken: Int = 0
) -> RolloutTarget {
    var target = RolloutTarget(policy: policy, version: text.map(version), payload: text.map { payload($0) })
    target.placesTakenByOthers = taken
    target.now = start
    if isStopped, let text {
        var state = RolloutState(id: rolloutID(text))
        state.stop = RolloutStop(at: start, reason: "", failures: [])
        target.rollout = state
    }
    return target
}

func rolloutID(_ text: String, group: String = "web") -> RolloutID {
    RolloutID(application: application, group: groupName(group), version: version(text))
}

func makeStep(
    _ machine: Machine, policy: RolloutPolicy = RolloutPolicy(), rollouts: [RolloutState] = [], at seconds: Int64 = 0
) -> MachineStep {
    MachineStep(machine: machine, policy: policy, rollouts: rollouts, now: start.adding(seconds: seconds))
}

/// A machine that was offered 2.0.0, and the roll-out that says so.
func granted(_ policy: RolloutPolicy = RolloutPolicy()) -> (machine: Machine, rollout: RolloutState) {
    var step = makeStep(machine(), policy: policy)
    step.record(.offer(payload("2.0.0")))
    return (step.machine, step.rollouts[rolloutID("2.0.0")] ?? RolloutState(id: rolloutID("2.0.0")))
}

extension MachineStep {
    func state(_ text: String) -> RolloutState { rollouts[rolloutID(text)] ?? RolloutState(id: rolloutID(text)) }
}
