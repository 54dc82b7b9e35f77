import ContentTrust
package import Logging
import Synchronization
import UpdateLogic
package import UpdateModel

/// Fetches a payload's bytes in order, over as many connections as it takes, and hands them on as they come.
///
/// Each connection goes on where the last one stopped, at the mirror that failed longest ago. Only connections that
/// bring next to nothing use up the attempts.
package struct PayloadDownload: Sendable {
    /// What the server offers.
    package struct Source: Sendable {
        /// Never empty.
        package var addresses: [WebAddress]
        package var sizeBytes: UInt64
        package var digest: SHA256Digest
        /// `user:password` for `https` addresses.
        package var credentials: String?

        package init(addresses: [WebAddress], sizeBytes: UInt64, digest: SHA256Digest, credentials: String? = nil) {
            self.addresses = addresses
            self.sizeBytes = sizeBytes
            self.digest = digest
            self.credentials = credentials
        }
    }

    /// What is learned of the mirrors while one payload is fetched.
    struct Session: Sendable {
        fileprivate var memory: DownloadMemory
        fileprivate var choice: MirrorChoice
        fileprivate var traits: [Traits]
        /// Who has brought bytes since the last start, and whether anyone was cut off meanwhile.
        fileprivate var sources: Set<Int> = []
        fileprivate var wasInterrupted = false
        fileprivate var timesBlamed = 0

        fileprivate struct Traits {
            var asksForWhole = false
            var ignoresRanges = false
        }
    }

    let web: WebClient
    let source: Source
    let limits: DownloadLimits
    let files: StateFiles
    let time: DownloadTime
    let logger: Logger
    /// A connection that brought fewer bytes was fruitless.
    private static let fruitBytesMin: UInt64 = 16 << 10

    /// - Parameter files: where is remembered what the next download should know.
    package init(
        web: WebClient, source: Source, limits: DownloadLimits, files: StateFiles, time: DownloadTime = .real,
        logger: Logger
    ) {
        self.web = web
        self.source = source
        self.limits = limits
        self.files = files
        self.time = time
        self.logger = logger
    }

    func session() -> Session {
        let memory = DownloadMemory(files, payloadDigest: source.digest)
        let choice = MirrorChoice(
            mirrors: source.addresses.map(\.origin), failures: memory.failures, attempts: limits.attempts,
            pauseMax: limits.pauseMax)
        return Session(
            memory: memory, choice: choice, traits: Array(repeating: .init(), count: source.addresses.count))
    }

    /// Hands every byte from `start` to the end to `sink`.
    /// - Throws: ``DownloadError`` when no mirror is left to try, `CancellationError`, and what the sink throws.
    func run(from start: DownloadStart, _ session: inout Session, sink: PayloadSink) async throws {
        session.sources = []
        session.wasInterrupted = false
        let transfer = PayloadTransfer(
            web: web, sizeBytes: source.sizeBytes, start: start, limits: limits, time: time, sink: sink)
        var failure: DownloadError?
        while transfer.position < source.sizeBytes {
            guard let next = session.choice.next(now: time.pauses.now(), wallClock: time.wallClock()) else {
                throw failure ?? DownloadError.endedEarly(received: transfer.position, promised: source.sizeBytes)
            }
            if next.wait > .zero { try await time.pauses.sleep(next.wait) }
            failure = try await read(next.mirror, transfer, &session)
        }
    }

    /// Reads one answer of a mirror.
    /// - Returns: what went wrong.
    private func read(
        _ mirror: Int, _ transfer: PayloadTransfer, _ session: inout Session
    ) async throws -> DownloadError? {
        let before = transfer.position
        let version = Mutex<EntityVersion?>(nil)
        var failure: DownloadError?
        do {
            try await transfer.read(connection(to: mirror, session)) { found in version.withLock { $0 = found } }
        } catch let error as DownloadError {
            failure = error
        } catch {
            note(mirror, before, transfer, version.withLock { $0 }, &session)
            throw error
        }
        note(mirror, before, transfer, version.withLock { $0 }, &session)
        let brought = transfer.position - before
        guard transfer.position < source.sizeBytes else {
            session.choice.succeeded(mirror)
            session.memory.remember(session.choice.failures)
            return nil
        }
        guard let failure else { return nil }
        learn(failure, of: mirror, brought: brought, position: transfer.position, &session)
        return failure
    }

    private func connection(to mirror: Int, _ session: Session) -> PayloadTransfer.Connection {
        let traits = session.traits[mirror]
        return PayloadTransfer.Connection(
            address: source.addresses[mirror], credentials: source.credentials,
            version: session.memory.version(at: source.addresses[mirror]), asksForWhole: traits.asksForWhole,
            readsAnew: traits.asksForWhole || traits.ignoresRanges || !session.choice.hasOthers(than: mirror))
    }

    /// Of which file are the bytes that came, and from whom.
    private func note(
        _ mirror: Int, _ before: UInt64, _ transfer: PayloadTransfer, _ version: EntityVersion?,
        _ session: inout Session
    ) {
        guard transfer.position > before else { return }
        session.sources.insert(mirror)
        session.traits[mirror].asksForWhole = false
        session.memory.remember(version, at: source.addresses[mirror])
    }

    private func learn(
        _ failure: DownloadError, of mirror: Int, brought: UInt64, position: UInt64, _ session: inout Session
    ) {
        session.wasInterrupted = true
        switch failure {
        case .changedVersion:  // The same mirror once more, at once: its whole file is compared.
            session.traits[mirror].asksForWhole = true
        case .ignoresRanges:
            session.traits[mirror].ignoresRanges = true
            session.choice.putLast(mirror)
        default:
            session.choice.failed(
                mirror, failure.fault, wasFruitful: brought >= Self.fruitBytesMin, now: time.pauses.now(),
                wallClock: time.wallClock(), chance: time.chance())
            session.memory.remember(session.choice.failures)
        }
        logger.notice(
            "Download goes on after an interruption",
            metadata: ["download.offset": "\(position)", "download.error": "\(failure.userMessage.line)"])
    }

    /// What arrived was not what was signed. Says whether fetching it once more, from the last checkpoint, may help:
    /// when it came from several mirrors, or from one that was cut off, or when there is another mirror.
    func mayHelpToFetchAgain(_ session: inout Session) -> Bool {
        session.timesBlamed += 1
        guard session.timesBlamed <= 2 * source.addresses.count else { return false }
        if session.sources.count > 1 || session.wasInterrupted { return true }
        guard let culprit = session.sources.first else { return false }
        session.choice.failed(
            culprit, .lasting, wasFruitful: true, now: time.pauses.now(), wallClock: time.wallClock(), chance: 0)
        session.memory.remember(session.choice.failures)
        return session.choice.hasOthers(than: culprit)
    }
}
