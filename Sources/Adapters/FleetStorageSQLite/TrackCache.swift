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
        let track: String
        let architecture: Architecture?
    }

    private let entries = Mutex<[Key: TrackFacts]>([:])
    private static let countMaximum = 1024

    func facts(_ key: Key) -> TrackFacts? { entries.withLock { $0[key] } }

    func keep(_ facts: TrackFacts, for key: Key) {
        entries.withLock { entries in
            if entries.count >= Self.countMaximum { entries.removeAll() }
            entries[key] = facts
        }
    }

    func empty() { entries.withLock { $0.removeAll() } }
}
