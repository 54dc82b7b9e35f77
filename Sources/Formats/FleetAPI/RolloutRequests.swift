public import FleetModel
public import UpdateModel

/// `POST …/groups/{group}/pause` and `…/abort`
public struct RolloutAct: Codable, Sendable, Hashable {
    /// Left out for the group's target.
    public let version: Version?
    /// Why, for people.
    public let reason: String?

    public init(version: Version? = nil, reason: String? = nil) {
        self.version = version
        self.reason = reason
    }
}

/// `POST …/groups/{group}/undo`
public struct NewUndo: Codable, Sendable, Hashable {
    /// Where to; left out for what the channel pointed at before.
    public let to: Version?
    public let reason: String?

    public init(to: Version? = nil, reason: String? = nil) {
        self.to = to
        self.reason = reason
    }
}

/// One reason for which machines of a group wait: `GET …/groups/{group}/holds`.
public struct GroupHoldResource: Codable, Sendable, Hashable {
    /// A stable word, such as `ramp`.
    public let reason: String
    public let text: String
    public let machines: Int
    /// When they may all go on, where the roll-out tells.
    public let until: Timestamp?

    public init(reason: String, text: String, machines: Int, until: Timestamp?) {
        self.reason = reason
        self.text = text
        self.machines = machines
        self.until = until
    }
}

/// `GET /api/v1/clock`
public struct ClockResource: Codable, Sendable, Hashable {
    /// The time by which the server goes.
    public let now: Timestamp
    /// Whether the clock of its machine is believed.
    public let trusted: Bool
    /// How far that clock jumped; left out while it is believed.
    public let jumpSeconds: Int64?
    public let since: Timestamp?

    public init(now: Timestamp, trusted: Bool, jumpSeconds: Int64?, since: Timestamp?) {
        self.now = now
        self.trusted = trusted
        self.jumpSeconds = jumpSeconds
        self.since = since
    }
}

/// What machines share one id.
public struct CloneResource: Codable, Sendable, Hashable {
    public let since: Timestamp
    public let lastAt: Timestamp
    /// How often a boot came back.
    public let count: Int
    public let boots: [String]

    public init(_ clone: CloneSight) {
        since = clone.firstAt
        lastAt = clone.lastAt
        count = clone.count
        boots = clone.boots
    }
}
