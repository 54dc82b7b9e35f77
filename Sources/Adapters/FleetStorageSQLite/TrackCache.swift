internal import FleetModel
internal import FleetStorage
internal import Synchronization
internal import UpdateModel

/// Remembers where tracks lead, so that a check-in does not read the same three rows again.
///
/// What it holds is a group's settings and its target, never a machine. It belongs to the one writer, and is emptied
/// by every act of an operator and whenever a transaction failed.
final class TrackCache: Sendable {
    struct Key: Hashable {
        let application: ApplicationID
        let place: Place
        let architecture: Architecture?
    }

    /// What leads to a group.
    enum Place: Hashable {
        case track(String)
        case group(GroupName)

        /// The column that has it, and its value there.
        var condition: (column: String, value: String) {
            switch self {
            case .track(let track): ("track", track)
            case .group(let group): ("name", group.rawValue)
            }
        }
    }

    private let entries = Mutex<[Key: TrackFacts]>([:])
    private let labelGroups = Mutex<[ApplicationID: [Group]]>([:])
    private static let countMaximum = 1024

    func facts(_ key: Key) -> TrackFacts? { entries.withLock { $0[key] } }

    func keep(_ facts: TrackFacts, for key: Key) {
        entries.withLock { entries in
            if entries.count >= Self.countMaximum { entries.removeAll() }
            entries[key] = facts
        }
    }

    func labelGroups(of application: ApplicationID) -> [Group]? { labelGroups.withLock { $0[application] } }

    func keep(labelGroups groups: [Group], of application: ApplicationID) {
        labelGroups.withLock { known in
            if known.count >= Self.countMaximum { known.removeAll() }
            known[application] = groups
        }
    }

    func empty() {
        entries.withLock { $0.removeAll() }
        labelGroups.withLock { $0.removeAll() }
    }
}
