import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization
import UpdateLogic
import UpdateModel

/// The bytes of one payload on their way from the network to the slot, over one connection at a time.
///
/// What a server says about itself is checked before a byte is used: status, length, range. A server that ignores
/// ranges is read from the start, and what is known is skipped.
final class PayloadTransfer: Sendable {
    private let web: WebClient
    private let source: PayloadDownload.Source
    private let sink: @Sendable ([UInt8]) async throws -> Void
    private let state: Mutex<State>
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now
    private let stall: Duration
    /// One hop to the writing thread for so many bytes.
    private static let batchBytes = 256 * 1024

    private struct State {
        var position: UInt64
        var limiter: TransferLimiter
        var watch: StallWatch
    }

    init(
        web: WebClient, source: PayloadDownload.Source, offsetBytes: UInt64, stall: Duration, bytesPerSecond: UInt64,
        sink: @escaping @Sendable ([UInt8]) async throws -> Void
    ) {
        self.web = web
        self.source = source
        self.sink = sink
        self.stall = stall
        let limiter = TransferLimiter(bytesPerSecond: bytesPerSecond, now: .zero)
        self.state = Mutex(State(position: offsetBytes, limiter: limiter, watch: StallWatch(limit: stall)))
    }

    /// The next byte that is wanted: everything before has gone to the sink.
    var position: UInt64 { state.withLock { $0.position } }

    /// Reads one connection to its end, or until it stalls.
    /// - Throws: ``DownloadError``, `CancellationError`, and what the sink throws.
    func connect(to address: WebAddress) async throws {
        state.withLock { $0.watch = StallWatch(limit: stall) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.read(from: address) }
            group.addTask { try await self.watchForStall() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private var now: Duration { clock.now - start }

    private func watchForStall() async throws {
        while true {
            try await clock.sleep(for: stall / 4)
            if state.withLock({ [now] in $0.watch.isStalled(now: now) }) { throw DownloadError.stalled(limit: stall) }
        }
    }

    // MARK: Opening

    private struct Opened: Sendable {
        var body: HTTPClientResponse.Body
        /// How many bytes at the beginning of the body are known already.
        var skipBytes: UInt64
    }

    private func open(_ address: WebAddress) async throws -> Opened {
        let position = position
        var request = WebClient.Request(address)
        if position > 0 { request.headers.add(name: "Range", value: "bytes=\(position)-") }
        if address.isEncrypted { request.credentials = source.credentials }
        do {
            state.withLock { [now] in $0.watch.waitBegan(now: now) }
            let response = try await web.send(request)
            state.withLock { [now] in $0.watch.waitEnded(bringing: 1, now: now) }
            return Opened(body: response.body, skipBytes: try checked(response, address, position))
        } catch WebError.unreachable(let address, let reason) {
            throw DownloadError.unreachable(url: "\(address)", reason: reason)
        } catch WebError.badRedirect(let address), WebError.tooManyRedirects(let address) {
            throw DownloadError.badRedirect(url: "\(address)")
        }
    }

    private func checked(
        _ response: HTTPClientResponse, _ address: WebAddress, _ position: UInt64
    ) throws(DownloadError) -> UInt64 {
        let url = "\(address)"
        switch response.status {
        case .ok:
            let length = response.headers.first(name: "Content-Length").flatMap { UInt64($0) }
            try check(length, url)
            return position
        case .partialContent where position > 0:
            guard let range = ContentRange(response.headers.first(name: "Content-Range")), range.first == position
            else { throw .badRange(url: url) }
            try check(range.total, url)
            return 0
        default:
            throw .refused(url: url, status: Int(response.status.code))
        }
    }

    private func check(_ length: UInt64?, _ url: String) throws(DownloadError) {
        guard let length, length != source.sizeBytes else { return }
        throw .wrongLength(url: url, promised: source.sizeBytes, found: length)
    }

    // MARK: Reading

    private func read(from address: WebAddress) async throws {
        let opened = try await open(address)
        var skip = opened.skipBytes
        var batch: [UInt8] = []
        var iterator = opened.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                state.withLock { [now] in $0.watch.waitBegan(now: now) }
                piece = try await iterator.next()
                try Task.checkCancellation()
                state.withLock { [now] in $0.watch.waitEnded(bringing: piece?.readableBytes ?? 0, now: now) }
            } catch {
                try await handOn(&batch)  // What came before the interruption is good.
                throw error is CancellationError
                    ? error : DownloadError.interrupted(reason: WebClient.reason(error))
            }
            guard let piece else { break }
            try add(piece, to: &batch, skipping: &skip)
            if batch.count >= Self.batchBytes { try await handOn(&batch) }
            try await holdBack(after: piece.readableBytes)
        }
        try await handOn(&batch)
        guard position == source.sizeBytes else {
            throw DownloadError.endedEarly(received: position, promised: source.sizeBytes)
        }
    }

    private func add(_ piece: ByteBuffer, to batch: inout [UInt8], skipping skip: inout UInt64) throws(DownloadError) {
        var view = piece.readableBytesView[...]
        let dropped = min(skip, UInt64(view.count))
        skip -= dropped
        view = view.dropFirst(Int(dropped))
        guard UInt64(view.count) <= source.sizeBytes - position - UInt64(batch.count) else {
            throw .tooLong(promised: source.sizeBytes)
        }
        batch.append(contentsOf: view)
    }

    private func holdBack(after count: Int) async throws {
        let wait = state.withLock { [now] in $0.limiter.received(count, now: now) }
        if wait > .zero { try await clock.sleep(for: wait) }
    }

    private func handOn(_ batch: inout [UInt8]) async throws {
        guard !batch.isEmpty else { return }
        let bytes = batch
        batch = []
        try await sink(bytes)
        state.withLock { $0.position += UInt64(bytes.count) }
    }
}
