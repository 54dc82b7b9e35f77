import Logging
import UpdateLogic
import UpdateModel

/// Fetches a payload's bytes in order, over as many connections as it takes, and hands them on as they come.
///
/// Each connection goes on where the last one stopped, at the next address when there are several. Only connections
/// that bring next to nothing use up the attempts.
struct PayloadDownload: Sendable {
    /// What the server offers.
    struct Source: Sendable {
        /// Never empty.
        var addresses: [WebAddress]
        var sizeBytes: UInt64
        /// `user:password` for `https` addresses.
        var credentials: String?
    }

    private let web: WebClient
    private let source: Source
    private let stall: Duration
    private let attempts: Int
    private let bytesPerSecond: UInt64
    private let logger: Logger
    private let clock = ContinuousClock()
    /// A connection that brought fewer bytes was fruitless.
    private static let fruitBytesMin: UInt64 = 16 << 10
    private static let pauseFirst = Duration.milliseconds(250)

    init(web: WebClient, source: Source, settings: EngineSettings, logger: Logger) {
        self.web = web
        self.source = source
        self.stall = settings.downloadStall
        self.attempts = settings.downloadAttempts
        self.bytesPerSecond = settings.downloadBytesPerSecond
        self.logger = logger
    }

    /// Hands every byte from `offsetBytes` to the end to `sink`.
    /// - Parameter sink: its errors end the download as they are.
    func run(from offsetBytes: UInt64, sink: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
        let transfer = PayloadTransfer(
            web: web, source: source, offsetBytes: offsetBytes, stall: stall, bytesPerSecond: bytesPerSecond,
            sink: sink)
        var failures = 0
        while transfer.position < source.sizeBytes {
            let before = transfer.position
            do {
                try await transfer.connect(to: source.addresses[failures % source.addresses.count])
            } catch let error as DownloadError {
                failures = transfer.position - before >= Self.fruitBytesMin ? 1 : failures + 1
                guard failures < attempts, error.isWorthRepeating || failures < source.addresses.count else {
                    throw error
                }
                logger.notice(
                    "Download goes on after an interruption",
                    metadata: [
                        "download.offset": "\(transfer.position)", "download.error": "\(error.userMessage.line)",
                    ])
                try await clock.sleep(for: min(stall, Self.pauseFirst * (1 << min(failures - 1, 6))))
            }
        }
    }
}
