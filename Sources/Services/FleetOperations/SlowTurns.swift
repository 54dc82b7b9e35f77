internal import FleetModel
internal import Synchronization
internal import UpdateModel

/// The applications for which something is under way that takes as long as another server likes: one thing for each,
/// and a bounded number of them. So a slow server holds up its own application and no other.
final class SlowTurns: Sendable {
    /// At most so many applications at once.
    static let countMaximum = 8

    private let applications = Mutex<Set<ApplicationID>>([])

    /// - Returns: whether it may begin; ``end(_:)`` is then called once.
    func begin(_ application: ApplicationID) -> Bool {
        applications.withLock { $0.count < Self.countMaximum && $0.insert(application).inserted }
    }

    func end(_ application: ApplicationID) { applications.withLock { _ = $0.remove(application) } }
}
