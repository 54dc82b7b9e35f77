import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import UpdateLogic
import UpdateModel

/// Fetches a payload's bytes in order, over as many connections as it takes, and hands them on as they come.
///
/// Each connection goes on where the last one stopped. What a server says about itself is checked before a byte is
/// used: status, length, range. A server that ignores ranges is read from the start and what is known is skipped.
struct PayloadDownload {
    let http: HTTPClient
    let urls: [String]
    let sizeBytes: UInt64
    let stall: Duration
    let attempts: Int
    let logger: Logger
    var limiter: TransferLimiter
    let clock = ContinuousClock()
    private let start = ContinuousClock.now

    init(
        http: HTTPClient, urls: [String], sizeBytes: UInt64, settings: EngineSettings, logger: Logger
    ) {
        self.http = http
        self.urls = urls
        self.sizeBytes = sizeBytes
        self.stall = settings.downloadStall
        self.attempts = settings.downloadAttempts
        self.logger = logger
        self.limiter = TransferLimiter(bytesPerSecond: settings.downloadBytesPerSecond, now: .zero)
    }

    /// Hands every byte from `offsetBytes` to the end to `sink`.
    /// - Parameters:
    ///   - connected: called once, when the first connection brings what was asked for.
    ///   - sink: its errors end the download as they are.
    mutating func run(
        from offsetBytes: UInt64, connected: () async throws -> Void, sink: ([UInt8]) async throws -> Void
    ) async throws {
        var position = offsetBytes
        var failures = 0
        var isAnnounced = false
        while position < sizeBytes {
            let before = position
            do {
                let response = try await open(urls[failures % urls.count], at: position)
                if !isAnnounced { try await connected() }
                isAnnounced = true
                try await transfer(response, position: &position, sink: sink)
            } catch let error as DownloadError {
                // A connection that brought something was not in vain: only fruitless ones use up the attempts.
                failures = position > before ? 1 : failures + 1
                guard failures < attempts, error.isWorthRepeating else { throw error }
                logger.notice("Download goes on after an interruption", metadata: ["download.offset": "\(position)", "download.error": "\(error)"])
                try await clock.sleep(for: min(stall, .milliseconds(250 << min(failures, 6))))
            }
        }
    }

    private struct Opened {
        var body: HTTPClientResponse.Body
        var skipBytes: UInt64
    }

    private func open(_ url: String, at position: UInt64) async throws -> Opened {
        var request = HTTPClientRequest(url: url)
        if position > 0 { request.headers.add(name: "Range", value: "bytes=\(position)-") }
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, deadline: .distantFuture)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw DownloadError.unreachable(url: url, reason: "\(error)")
        }
        return Opened(body: response.body, skipBytes: try checked(response, url: url, position: position))
    }

    /// - Returns: how many bytes at the beginning of the body are known already.
    private func checked(_ response: HTTPClientResponse, url: String, position: UInt64) throws(DownloadError) -> UInt64 {
        let length = response.headers.first(name: "Content-Length").flatMap { UInt64($0) }
        switch response.status {
        case .ok:
            if let length, length != sizeBytes {
                throw .wrongLength(url: url, promised: sizeBytes, found: length)
            }
            return position
        case .partialContent where position > 0:
            guard let range = ContentRange(response.headers.first(name: "Content-Range")), range.first == position else {
                throw .badRange(url: url)
            }
            if let total = range.total, total != sizeBytes {
                throw .wrongLength(url: url, promised: sizeBytes, found: total)
            }
            return 0
        default:
            throw .refused(url: url, status: Int(response.status.code))
        }
    }

    private mutating func transfer(
        _ opened: Opened, position: inout UInt64, sink: ([UInt8]) async throws -> Void
    ) async throws {
        var skip = opened.skipBytes
        var pending: [UInt8] = []
        var iterator = opened.body.makeAsyncIterator()
        while true {
            let arrived: ByteBuffer?
            do {
                arrived = try await iterator.next()
            } catch let error as CancellationError {
                throw error
            } catch {
                throw DownloadError.interrupted(reason: "\(error)")
            }
            try Task.checkCancellation()
            guard let buffer = arrived else { break }
            let wait = limiter.received(buffer.readableBytes, now: clock.now - start)
            if wait > .zero { try await clock.sleep(for: wait) }
            var view = buffer.readableBytesView[...]
            if skip > 0 {
                let dropped = min(skip, UInt64(view.count))
                skip -= dropped
                view = view.dropFirst(Int(dropped))
            }
            guard UInt64(view.count) <= sizeBytes - position - UInt64(pending.count) else {
                throw DownloadError.tooLong(promised: sizeBytes)
            }
            pending.append(contentsOf: view)
            if pending.count >= Self.batchBytes { try await flush(&pending, &position, sink) }
        }
        try await flush(&pending, &position, sink)
        guard position == sizeBytes else { throw DownloadError.endedEarly(received: position, promised: sizeBytes) }
    }

    private func flush(
        _ pending: inout [UInt8], _ position: inout UInt64, _ sink: ([UInt8]) async throws -> Void
    ) async throws {
        guard !pending.isEmpty else { return }
        let bytes = pending
        pending = []
        try await sink(bytes)
        position += UInt64(bytes.count)
    }

    /// One hop to the writing thread for so many bytes.
    private static let batchBytes = 256 * 1024
}

/// The numbers of a `Content-Range: bytes FIRST-LAST/TOTAL` header.
///
/// Source: RFC 9110, section 14.4.
struct ContentRange: Hashable, Sendable {
    let first: UInt64
    let last: UInt64
    /// `nil` when the server does not know.
    let total: UInt64?

    init?(_ text: String?) {
        guard let text, text.lowercased().hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let bounds = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = UInt64(bounds[0]), let last = UInt64(bounds[1]), first <= last else { return nil }
        guard halves[1] == "*" || UInt64(halves[1]) != nil else { return nil }
        self.first = first
        self.last = last
        self.total = UInt64(halves[1])
    }
}

/// A payload could not be fetched.
enum DownloadError: Error, Hashable {
    case unreachable(url: String, reason: String)
    case refused(url: String, status: Int)
    case wrongLength(url: String, promised: UInt64, found: UInt64)
    case badRange(url: String)
    case tooLong(promised: UInt64)
    case endedEarly(received: UInt64, promised: UInt64)
    case interrupted(reason: String)

    /// Whether another connection may bring more.
    var isWorthRepeating: Bool {
        switch self {
        case .unreachable, .endedEarly, .interrupted, .badRange: true
        case .refused(_, let status): status >= 500 || status == 408 || status == 429
        case .wrongLength, .tooLong: false
        }
    }

    /// What update_engine would report: 9, or 11 for a wrong size.
    var updateEngineCode: Int {
        switch self {
        case .wrongLength, .tooLong: 11
        default: 9
        }
    }
}

extension DownloadError: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .unreachable(let url, let reason):
            UserMessage("\(url) did not answer: \(reason).", exit: .unavailable)
        case .refused(let url, let status):
            UserMessage("\(url) answered with HTTP status \(status).", exit: .unavailable)
        case .wrongLength(let url, let promised, let found):
            UserMessage("\(url) has \(found) bytes where the offer says \(promised).", hint: "Does a proxy answer in its place?", exit: .badData)
        case .badRange(let url):
            UserMessage("\(url) answered with another range than was asked for.", exit: .badData)
        case .tooLong(let promised):
            UserMessage("The server sends more than the \(promised) bytes it promised.", exit: .badData)
        case .endedEarly(let received, let promised):
            UserMessage("The download ended after \(received) of \(promised) bytes.", exit: .unavailable)
        case .interrupted(let reason):
            UserMessage("The download was interrupted: \(reason).", exit: .unavailable)
        }
    }
}
