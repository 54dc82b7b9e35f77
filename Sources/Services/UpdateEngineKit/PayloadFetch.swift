import ContentTrust
import Logging
import PayloadFormat
import PayloadInstaller
package import UpdateModel

/// Brings one payload from its mirrors onto the slot, and tells how it gets on.
package struct PayloadFetch: Sendable {
    package enum Event: Sendable {
        /// Goes on from that byte.
        case began(offsetBytes: UInt64)
        /// So many bytes have been taken by the slot.
        case received(byteCount: Int)
        /// All of it is here; what stands on the slot is being verified.
        case complete
    }

    private let download: PayloadDownload
    private let installation: SlotInstallation
    private let logger: Logger
    /// Told of each piece as it comes in: which byte of the payload is awaited next.
    package var arrived: @Sendable (UInt64) async -> Void = { _ in }
    /// Gives the slot up, once the payload is known to be trusted and to fit.
    package var giveSlotUp: @Sendable () async throws -> Void = {}

    package init(_ download: PayloadDownload, onto plan: InstallationPlan, host: EngineHost) {
        self.init(download, onto: SlotInstallation(plan, host: host))
    }

    init(_ download: PayloadDownload, onto installation: SlotInstallation) {
        self.download = download
        self.installation = installation
        self.logger = download.logger
    }

    /// Goes on where an earlier attempt stopped. Bytes that turn out not to be what was signed are fetched once more,
    /// from the last checkpoint on, where a mirror or a splice may be to blame for them.
    /// - Parameter isAnew: forgets what an earlier attempt wrote.
    /// - Returns: the digest of what the slot now holds.
    /// - Throws: ``DownloadError``, `InstallationError`, `CancellationError`.
    package func run(isAnew: Bool, report: @escaping @Sendable (Event) async -> Void) async throws -> SHA256Digest {
        var session = download.session()
        var isAnew = isAnew
        while true {
            let start = try await installation.begin(isAnew: isAnew)
            await report(.began(offsetBytes: start.offsetBytes))
            do {
                try await fetch(from: start, &session, report)
                await report(.complete)
                return try await installation.finish()
            } catch let error as InstallationError {
                guard case .payload = error, download.mayHelpToFetchAgain(&session) else { throw error }
                logger.notice(
                    "What arrived is not what was signed: fetched again",
                    metadata: ["installation.error": "\(error.userMessage.line)"])
                isAnew = false
            }
        }
    }

    private func fetch(
        from start: DownloadStart, _ session: inout PayloadDownload.Session,
        _ report: @escaping @Sendable (Event) async -> Void
    ) async throws {
        let sink = PayloadSink(
            consume: { [installation, giveSlotUp] bytes in
                let taking = try await installation.consume(bytes)
                await report(.received(byteCount: bytes.count))
                guard taking.awaitsSlot else { return taking.boundBytes }
                try await giveSlotUp()
                return try await installation.openTargets()
            }, arrived: arrived)
        try await download.run(from: start, &session, sink: sink)
    }
}

extension PayloadCheckpoint {
    /// Of the file before ``nextByteOffset``; `nil` when its state cannot be read.
    var fileDigest: StreamDigest? {
        Hexadecimal.decode(fileDigestState).flatMap { StreamDigest(savedState: $0) }
    }
}
