import ContentTrust
import FleetModel
import FoundationEssentials
import NIOCore
import Testing
import UpdateModel
import UpdateServerKit

/// Peers on a real connection that do not keep the rules.
@Suite("Hostile peers", .serialized)
struct HostilePeerTests {
    @Test(
        "an endless chunked body is refused at the limit, and the connection ends",
        arguments: [
            "POST /v1/update/ HTTP/1.1", "POST /api/v1/applications HTTP/1.1",
        ])
    func endlessBody(start: String) async throws {
        try await TestServer().live { port in
            let connection = try RawConnection(port: port)
            connection.send(
                "\(start)\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "1000\r\n" + String(repeating: " ", count: 4096) + "\r\n"
            var sent = 0
            while sent < 100_000, connection.send(chunk) { sent += 1 }
            #expect(sent < 100_000, "the server took 400 MB")
        }
    }

    @Test(
        "a declared length beyond the limit is refused at once, before a byte of the body",
        arguments: ["POST /v1/update/ HTTP/1.1", "POST /api/v1/applications HTTP/1.1"])
    func declaredLength(start: String) async throws {
        try await TestServer().live { port in
            let connection = try RawConnection(port: port)
            connection.send(
                "\(start)\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n")
            #expect(String(decoding: connection.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 413"))
        }
    }

    @Test("a body that does not come in time costs its sender the connection")
    func drippingBody() async throws {
        var server = TestServer()
        server.patience.body = .milliseconds(100)
        try await server.live { port in
            let connection = try RawConnection(port: port)
            let start = ContinuousClock.now
            connection.send("POST /v1/update/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n<")
            #expect(!String(decoding: connection.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
            #expect(ContinuousClock.now - start < .seconds(15))
        }
    }

    @Test("slow bodies are found beside each other, and again after all that came in time")
    func drippingBodiesInTurn() async throws {
        var server = TestServer()
        server.patience.body = .seconds(1)
        try await server.live { port in
            let start = ContinuousClock.now
            for _ in 0..<3 {
                let slow = try [RawConnection(port: port), RawConnection(port: port), RawConnection(port: port)]
                for connection in slow {
                    connection.send("POST /v1/update/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n<")
                }
                let quick = try RawConnection(port: port)
                quick.send(
                    "POST /v1/update/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\n<")
                #expect(String(decoding: quick.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 400"))
                for connection in slow {
                    #expect(!String(decoding: connection.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
                }
            }
            // One connection that is left open keeps its reader for 20 seconds.
            #expect(ContinuousClock.now - start < .seconds(15))
        }
    }

    @Test("a download that nobody takes ends")
    func stalledDownload() async throws {
        var server = TestServer()
        server.patience.stall = .milliseconds(100)
        let payload = try await server.publish(payloadBlobByteCount: 4096 * 4096)
        try await server.live { port in
            let reader = try RawConnection(port: port, receiveByteCount: 4096)
            reader.send("GET /payloads/\(payload.sha256)/p HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(!reader.receive(16).isEmpty)
            // The kernel keeps what it took; only time shows that the rest never comes.
            try await Task.sleep(for: .seconds(4))
            #expect(reader.receiveAll().count < Int(payload.size))
        }
    }

    @Test(
        "an answer to HEAD has no body, so that the next answer on the connection is not misread",
        arguments: [
            ("/", 200), ("/healthz", 200), ("/readyz", 200), ("/api/v1/status", 200), ("/payloads/xx/y", 404),
            ("/nothing", 404), ("/api/v1/nothing", 404),
        ])
    func head(path: String, status: Int) async throws {
        try await TestServer().live { port in
            let connection = try RawConnection(port: port)
            connection.send("HEAD \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            connection.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            let text = String(decoding: connection.receiveAll(), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 \(status)"))
            let end = try #require(text.firstRange(of: "\r\n\r\n"))
            #expect(text[end.upperBound...].hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test(
        "what is no HTTP is answered with 400 and the connection's end",
        arguments: [
            "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\u{0} HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n:::\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ])
    func notHTTP(text: String) async throws {
        try await TestServer().live { port in
            let connection = try RawConnection(port: port)
            connection.send(text)
            let answer = String(decoding: connection.receiveAll(), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"))
            let next = try RawConnection(port: port)
            next.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(String(decoding: next.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("headers of a hundred kilobytes are refused")
    func longHeaders() async throws {
        try await TestServer().live { port in
            let connection = try RawConnection(port: port)
            connection.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n")
            #expect(!String(decoding: connection.receive(1024), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("two hundred readers that take nothing cost little memory, and the next one is served at once")
    func slowReaders() async throws {
        let server = TestServer()
        let payload = try await server.publish(payloadBlobByteCount: 4096 * 4096)
        try await server.live { port in
            let request = "GET /payloads/\(payload.sha256)/p HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            let before = ResidentMemory.byteCount
            var readers: [RawConnection] = []
            for _ in 0..<200 {
                let reader = try RawConnection(port: port, receiveByteCount: 4096)
                reader.send(request + "\r\n")
                #expect(!reader.receive(16).isEmpty)
                readers.append(reader)
            }
            let next = try RawConnection(port: port)
            next.send(request + "Connection: close\r\n\r\n")
            let answer = next.receiveAll()
            #expect(answer.count > Int(payload.size))
            #expect(StreamDigest.digest(of: answer.suffix(Int(payload.size))) == payload.sha256)
            let grown = ResidentMemory.byteCount - before
            #expect(grown < 200 * 512 << 10, "grew by \(grown) bytes")
            withExtendedLifetime(readers) {}
        }
    }

    @Test("a reader that goes away in the middle leaves a server that serves")
    func brokenReader() async throws {
        let server = TestServer()
        let payload = try await server.publish(payloadBlobByteCount: 2048 * 4096)
        try await server.live { port in
            for _ in 0..<20 {
                let reader = try RawConnection(port: port)
                reader.send("GET /payloads/\(payload.sha256)/p HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                _ = reader.receive(1000)
            }
            let next = try RawConnection(port: port)
            next.send("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(String(decoding: next.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        }
    }
}
