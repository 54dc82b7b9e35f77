import NIOCore
import NIOPosix
import Synchronization

/// Stands between the guest and the server: passes every request on, writes down who fetched which bytes of a payload,
/// and can make payloads slow, so that something may happen in their middle.
package final class WireTap: Sendable {
    /// On 127.0.0.1; a guest reaches it at 10.0.2.2.
    package let port: UInt16

    private struct State {
        var serverPort: UInt16?
        var downloads: [Download] = []
        var pace = Pace()
        var holdsAt: UInt64?
        var requests = 0

        func holds(_ byteCount: UInt64, of download: Int) -> Bool {
            holdsAt.map { downloads[download].position + byteCount > $0 } ?? false
        }
    }

    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private let state = Mutex(State())
    private let listener: NIOAsyncChannel<Connection, Never>

    private init(_ listener: NIOAsyncChannel<Connection, Never>, port: UInt16) {
        self.listener = listener
        self.port = port
    }

    /// Takes a free port of the loopback address. Requests are answered while ``run()`` does.
    package static func listen() async throws -> WireTap {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { asynchronous($0) }
        guard let port = listener.channel.localAddress?.port.flatMap({ UInt16(exactly: $0) }) else {
            throw QemuError.lineBroken(what: "the wire tap", reason: "it has no port")
        }
        return WireTap(listener, port: port)
    }

    // MARK: - For the story

    /// Names the server; before that requests are answered with 503.
    package func forward(to serverPort: UInt16) { state.withLock { $0.serverPort = serverPort } }

    /// `nil`: as fast as the guest takes them.
    package func setPayloadSpeed(bytesPerSecond: Int?) {
        state.withLock { $0.pace.bytesPerSecond = bytesPerSecond }
    }

    /// Lets no byte of a payload through from `place` on, counted in the file; `nil`: all.
    package func holdPayload(at place: UInt64?) { state.withLock { $0.holdsAt = place } }

    /// All fetches of payloads, in the order of their beginnings.
    package var downloads: [Download] { state.withLock { $0.downloads } }

    /// Requests of any kind that came so far.
    package var requestCount: Int { state.withLock { $0.requests } }

    // MARK: - Passing on

    /// Serves until the task is cancelled.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { connections in
                for try await connection in connections {
                    group.addTask {
                        // A guest whose power is cut breaks its connections; the next one is served as well.
                        try? await self.serve(connection)
                    }
                }
            }
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { inbound, _ in
            var pieces = inbound.makeAsyncIterator()
            var bytes: [UInt8] = []
            while RequestHead.read(bytes) == nil {
                guard bytes.count <= RequestHead.byteCountMax, let piece = try await pieces.next() else { return }
                bytes += piece.readableBytesView
            }
            guard let (head, headBytes) = RequestHead.read(bytes) else { return }
            while bytes.count < headBytes + head.contentLength, bytes.count <= Self.bodyBytesMax {
                guard let piece = try await pieces.next() else { return }
                bytes += piece.readableBytesView
            }
            try await answer(head, head.closing + bytes[headBytes...], to: connection.channel)
        }
    }

    /// Bytes of a request with its body: machines send short documents.
    private static let bodyBytesMax = 4 << 20
    private static let nobody = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    /// Written straight to the channel: a write is over when the system has the bytes. An asynchronous channel's own
    /// writer returns before, and its end would throw away what a slow guest has not taken.
    private func answer(_ head: RequestHead, _ request: [UInt8], to guest: any Channel) async throws {
        let serverPort = state.withLock { state in
            state.requests += 1
            return state.serverPort
        }
        guard let serverPort else { return try await guest.writeAndFlush(ByteBuffer(string: Self.nobody)).get() }
        let download = begin(head)
        defer { end(download) }
        let server = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: Int(serverPort)) { Self.asynchronous($0) }
        try await server.executeThenClose { answers, questions in
            try await questions.write(ByteBuffer(bytes: request))
            var counter = AnswerCounter()
            for try await piece in answers {
                let count = counter.bodyBytes(in: Array(piece.readableBytesView))
                try await pause(for: download, count)
                try await guest.writeAndFlush(piece).get()
                note(download, count)
            }
        }
    }

    private static func asynchronous(_ channel: any Channel) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
    }

    // MARK: - Writing down

    /// The place of a new download in the record; `nil` for any other request.
    private func begin(_ head: RequestHead) -> Int? {
        guard head.path.hasPrefix("/payloads/"), head.method == "GET" else { return nil }
        let download = Download(path: head.path, firstByte: head.rangeStart ?? 0, began: .now)
        return state.withLock { state in
            state.downloads.append(download)
            return state.downloads.count - 1
        }
    }

    private func pause(for download: Int?, _ byteCount: Int) async throws {
        guard let download else { return }
        while state.withLock({ $0.holds(UInt64(byteCount), of: download) }) { try await Task.sleep(for: .milliseconds(20)) }
        let time = state.withLock { $0.pace.passes(byteCount, at: .now) }
        try await Task.sleep(until: time, clock: .continuous)
    }

    private func note(_ download: Int?, _ byteCount: Int) {
        guard let download else { return }
        state.withLock { state in
            state.downloads[download].servedBytes += UInt64(byteCount)
            state.downloads[download].lastByteAt = .now
        }
    }

    private func end(_ download: Int?) {
        guard let download else { return }
        state.withLock { $0.downloads[download].hasEnded = true }
    }
}
