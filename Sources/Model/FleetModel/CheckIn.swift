public import UpdateModel

/// Everything one machine said about one application in one request.
public struct CheckIn: Hashable, Sendable {
    public var application: ApplicationID
    /// `nil` when it was missing or unusable: the machine is then answered and not registered.
    public var machine: MachineID?
    /// As sent; empty when missing.
    public var track: String
    /// `nil` when it was missing or unusable.
    public var version: Version?
    public var architecture: Architecture?
    public var bootID: String?
    public var alias: String?
    public var oem: String?
    /// The network address it came from.
    public var address: String?
    public var bootedSlot: Slot?
    /// The updater and its version, where it says so.
    public var engine: String?
    /// In the order they were sent.
    public var events: [ReportedEvent]
    /// Whether the machine asks for an update (and does not only report or ping).
    public var asksForUpdate: Bool
    /// A person at the machine insists: a release that failed here before may be offered again.
    public var isForced: Bool
    /// Whether the machine's updater reads payloads of format 2. Stock Flatcar clients read format 1 only.
    public var readsFormatTwo: Bool
    /// The digest of the secret that the machine showed; `nil` for none.
    public var secret: SHA256Digest?
    /// By the server's clock; the use case that takes check-ins fills it in.
    public var receivedAt: Timestamp
    /// Whether that clock can be believed; where it cannot, nothing is granted.
    public var isClockTrusted: Bool

    public init(
        application: ApplicationID, machine: MachineID?, track: String, version: Version?,
        architecture: Architecture?, bootID: String? = nil, alias: String? = nil, oem: String? = nil,
        address: String? = nil, bootedSlot: Slot? = nil, engine: String? = nil, events: [ReportedEvent] = [],
        asksForUpdate: Bool = true, isForced: Bool = false, readsFormatTwo: Bool = true,
        receivedAt: Timestamp = .epoch, isClockTrusted: Bool = true
    ) {
        self.application = application
        self.machine = machine
        self.track = track
        self.version = version
        self.architecture = architecture
        self.bootID = bootID
        self.alias = alias
        self.oem = oem
        self.address = address
        self.bootedSlot = bootedSlot
        self.engine = engine
        self.events = events
        self.asksForUpdate = asksForUpdate
        self.isForced = isForced
        self.readsFormatTwo = readsFormatTwo
        self.receivedAt = receivedAt
        self.isClockTrusted = isClockTrusted
    }
}

/// An Omaha event as a machine sent it.
public struct ReportedEvent: Hashable, Sendable, Codable {
    /// Omaha's event type: 3 is “update”, 13 “download started”, 14 “download finished”, 800 “installed”.
    public let type: Int
    /// Omaha's event result: 0 is an error, 1 success, 2 success with reboot.
    public let result: Int
    public let code: Int64?
    /// As sent; `nil` when the attribute was missing, which is not the same as empty.
    public let previousVersion: String?
    /// Which release the event is about, where the machine says so.
    public let version: Version?
    /// Plain words from the machine, where it has any.
    public let reason: String?
    /// The order that the event answers.
    public let rollback: RollbackID?

    public init(
        type: Int, result: Int, code: Int64? = nil, previousVersion: String? = nil, version: Version? = nil,
        reason: String? = nil, rollback: RollbackID? = nil
    ) {
        self.type = type
        self.result = result
        self.code = code
        self.previousVersion = previousVersion
        self.version = version
        self.reason = reason
        self.rollback = rollback
    }
}

/// What became of a check-in, once it is durable.
public struct CheckInOutcome: Hashable, Sendable {
    /// `nil` when the machine did not ask.
    public let decision: Decision?
    /// The group the machine belongs to now.
    public let group: GroupName?
    /// `nil` when nothing of what the machine says was recorded.
    public let stage: MachineStage?
    /// Whether this was its first sight.
    public let isNewMachine: Bool
    /// The order that the machine is told with this answer.
    public let rollback: RollbackOrder?
    /// What the machine is to give up before it boots it, where that was withdrawn.
    public let withdrawal: Withdrawal?
    /// Whether the release on offer was withheld from the machine and then given free.
    public let isReleased: Bool
    /// Whether downloads need a pass, because a group of the application is private.
    public let isPrivate: Bool
    /// The floor that the decision is about, where the machine is to pass one on the way to its target.
    public let floor: Version?

    public init(
        decision: Decision?, group: GroupName?, stage: MachineStage?, isNewMachine: Bool,
        rollback: RollbackOrder? = nil, withdrawal: Withdrawal? = nil, isReleased: Bool = false, floor: Version? = nil,
        isPrivate: Bool = false
    ) {
        self.decision = decision
        self.group = group
        self.stage = stage
        self.isNewMachine = isNewMachine
        self.rollback = rollback
        self.withdrawal = withdrawal
        self.isReleased = isReleased
        self.floor = floor
        self.isPrivate = isPrivate
    }
}

/// A release that is to be given up by a machine that has it staged and has not booted it.
public struct Withdrawal: Hashable, Sendable {
    /// Names the act; the machine's answer carries it.
    public let id: RollbackID
    public let version: Version
    /// Why, in the operator's words.
    public let reason: String?

    public init(id: RollbackID, version: Version, reason: String?) {
        self.id = id
        self.version = version
        self.reason = reason
    }
}
