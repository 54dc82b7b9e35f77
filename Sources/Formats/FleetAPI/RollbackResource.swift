public import FleetModel
public import UpdateModel

/// An order to roll back one machine, and what became of it.
public struct RollbackResource: Codable, Sendable, Hashable {
    /// What the machine is told to tell orders apart.
    public let id: RollbackID
    /// `pending`, `told`, `begun`, `done`, `refused`, `withdrawn`, `overtaken` or `expired`.
    public let state: RollbackOrder.State
    public let stateSince: Timestamp
    /// The version that the machine is to leave.
    public let version: Version
    public let orderedBy: String
    public let orderedAt: Timestamp
    /// Why, in the operator's words.
    public let reason: String?
    /// How it ended, in plain words.
    public let outcome: String?
    /// Until when it stands; left out when it is over.
    public let expiresAt: Timestamp?

    public init(_ order: RollbackOrder, at now: Timestamp) {
        let order = order.seen(at: now)
        id = order.id
        state = order.state
        stateSince = order.stateSince
        version = order.version
        orderedBy = order.orderedBy
        orderedAt = order.orderedAt
        reason = order.reason
        outcome = order.outcome
        expiresAt = order.state.isOpen ? order.expiresAt : nil
    }
}

extension RollbackResource {
    /// The order in one line: what, by whom, why, and where it stands.
    public var summary: String {
        let why = reason.map { " (\($0))" } ?? ""
        return "back from \(version), ordered by \(orderedBy)\(why): \(standing)"
    }

    private var standing: String {
        switch state {
        case .pending: "waits for the machine's next check"
        case .told: "the machine was told and has not answered yet"
        case .begun: "the machine is going back"
        case .done, .refused, .withdrawn, .overtaken, .expired:
            outcome.map { "\(state.rawValue). \($0)" } ?? state.rawValue
        }
    }
}
