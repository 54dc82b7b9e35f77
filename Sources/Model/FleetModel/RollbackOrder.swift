public import UpdateModel

public enum RollbackKind {}
/// Names one order to roll back among all that were ever given, so that a machine never does the same one twice.
public typealias RollbackID = Identifier<RollbackKind>

/// An operator's wish that one machine goes back to the release it ran before.
///
///     pending ──→ told ──→ begun ──→ done        it runs another version than the one it was to leave
///        │          │         │
///        └──────────┴─────────┴────→ refused     by the machine, with its reason
///                                    withdrawn   by an operator
///                                    overtaken   the machine left the version by itself, or for a newer one
///                                    expired     nothing came of it within its lifetime
///
/// The last one is kept when it is over, so that people see what became of it.
public struct RollbackOrder: Hashable, Sendable, Codable {
    public enum State: String, CaseIterable, Hashable, Sendable, Codable {
        /// Waits for the machine's next check.
        case pending
        /// The machine was told; it is told again until it answers.
        case told
        /// The machine says that it has taken it up and reboots.
        case begun
        case done, refused, withdrawn, overtaken, expired

        public var isOpen: Bool {
            switch self {
            case .pending, .told, .begun: true
            case .done, .refused, .withdrawn, .overtaken, .expired: false
            }
        }
    }

    public let id: RollbackID
    /// What the machine ran when the order was given: what it is to leave.
    public let version: Version
    /// The caller who gave it.
    public let orderedBy: String
    public let orderedAt: Timestamp
    /// Why, in the operator's words.
    public let reason: String?
    public private(set) var state = State.pending
    public private(set) var stateSince: Timestamp
    /// Whether it is part of an undo of the whole group, and holds a place there.
    public let isUndo: Bool?
    /// How it ended, in plain words: what the machine said, or what it runs now.
    public private(set) var outcome: String?

    /// An order that led to nothing for so long is over: seven days.
    public static let lifetimeSeconds: Int64 = 7 * 86_400

    public init(
        id: RollbackID, version: Version, orderedBy: String, orderedAt: Timestamp, reason: String?, isUndo: Bool? = nil
    ) {
        self.id = id
        self.version = version
        self.orderedBy = orderedBy
        self.orderedAt = orderedAt
        self.reason = reason
        self.isUndo = isUndo
        self.stateSince = orderedAt
    }

    public var expiresAt: Timestamp { orderedAt.adding(seconds: Self.lifetimeSeconds) }

    /// Whether it still stands at `now`; the record of a silent machine may not show yet that it does not.
    public func isOpen(at now: Timestamp) -> Bool { state.isOpen && now < expiresAt }

    /// The order as it is at `now`: past its time it is expired, whether that was written down yet or not.
    public func seen(at now: Timestamp) -> RollbackOrder {
        guard state.isOpen, now >= expiresAt else { return self }
        var seen = self
        seen.enter(.expired, at: expiresAt, outcome: "Nothing came of it within 7 days.")
        return seen
    }

    public mutating func enter(_ state: State, at moment: Timestamp, outcome: String? = nil) {
        self.state = state
        self.stateSince = moment
        self.outcome = outcome
    }
}

/// A release that a machine was rolled back from, and is not offered again by itself.
public struct WithheldRelease: Hashable, Sendable, Codable {
    public let version: Version
    public let since: Timestamp
    /// An operator gave it free again; the machine is told so with the offer.
    public var isReleased = false

    public init(version: Version, since: Timestamp) {
        self.version = version
        self.since = since
    }

    /// Whether `target` stays away from the machine: the release itself, and what is older.
    public func bars(_ target: Version) -> Bool {
        version == target || version.isNewer(than: target) == true
    }
}
