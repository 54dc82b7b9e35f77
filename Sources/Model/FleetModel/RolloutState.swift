public import UpdateModel

/// Names one roll-out: a release on its way to a group.
public struct RolloutID: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let group: GroupName
    public let version: Version

    public init(application: ApplicationID, group: GroupName, version: Version) {
        self.application = application
        self.group = group
        self.version = version
    }
}

/// The counters of a roll-out, kept as things happen.
public struct RolloutState: Hashable, Sendable, Codable {
    public let id: RolloutID
    /// Grants ever given.
    public var granted = 0
    /// Machines that hold a place now.
    public var inProgress = 0
    /// Machines that came up on the release after a grant.
    public var completed = 0
    /// Machines that reported failure, once each.
    public var failed = 0
    /// Grants whose place was freed because a stage took too long.
    public var expired = 0
    /// Failed machines since the start or the last resume: what the stop rule compares.
    public var failedSinceResume = 0
    /// The failures, time-outs and silences that the brakes counted, oldest first, at most ``failureNotesMaximum``.
    public var failures: [RolloutFailure] = []
    public var stop: RolloutStop?
    /// What an operator did to it; `nil` while it runs by itself.
    public var control: RolloutControl?
    /// Machines that came up on the release since the start or the last resume.
    public var completedSinceResume = 0
    /// Machines whose time ran out, by stage.
    public var timedOut = PerStage()
    public var timedOutSinceResume = PerStage()
    /// Machines that installed the release and were not heard of again.
    public var silent = 0
    public var silentSinceResume = 0
    /// When the group's target was first seen to be this release.
    public var startedAt: Timestamp?
    /// Since when the group that goes before is done; `nil` while it is not, or there is none.
    public var predecessorDoneSince: Timestamp?
    /// When it was this group's turn.
    public var turnAt: Timestamp?
    /// Canary machines that hold a place now.
    public var canariesOpen = 0
    /// Canary machines that came up on the release.
    public var canariesDone = 0
    /// When enough of them had.
    public var canariesDoneAt: Timestamp?
    /// When everyone else's ramp began. Time in which it was paused or stopped does not count: the moment is moved.
    public var rampStartedAt: Timestamp?

    public static let failureNotesMaximum = 20

    public init(id: RolloutID) { self.id = id }
}

/// One machine that failed a release.
public struct RolloutFailure: Hashable, Sendable, Codable {
    public let machine: MachineID
    /// As the machine sent it; `nil` where the server concluded the failure itself.
    public let code: Int64?
    public let reason: String
    public let at: Timestamp
    /// Which count it belongs to; `nil` is a reported failure.
    public let brake: Brake?

    public init(machine: MachineID, code: Int64?, reason: String, at: Timestamp, brake: Brake? = nil) {
        self.machine = machine
        self.code = code
        self.reason = reason
        self.at = at
        self.brake = brake
    }
}

/// What stopped a roll-out.
public enum Brake: String, CaseIterable, Hashable, Sendable, Codable {
    /// So many machines failed.
    case failures
    /// So large a part of the machines failed.
    case failureShare = "failure-share"
    /// So many machines exceeded the time of one stage.
    case timeOuts = "time-outs"
    /// So many machines installed it and were not heard of again.
    case silence
    /// A machine that tried it first failed.
    case canary
}

/// What an operator did to a roll-out.
public struct RolloutControl: Hashable, Sendable, Codable {
    public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
        /// Nobody is offered the release; who has it staged keeps it.
        case paused
        /// The release is withdrawn: who has it staged and has not booted it gives it up.
        case aborted
    }

    public let kind: Kind
    public let by: String
    public let at: Timestamp
    public let reason: String?

    public init(kind: Kind, by: String, at: Timestamp, reason: String?) {
        self.kind = kind
        self.by = by
        self.at = at
        self.reason = reason
    }
}

/// What keeps a roll-out from going on: what people look at before they act.
public struct RolloutHalt: Hashable, Sendable, Codable {
    public let stop: RolloutStop?
    public let control: RolloutControl?

    /// - Parameter state: `nil` for one that has not begun.
    public init(_ state: RolloutState?) {
        stop = state?.stop
        control = state?.control
    }
}

/// Why a roll-out stopped itself.
public struct RolloutStop: Hashable, Sendable, Codable {
    public let at: Timestamp
    /// Plain words that name the brake, the machines and their errors.
    public let reason: String
    public let failures: [RolloutFailure]
    /// `nil` in records of a program that knew only the number of failures.
    public let brake: Brake?

    public init(at: Timestamp, reason: String, failures: [RolloutFailure], brake: Brake? = .failures) {
        self.at = at
        self.reason = reason
        self.failures = failures
        self.brake = brake
    }
}
