import AsyncHTTPClient
import ContentTrust
import NIOCore
import Synchronization
import UpdateLogic
import UpdateModel

/// Where a download goes on.
struct DownloadStart: Sendable {
    var offsetBytes: UInt64
    /// Over everything before; `nil` when it is not known.
    var digest: StreamDigest?
    /// Up to here the payload may be asked for; see ``PayloadSink``.
    var boundBytes: UInt64
}

/// Who takes the bytes of a payload.
struct PayloadSink: Sendable {
    /// Takes the next bytes. Its errors end the download as they are.
    ///
    /// It returns up to which byte the payload may be asked for now: first its header, then its metadata, and the rest
    /// only when it is known that there is room for what it makes.
    var consume: @Sendable ([UInt8]) async throws -> UInt64
    /// Told of each piece as it comes in: which byte of the payload is awaited next.
    var arrived: @Sendable (UInt64) async -> Void = { _ in }
}

/// The bytes of one payload on their way from the network to the slot, over one connection at a time.
///
/// A server that sends everything where the rest was asked for is read from the start; what is known is skipped, and
/// compared by its digest: files that differ are never spliced.
final class PayloadTransfer: Sendable {
    private let web: WebClient
    private let sizeBytes: UInt64
    private let sink: PayloadSink
    private let limits: DownloadLimits
    private let time: DownloadTime
    private let state: Mutex<State>

    private struct State {
        var place: DownloadStart
        var limiter: TransferLimiter
        var watch: StallWatch
    }

    init(
        web: WebClient, sizeBytes: UInt64, start: DownloadStart, limits: DownloadLimits, time: DownloadTime,
        sink: PayloadSink
    ) {
        self.web = web
        self.sizeBytes = sizeBytes
        self.sink = sink
        self.limits = limits
        self.time = time
        let rate = limits.transfer.bytesPerSecond(at: time.localTime())
        self.state = Mutex(
            State(
                place: start, limiter: TransferLimiter(bytesPerSecond: rate, now: time.pauses.now()),
                watch: limits.stallWatch))
    }

    /// The next byte that is wanted: everything before has gone to the sink.
    var position: UInt64 { state.withLock { $0.place.offsetBytes } }

    /// One connection and what is known of its server.
    struct Connection: Sendable {
        var address: WebAddress
        var credentials: String?
        var version: EntityVersion?
        /// See ``PayloadQuestion/isForWhole``.
        var asksForWhole = false
        /// Whether to go on with a server that sends everything where the rest was asked for.
        var readsAnew = true
    }

    /// Reads one answer to its end, or until it stalls.
    /// - Parameter opened: told which state of its file the server speaks of.
    /// - Throws: ``DownloadError``, `CancellationError`, and what the sink throws.
    func read(_ connection: Connection, opened: @escaping @Sendable (EntityVersion?) -> Void) async throws {
        state.withLock { $0.watch = limits.stallWatch }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.readBody(of: try await self.open(connection, opened)) }
            group.addTask { try await self.watchForStall() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func watchForStall() async throws {
        while true {
            try await time.silence.sleep(limits.stall / 4)
            guard state.withLock({ [now = time.silence.now()] in $0.watch.isStalled(now: now) }) else { continue }
            throw DownloadError.stalled(limit: limits.stall, bytesPerSecond: limits.stallBytesPerSecond)
        }
    }

    /// Only the time spent waiting for the network counts as its silence.
    private func waitBegan() { state.withLock { [now = time.silence.now()] in $0.watch.waitBegan(now: now) } }

    private func waitEnded(bringing count: Int) {
        state.withLock { [now = time.silence.now()] in $0.watch.waitEnded(bringing: count, now: now) }
    }

    // MARK: Opening

    private struct Opened: Sendable {
        var body: HTTPClientResponse.Body
        var answer: PayloadAnswer
        /// Up to where it was asked for.
        var askedEnd: UInt64
    }

    private func open(
        _ connection: Connection, _ opened: @Sendable (EntityVersion?) -> Void
    ) async throws -> Opened {
        let address = connection.address
        let place = state.withLock { $0.place }
        let question = PayloadQuestion(
            first: place.offsetBytes, end: max(place.boundBytes, place.offsetBytes + 1), sizeBytes: sizeBytes,
            version: connection.version, isForWhole: connection.asksForWhole)
        var request = WebClient.Request(address)
        request.headers = question.headers
        if address.isEncrypted { request.credentials = connection.credentials }
        do {
            waitBegan()
            let response = try await web.send(request)
            waitEnded(bringing: 1)
            let answer = try PayloadAnswer(response, to: question, url: "\(address)")
            guard answer.first == question.first || connection.readsAnew else {
                throw DownloadError.ignoresRanges(url: "\(address)")
            }
            opened(answer.version)
            return Opened(body: response.body, answer: answer, askedEnd: question.end)
        } catch WebError.unreachable(let address, let reason) {
            throw DownloadError.unreachable(url: "\(address)", reason: reason)
        } catch WebError.badRedirect(let address), WebError.tooManyRedirects(let address) {
            throw DownloadError.badRedirect(url: "\(address)")
        }
    }

    // MARK: Reading

    private func readBody(of opened: Opened) async throws {
        var reader = PayloadReader(answer: opened.answer, known: state.withLock { $0.place })
        var iterator = opened.body.makeAsyncIterator()
        while reader.awaited < sizeBytes {
            let piece: ByteBuffer?
            do {
                waitBegan()
                piece = try await iterator.next()
                try Task.checkCancellation()
                waitEnded(bringing: piece?.readableBytes ?? 0)
            } catch {
                try await handOn(&reader.batch)  // What came before the interruption is good.
                throw error is CancellationError
                    ? error : DownloadError.interrupted(reason: WebClient.reason(error))
            }
            guard let piece else { break }
            try await take(piece, &reader)
        }
        try await handOn(&reader.batch)
        guard reader.awaited >= max(opened.answer.end, opened.askedEnd) else {
            throw DownloadError.endedEarly(received: position, promised: sizeBytes)
        }
    }

    private func take(_ piece: ByteBuffer, _ reader: inout PayloadReader) async throws {
        let outcome = Result { () throws(DownloadError) in try reader.take(piece.readableBytesView) }
        let bound = state.withLock { $0.place.boundBytes }
        if reader.batch.count >= limits.batchBytes || reader.awaited >= bound { try await handOn(&reader.batch) }
        await sink.arrived(reader.awaited)
        try outcome.get()
        try await holdBack(after: piece.readableBytes)
    }

    private func handOn(_ batch: inout [UInt8]) async throws {
        while !batch.isEmpty {
            let place = state.withLock { $0.place }
            let room = place.boundBytes > place.offsetBytes ? place.boundBytes - place.offsetBytes : UInt64(batch.count)
            let bytes = Array(batch.prefix(Int(min(room, UInt64(batch.count)))))
            batch.removeFirst(bytes.count)
            let bound = try await sink.consume(bytes)
            state.withLock { state in
                state.place.offsetBytes += UInt64(bytes.count)
                state.place.digest?.update(bytes)
                state.place.boundBytes = min(bound, sizeBytes)
            }
        }
    }

    // MARK: The limit

    /// Waits until what has arrived is paid for. Looks at the hours again with each minute.
    private func holdBack(after count: Int) async throws {
        var wait = setRate { limiter, now in limiter.received(count, now: now) }
        while wait > .zero {
            let longest = limits.transfer.rules.isEmpty ? wait : time.localTime().untilNextMinute
            try await time.pauses.sleep(min(wait, longest))
            wait = setRate { limiter, now in limiter.wait(now: now) }
        }
    }

    private func setRate(_ body: (inout TransferLimiter, Duration) -> Duration) -> Duration {
        let rate = limits.transfer.bytesPerSecond(at: time.localTime())
        return state.withLock { [now = time.pauses.now()] state in
            state.limiter.setRate(rate, now: now)
            return body(&state.limiter, now)
        }
    }
}
