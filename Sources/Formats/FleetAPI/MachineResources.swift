public import FleetModel
public import UpdateModel

/// A machine, as the API shows it.
public struct MachineResource: Codable, Sendable, Hashable {
    public let application: ApplicationID
    public let id: MachineID
    public let alias: String?
    /// What the machine says it follows.
    public let track: String
    /// Left out while no group has the machine's track.
    public let group: GroupName?
    public let version: Version
    public let architecture: Architecture?
    public let bootedSlot: Slot?
    public let stage: MachineStage
    public let stageSince: Timestamp
    /// The release that the machine has leave to take now.
    public let grantedVersion: Version?
    /// The one leading reason why it was not offered its target at its last check.
    public let hold: HoldResource?
    public let lastError: ErrorResource?
    /// The last order to roll back, open or over.
    public let rollback: RollbackResource?
    /// Releases that it was rolled back from and is not offered by itself; left out where there are none.
    public let withheld: [Version]?
    /// The updater and its version, where it says so.
    public let engine: String?
    public let address: String?
    public let oem: String?
    public let firstSeenAt: Timestamp
    /// May lag by a minute while nothing else changes.
    public let lastSeenAt: Timestamp
    /// What operators set for it.
    public var labels: [String: String]?
    /// The group that an operator moved it to.
    public var movedTo: GroupName?
    public var pin: Version?
    /// Set while an operator holds it as it is.
    public var heldBy: OperatorHold?
    /// Set while several machines seem to share its id.
    public var clone: CloneResource?
    /// What `If-Match` takes: changes with what operators set for it.
    public var etag: String?

    public init(
        application: ApplicationID, id: MachineID, alias: String?, track: String, group: GroupName?, version: Version,
        architecture: Architecture?, bootedSlot: Slot?, stage: MachineStage, stageSince: Timestamp,
        grantedVersion: Version?, hold: HoldResource?, lastError: ErrorResource?, rollback: RollbackResource? = nil,
        withheld: [Version]? = nil, engine: String? = nil, address: String?, oem: String?, firstSeenAt: Timestamp,
        lastSeenAt: Timestamp
    ) {
        self.application = application
        self.id = id
        self.alias = alias
        self.track = track
        self.group = group
        self.version = version
        self.architecture = architecture
        self.bootedSlot = bootedSlot
        self.stage = stage
        self.stageSince = stageSince
        self.grantedVersion = grantedVersion
        self.hold = hold
        self.lastError = lastError
        self.rollback = rollback
        self.withheld = withheld
        self.engine = engine
        self.address = address
        self.oem = oem
        self.firstSeenAt = firstSeenAt
        self.lastSeenAt = lastSeenAt
    }
}

/// Why a machine waits.
public struct HoldResource: Codable, Sendable, Hashable {
    /// A stable word, such as `limit-in-progress`.
    public let reason: String
    /// The same in plain words.
    public let text: String
    /// When it may be over, where one can tell.
    public let until: Timestamp?

    public init(reason: String, text: String, until: Timestamp? = nil) {
        self.reason = reason
        self.text = text
        self.until = until
    }
}

/// `GET /api/v1/applications/{app}/machines/{machine}/why`: the one leading reason why a machine stands where it stands.
public struct WhyResource: Codable, Sendable, Hashable {
    /// A hold's stable word, such as `limit-in-progress`; for a machine that is not held its stage.
    public let reason: String
    /// The same in plain words.
    public let text: String
    public let since: Timestamp
    /// When that may be over, as far as the server can tell.
    public let until: Timestamp?

    public init(reason: String, text: String, since: Timestamp, until: Timestamp?) {
        self.reason = reason
        self.text = text
        self.since = since
        self.until = until
    }
}

/// What went wrong on a machine.
public struct ErrorResource: Codable, Sendable, Hashable {
    /// As the machine sent it, with the flags in its highest bits; left out where the server concluded it by itself.
    public let code: Int64?
    /// The name of the code.
    public let name: String?
    /// The code in plain words.
    public let meaning: String?
    /// What the machine or the server says about it.
    public let reason: String?
    public let at: Timestamp

    public init(code: Int64?, name: String?, meaning: String?, reason: String?, at: Timestamp) {
        self.code = code
        self.name = name
        self.meaning = meaning
        self.reason = reason
        self.at = at
    }
}

/// Something that happened to a machine, as the API shows it.
public struct EventResource: Codable, Sendable, Hashable {
    /// Counts up through all events.
    public let number: Int64
    public let at: Timestamp
    public let application: ApplicationID
    public let machine: MachineID
    public let group: GroupName?
    public let kind: MachineEvent.Kind
    /// Omaha's event type and result; left out for what the server concluded by itself.
    public let type: Int?
    public let result: Int?
    public let error: ErrorResource?
    /// The release it is about.
    public let version: Version?
    public let previousVersion: String?
    /// Plain words.
    public let text: String

    public init(
        number: Int64, at: Timestamp, application: ApplicationID, machine: MachineID, group: GroupName?,
        kind: MachineEvent.Kind, type: Int?, result: Int?, error: ErrorResource?, version: Version?,
        previousVersion: String?, text: String
    ) {
        self.number = number
        self.at = at
        self.application = application
        self.machine = machine
        self.group = group
        self.kind = kind
        self.type = type
        self.result = result
        self.error = error
        self.version = version
        self.previousVersion = previousVersion
        self.text = text
    }
}
