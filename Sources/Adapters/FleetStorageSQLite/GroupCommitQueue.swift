internal import FleetStorage
internal import GRDB
internal import Synchronization

/// The one writer. While a transaction is being made durable, further work gathers; all of it goes into the next one.
///
/// ```text
/// perform ─┐                         ┌ savepoint: act ┐
/// check in ┼→ pending → drain → BEGIN ─ check-in ───── COMMIT (one sync) → each caller gets its own result
/// check in ┘                         └ check-in ──────┘
/// ```
///
/// An act that fails is rolled back to its own savepoint and its neighbours go on. Check-ins go without: a savepoint
/// makes SQLite copy every page that is changed behind it, and check-ins hardly ever fail; those of a transaction also
/// share what they read (``BatchMemory``). If one does fail after it wrote something, the transaction is rolled back,
/// acts included, and all of it is run again, each work behind a savepoint and on its own.
///
/// Nobody is answered before the commit; if that fails, everybody in it is told so, and nothing of it happened. Under
/// load the batches grow by themselves, and an idle store answers at once: no timer is needed.
actor GroupCommitQueue {
    private let pool: DatabasePool
    private let cache: TrackCache
    private let arrivals: ArrivalMeter
    private let observer: StoreObserver?
    private var pending: [any QueuedWork] = []
    private var isDraining = false

    /// More work than this waiting is refused; it would only be answered after the machines gave up.
    static let pendingMaximum = 20_000
    static let batchMaximum = 1000

    /// - Parameters:
    ///   - cache: is emptied where a transaction is taken back.
    ///   - arrivals: gets back what was counted in it.
    init(pool: DatabasePool, cache: TrackCache, arrivals: ArrivalMeter, observer: StoreObserver? = nil) {
        self.pool = pool
        self.cache = cache
        self.arrivals = arrivals
        self.observer = observer
    }

    /// Runs `work` in the next transaction; returns when that is durable.
    /// - Parameter work: may be run twice; what the first run wrote is then taken back.
    /// - Throws: what `work` threw; ``FleetStoreError/busy``; or why the transaction failed.
    func perform<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value)
        async throws(FleetStoreError) -> Value
    {
        try await perform(.alone) { db, _ in try work(db) }
    }

    /// Runs `work` in the next transaction beside others of its kind; returns when that is durable.
    /// - Parameter work: reaches roll-outs and counters through the memory, where it is given one. It may be run twice,
    ///   as any work.
    /// - Throws: as ``perform(_:)``.
    func performShared<Value: Sendable>(_ work: @escaping @Sendable (Database, BatchMemory?) throws -> Value)
        async throws(FleetStoreError) -> Value
    {
        try await perform(.shared, work)
    }

    private func perform<Value: Sendable>(
        _ manner: WorkManner, _ work: @escaping @Sendable (Database, BatchMemory?) throws -> Value
    ) async throws(FleetStoreError) -> Value {
        guard pending.count < Self.pendingMaximum else { throw .busy }
        let result = await withCheckedContinuation { continuation in
            pending.append(Ticket(manner: manner, work: work, continuation: continuation))
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
        let tally = arrivals.tally
        do {
            try await pool.writeWithoutTransaction { [cache, arrivals] db in
                do { try Self.run(batch, sharing: BatchMemory(), in: db) } catch is SpoiledBatch {
                    cache.empty()
                    arrivals.tally = tally
                    try Self.run(batch, sharing: nil, in: db)
                }
            }
            return nil
        } catch {
            cache.empty()
            arrivals.tally = tally
            return FleetStoreError(error, doing: "writing")
        }
    }

    /// Runs a whole batch in one transaction.
    /// - Parameter memory: `nil` to run each work on its own.
    /// - Throws: ``SpoiledBatch`` where that is worth another attempt without a memory.
    private static func run(_ batch: [any QueuedWork], sharing memory: BatchMemory?, in db: Database) throws {
        try db.inTransaction(.immediate) {
            for work in batch { try work.run(in: db, sharing: memory) }
            do { try memory?.save(in: db) } catch { throw SpoiledBatch() }
            return .commit
        }
    }
}

/// How work stands to the others in its transaction.
private enum WorkManner {
    /// Behind a savepoint of its own.
    case alone
    /// Without, and with a memory that it shares.
    case shared
}

/// Work failed in the midst of others that cannot be told apart from it.
private struct SpoiledBatch: Error {}

/// Work of any result type.
private protocol QueuedWork: Sendable {
    /// Runs the work and keeps the result.
    /// - Parameter memory: `nil` when every work is to run on its own.
    /// - Throws: only when the transaction itself is lost.
    func run(in db: Database, sharing memory: BatchMemory?) throws
    /// Tells the caller: the result, or `error` when the transaction failed.
    func settle(_ error: FleetStoreError?)
}

private final class Ticket<Value: Sendable>: QueuedWork {
    typealias Outcome = Result<Value, FleetStoreError>
    typealias Work = @Sendable (Database, BatchMemory?) throws -> Value

    private let manner: WorkManner
    private let work: Work
    private let continuation: CheckedContinuation<Outcome, Never>
    private let outcome = Mutex<Outcome?>(nil)

    init(manner: WorkManner, work: @escaping Work, continuation: CheckedContinuation<Outcome, Never>) {
        self.manner = manner
        self.work = work
        self.continuation = continuation
    }

    func run(in db: Database, sharing memory: BatchMemory?) throws {
        guard let memory else { return try runAlone(in: db) }
        switch manner {
        case .shared: try runShared(in: db, memory)
        case .alone:
            do { try memory.save(in: db) } catch { throw SpoiledBatch() }
            try runAlone(in: db)
        }
    }

    private func runAlone(in db: Database) throws {
        do {
            var value: Value?
            try db.inSavepoint {
                value = try work(db, nil)
                return .commit
            }
            if let value { keep(.success(value)) }
        } catch {
            // A full disk and its like make SQLite roll back everything; going on would write outside a transaction.
            guard db.isInsideTransaction else { throw error }
            keep(.failure(FleetStoreError(error, doing: "writing")))
        }
    }

    private func runShared(in db: Database, _ memory: BatchMemory) throws {
        let changes = (db.totalChangesCount, memory.changeCount)
        do { keep(.success(try work(db, memory))) } catch {
            // What wrote nothing leaves nothing to roll back.
            guard db.isInsideTransaction, (db.totalChangesCount, memory.changeCount) == changes else {
                throw SpoiledBatch()
            }
            keep(.failure(FleetStoreError(error, doing: "writing")))
        }
    }

    private func keep(_ outcome: Outcome) { self.outcome.withLock { $0 = outcome } }

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
