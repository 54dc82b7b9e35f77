internal import FleetStorage
internal import GRDB
internal import Synchronization

/// The one writer. While a transaction is being made durable, further work gathers; all of it goes into the next one.
///
/// ```text
/// perform ─┐                       ┌ savepoint: work 1 ┐
/// perform ─┼→ pending → drain → BEGIN ─ savepoint: work 2 ─ COMMIT (one sync) → each caller gets its own result
/// perform ─┘                       └ savepoint: work 3 ┘
/// ```
///
/// Work that fails is rolled back to its own savepoint and its neighbours go on. Nobody is answered before the commit;
/// if that fails, everybody in it is told so, and nothing of it happened. Under load the batches grow by themselves,
/// and an idle store answers at once: no timer is needed.
actor GroupCommitQueue {
    private let pool: DatabasePool
    private let cache: TrackCache
    private let observer: StoreObserver?
    private var pending: [any QueuedWork] = []
    private var isDraining = false

    /// More work than this waiting is refused; it would only be answered after the machines gave up.
    static let pendingMaximum = 20_000
    static let batchMaximum = 1000

    init(pool: DatabasePool, cache: TrackCache, observer: StoreObserver? = nil) {
        self.pool = pool
        self.cache = cache
        self.observer = observer
    }

    /// Runs `work` in the next transaction; returns when that is durable.
    /// - Throws: what `work` threw; ``FleetStoreError/busy``; or why the transaction failed.
    func perform<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value)
        async throws(FleetStoreError) -> Value
    {
        guard pending.count < Self.pendingMaximum else { throw .busy }
        let result = await withCheckedContinuation { continuation in
            pending.append(Ticket(work: work, continuation: continuation))
            startDraining()
        }
        return try result.get()
    }

    /// The task ends when nothing is pending. It has no parent because it serves many callers, none of whom may cancel
    /// the others' work.
    private func startDraining() {
        guard !isDraining else { return }
        isDraining = true
        Task { await drain() }
    }

    private func drain() async {
        while !pending.isEmpty {
            let batch = Array(pending.prefix(Self.batchMaximum))
            pending.removeFirst(batch.count)
            let start = ContinuousClock.now
            let error = await commit(batch)
            observer?.sawBatch(
                StoreBatch(workCount: batch.count, duration: ContinuousClock.now - start, isDurable: error == nil))
            for work in batch { work.settle(error) }
        }
        isDraining = false
    }

    /// - Returns: why the whole batch failed; `nil` when it is durable.
    private func commit(_ batch: [any QueuedWork]) async -> FleetStoreError? {
        do {
            try await pool.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    for work in batch { try work.run(in: db) }
                    return .commit
                }
            }
            return nil
        } catch {
            cache.empty()
            return FleetStoreError(error, doing: "writing")
        }
    }
}

/// Work of any result type.
private protocol QueuedWork: Sendable {
    /// Runs inside a savepoint and keeps the result.
    /// - Throws: only when the transaction itself is lost.
    func run(in db: Database) throws
    /// Tells the caller: the result, or `error` when the transaction failed.
    func settle(_ error: FleetStoreError?)
}

private final class Ticket<Value: Sendable>: QueuedWork {
    typealias Outcome = Result<Value, FleetStoreError>

    private let work: @Sendable (Database) throws -> Value
    private let continuation: CheckedContinuation<Outcome, Never>
    private let outcome = Mutex<Outcome?>(nil)

    init(work: @escaping @Sendable (Database) throws -> Value, continuation: CheckedContinuation<Outcome, Never>) {
        self.work = work
        self.continuation = continuation
    }

    func run(in db: Database) throws {
        do {
            var value: Value?
            try db.inSavepoint {
                value = try work(db)
                return .commit
            }
            if let value { outcome.withLock { $0 = .success(value) } }
        } catch {
            // A full disk and its like make SQLite roll back everything; going on would write outside a transaction.
            guard db.isInsideTransaction else { throw error }
            outcome.withLock { $0 = .failure(FleetStoreError(error, doing: "writing")) }
        }
    }

    func settle(_ error: FleetStoreError?) {
        let outcome = outcome.withLock { $0 }
        let missing = FleetStoreError.failed(doing: "writing", reason: "the work was not run")
        continuation.resume(returning: error.map(Outcome.failure) ?? outcome ?? .failure(missing))
    }
}

extension FleetStoreError {
    /// Passes our own errors through, and puts a library's into words.
    init(_ error: any Error, doing action: String) {
        switch error {
        case let error as FleetStoreError: self = error
        case let error as DatabaseError:
            self = .failed(doing: action, reason: error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
        case let error as RowDecodingError: self = .corrupt("\(error)")
        default: self = .failed(doing: action, reason: "\(error)")
        }
    }
}
