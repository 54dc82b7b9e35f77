public import UpdateModel

/// What the server knows of one application on one machine.
public struct Machine: Hashable, Sendable, Codable {
    public let application: ApplicationID
    public let id: MachineID
    /// What the machine last said it follows.
    public var track: String
    /// `nil` while no group has the machine's track.
    public var group: GroupName?
    /// What the machine last said it runs.
    public var version: Version
    public var architecture: Architecture?
    public var bootID: String?
    public var alias: String?
    public var oem: String?
    public var address: String?
    /// The slot the machine runs from, where it says so.
    public var bootedSlot: Slot?
    /// The updater and its version, where it says so: `martletd/1.0.0`.
    public var engine: String?
    public let firstSeenAt: Timestamp
    /// May lag by ``lastSeenLagSeconds``.
    public var lastSeenAt: Timestamp

    public var stage: MachineStage
    public var stageSince: Timestamp
    /// The open grant, if there is one.
    public var grant: Grant?
    /// Why the machine was not offered its target at its last check.
    public var hold: HoldReason?
    /// When the hold may be over, as estimated at that check; `nil` where nothing can be told.
    public var holdUntil: Timestamp?
    /// What operators set for this machine alone.
    public var settings = MachineSettings()
    /// The boots it reported before the present one, oldest first, at most ``recentBootsMaximum``.
    public var recentBoots: [String] = []
    /// Set while several machines seem to share its id.
    public var clone: CloneSight?
    public var lastError: MachineError?
    /// Releases that failed here, oldest first, at most ``failuresMaximum``.
    public var failures: [ReleaseFailure]
    /// The last order to roll back, open or over.
    public var rollback: RollbackOrder?
    /// Releases it was rolled back from, oldest first, at most ``failuresMaximum``.
    public var withheld: [WithheldRelease]

    /// How far ``lastSeenAt`` may lag behind the truth when nothing else changed.
    public static let lastSeenLagSeconds: Int64 = 60
    public static let failuresMaximum = 16
    public static let recentBootsMaximum = 4

    public init(
        application: ApplicationID, id: MachineID, track: String, group: GroupName?, version: Version,
        firstSeenAt: Timestamp
    ) {
        self.application = application
        self.id = id
        self.track = track
        self.group = group
        self.version = version
        self.firstSeenAt = firstSeenAt
        self.lastSeenAt = firstSeenAt
        self.stage = .registered
        self.stageSince = firstSeenAt
        self.failures = []
        self.withheld = []
    }

    /// Whether its updater does what the server tells one machine; other updaters pass over it.
    public var takesOrders: Bool { engine?.hasPrefix("martletd/") == true }
}

/// Where a machine stands. The machine's own report always wins.
///
///     registered ─┬→ offered → downloading → downloaded → installed ─┬→ complete
///                 ├→ held                                            └→ failed
///                 └→ complete (it already runs its target)
///
/// `offered`, `downloading`, `downloaded` and `installed` are in progress; any of them can end in `failed`, or in `held`
/// when the machine asks again and its update is no longer offered, or in `overdue` when nothing is heard for too long.
public enum MachineStage: String, CaseIterable, Hashable, Sendable, Codable {
    /// Seen, and never asked.
    case registered
    /// Asked, and was not offered its target; ``Machine/hold`` says why.
    case held
    /// Was offered its target; nothing heard since.
    case offered
    case downloading
    case downloaded
    /// The new release is in the other slot and waits for a reboot.
    case installed
    /// Runs its target.
    case complete
    /// Reported that the update failed.
    case failed
    /// Silent in one stage for longer than allowed; its place went to another. Its next report puts this right.
    case overdue

    public var isInProgress: Bool {
        switch self {
        case .offered, .downloading, .downloaded, .installed: true
        case .registered, .held, .complete, .failed, .overdue: false
        }
    }
}

/// Leave for a machine to update to a release.
public struct Grant: Hashable, Sendable, Codable {
    public let version: Version
    public let grantedAt: Timestamp
    /// Whether it counts against the group's limit. It stops counting when a stage exceeds its deadline; the grant stays
    /// open, so that a late success or failure is still credited.
    public var holdsPlace: Bool
    /// When the present stage began: what the deadline counts from.
    public var stageSince: Timestamp
    /// The boot in which the machine said it had installed; a later boot on another version is a failed one.
    public var installedInBoot: String?
    /// Whether the machine tries the release before the others may have it.
    public var isCanary = false
    /// Whether its time ran out once: the machine is then not counted as late again.
    public var wasLate = false
    /// Whether it was given up after it installed; its next report puts this right.
    public var wasSilent = false

    public init(version: Version, grantedAt: Timestamp) {
        self.version = version
        self.grantedAt = grantedAt
        self.holdsPlace = true
        self.stageSince = grantedAt
    }
}

/// A release that failed on a machine.
public struct ReleaseFailure: Hashable, Sendable, Codable {
    public let version: Version
    public let code: Int64?
    public let reason: String
    public let at: Timestamp
    /// Whether the release itself failed, so that it is not offered here again; false for a passing cause such as a
    /// download that broke.
    public let isFinal: Bool

    public init(version: Version, code: Int64?, reason: String, at: Timestamp, isFinal: Bool) {
        self.version = version
        self.code = code
        self.reason = reason
        self.at = at
        self.isFinal = isFinal
    }
}

/// The last error a machine reported, about an update or not.
public struct MachineError: Hashable, Sendable, Codable {
    public let code: Int64?
    public let reason: String
    public let at: Timestamp

    public init(code: Int64?, reason: String, at: Timestamp) {
        self.code = code
        self.reason = reason
        self.at = at
    }
}

/// What operators set for one machine.
public struct MachineSettings: Hashable, Sendable, Codable {
    /// By name. Their rules are in ``LabelRule``.
    public var labels: [String: String] = [:]
    /// The group that it belongs to whatever its labels and its track say.
    public var group: GroupName?
    /// The release that it is to run whatever the group's channel points at.
    public var pin: Version?
    /// Set while nothing is to be offered to it.
    public var hold: OperatorHold?

    public init() {}

    public var isEmpty: Bool { self == MachineSettings() }
}

/// An operator's wish that a machine stays as it is.
public struct OperatorHold: Hashable, Sendable, Codable {
    public let by: String
    public let at: Timestamp
    public let reason: String?

    public init(by: String, at: Timestamp, reason: String?) {
        self.by = by
        self.at = at
        self.reason = reason
    }
}

/// Several machines share one id: a boot came back that another had followed, and no boot ever comes back.
public struct CloneSight: Hashable, Sendable, Codable {
    public let firstAt: Timestamp
    public var lastAt: Timestamp
    /// How often a boot came back.
    public var count: Int
    /// Boots that took turns, at most ``Machine/recentBootsMaximum``.
    public var boots: [String]

    /// After so long without another turn the machine counts as one again: seven days.
    public static let lifetimeSeconds: Int64 = 7 * 86_400

    public init(firstAt: Timestamp, boots: [String]) {
        self.firstAt = firstAt
        self.lastAt = firstAt
        self.count = 1
        self.boots = boots
    }
}
