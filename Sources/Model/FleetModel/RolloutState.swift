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
    /// The failures the stop rule counted, oldest first, at most ``failureNotesMaximum``.
    public var failures: [RolloutFailure] = []
    public var stop: RolloutStop?

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

    public init(machine: MachineID, code: Int64?, reason: String, at: Timestamp) {
        self.machine = machine
        self.code = code
        self.reason = reason
        self.at = at
    }
}

/// Why a roll-out stopped itself.
public struct RolloutStop: Hashable, Sendable, Codable {
    public let at: Timestamp
    /// Plain words that name the brake, the machines and their errors.
    public let reason: String
    public let failures: [RolloutFailure]

    public init(at: Timestamp, reason: String, failures: [RolloutFailure]) {
        self.at = at
        self.reason = reason
        self.failures = failures
    }
}
