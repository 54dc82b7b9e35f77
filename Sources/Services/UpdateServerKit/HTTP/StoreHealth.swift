import FleetOperations
import FleetStorage
import Synchronization

/// Whether the store took what it was given lately, and which of its failures the log has told already.
///
/// A fleet repeats its check-ins: a full disk would otherwise fill the log as well.
final class StoreHealth: Sendable {
    /// How long a failure counts while nothing else is heard of the store, and how long it is not told again.
    static let memory = Duration.seconds(60)
    /// So many distinct failures are kept apart; with more the log starts anew.
    private static let failureCountMax = 64

    private struct State {
        var lastFailure: ContinuousClock.Instant?
        var told: [String: ContinuousClock.Instant] = [:]
    }

    private let state = Mutex(State())

    /// Whether nothing failed within the last minute. A check-in that works proves nothing: most write nothing.
    var isWritable: Bool {
        state.withLock { $0.lastFailure.map { ContinuousClock.now - $0 > Self.memory } ?? true }
    }

    /// Remembers what failed.
    ///
    /// - Returns: whether the log should tell it: a failure in the same words is told once a minute.
    func failed(_ words: String, ofStore: Bool = true) -> Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            if ofStore { state.lastFailure = now }
            if let last = state.told[words], now - last < Self.memory { return false }
            if state.told.count >= Self.failureCountMax { state.told = [:] }
            state.told[words] = now
            return true
        }
    }
}

extension FleetStoreError {
    /// Whether the disk, or the limit on the database, is what stands in the way. SQLite says it in these words.
    var isFull: Bool {
        guard case .failed(_, let reason) = self else { return false }
        return reason.contains("disk is full") || reason.contains("No space left")
    }
}
