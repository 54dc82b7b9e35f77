import FleetTestKit
import NIOCore
import NIOPosix
import QemuKit
import Testing

@Suite("The wire tap")
struct WireTapTests {
    @Test("passes on what the server says, byte for byte, and writes down what was fetched")
    func record() async throws {
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await withTap(content) { tap, server in
            let whole = try await fetch("GET /payloads/ab/x HTTP/1.1", from: tap.port)
            #expect(whole.suffix(content.count) == content[...])
            let rest = try await fetch("GET /payloads/ab/x HTTP/1.1\r\nRange: bytes=299000-", from: tap.port)
            #expect(rest.suffix(1000) == content.suffix(1000))
            _ = try await fetch("GET /v1/other HTTP/1.1", from: tap.port)
            #expect(tap.downloads.map(\.firstByte) == [0, 299_000])
            #expect(tap.downloads.map(\.servedBytes) == [300_000, 1000])
            #expect(tap.requestCount == 3)
            #expect(server.requests.map(\.headers["connection"]) == ["close", "close", "close"])
        }
    }

    @Test("passes on the body of a question")
    func question() async throws {
        try await withTap([]) { tap, server in
            server.behave(.answers(status: 200, contentType: "text/xml", body: "<response/>"))
            let head = "POST /v1/update/ HTTP/1.1\r\nContent-Length: 6"
            let answer = try await fetch(head, body: "<app/>", from: tap.port)
            #expect(String(decoding: answer, as: UTF8.self).hasSuffix("<response/>"))
            #expect(server.requests.first?.method == "POST")
            #expect(tap.downloads.isEmpty)
        }
    }

    @Test("is as slow with payloads as it is told, and with nothing else")
    func slow() async throws {
        try await withTap([UInt8](repeating: 1, count: 200_000)) { tap, _ in
            tap.setPayloadSpeed(bytesPerSecond: 1_000_000)
            let began = ContinuousClock.now
            _ = try await fetch("GET /payloads/x HTTP/1.1", from: tap.port)
            // The last piece leaves when its time has come, not when it is over.
            #expect(ContinuousClock.now - began > .milliseconds(100))
        }
    }

    @Test("holds a payload at a place in the file, and lets it go on")
    func held() async throws {
        try await withTap([UInt8](repeating: 1, count: 400_000)) { tap, _ in
            tap.holdPayload(at: 150_000)
            async let answer = fetch("GET /payloads/x HTTP/1.1\r\nRange: bytes=100000-", from: tap.port)
            while tap.downloads.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            // Other questions are answered meanwhile.
            _ = try await fetch("GET /v1/other HTTP/1.1", from: tap.port)
            #expect(tap.downloads.allSatisfy { $0.position <= 150_000 && !$0.hasEnded })
            tap.holdPayload(at: nil)
            #expect(try await answer.count > 300_000)
        }
    }

    @Test("hands everything to a guest that is slower than the server")
    func slowGuest() async throws {
        try await withTap([UInt8](repeating: 1, count: 24 << 20)) { tap, _ in
            for _ in 0..<4 {
                let answer = try await fetch("GET /payloads/x HTTP/1.1", from: tap.port) { piece in
                    // As long as a guest takes to look at what came.
                    for _ in 0..<20 { _ = piece.readableBytesView.reduce(0) { $0 &+ Int($1) } }
                }
                #expect(answer.count > 24 << 20)
            }
        }
    }

    @Test("goes on when a guest is cut off in the middle of a payload")
    func cutOff() async throws {
        try await withTap([UInt8](repeating: 1, count: 8 << 20)) { tap, _ in
            tap.setPayloadSpeed(bytesPerSecond: 4 << 20)
            try await begin("GET /payloads/x HTTP/1.1", at: tap.port)
            while tap.downloads.first?.hasEnded != true { try await Task.sleep(for: .milliseconds(10)) }
            let served = try #require(tap.downloads.first).servedBytes
            #expect(served < 8 << 20)
            tap.setPayloadSpeed(bytesPerSecond: nil)
            #expect(try await fetch("GET /payloads/x HTTP/1.1", from: tap.port).count > 8 << 20)
        }
    }

    // MARK: - Support

    private func withTap(
        _ content: [UInt8], _ body: @Sendable @escaping (WireTap, StallingServer) async throws -> Void
    ) async throws {
        let server = try StallingServer(content: content)
        let tap = try await WireTap.listen()
        tap.forward(to: UInt16(server.port))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tap.run() }
            group.addTask { try await body(tap, server) }
            try await group.next()
            group.cancelAll()
        }
        server.stop()
    }

    private func connect(_ port: UInt16) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
    }

    /// The whole answer, with its head.
    private func fetch(
        _ head: String, body: String = "", from port: UInt16, _ look: @Sendable (ByteBuffer) -> Void = { _ in }
    ) async throws -> [UInt8] {
        try await connect(port).executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "\(head)\r\nHost: h\r\n\r\n\(body)"))
            var bytes: [UInt8] = []
            for try await piece in inbound {
                bytes += piece.readableBytesView
                look(piece)
            }
            return bytes
        }
    }

    /// Asks, takes the first piece of the answer, and hangs up.
    private func begin(_ head: String, at port: UInt16) async throws {
        try await connect(port).executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "\(head)\r\nHost: h\r\n\r\n"))
            for try await _ in inbound { break }
        }
    }
}
