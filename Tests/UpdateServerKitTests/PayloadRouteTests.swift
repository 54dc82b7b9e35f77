import ContentTrust
import FleetModel
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import PayloadStore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Payload downloads")
struct PayloadRouteTests {
    @Test("a download gives the very bits, and what a cache needs to keep them")
    func whole() async throws {
        let server = TestServer()
        let payload = try await server.publish(payloadBlobByteCount: 300 * 4096)
        try await server.test { client in
            let path = "/payloads/\(payload.sha256)/payload.crau"
            let response = try await client.execute(uri: path, method: .get)
            #expect(response.status == .ok)
            #expect(StreamDigest.digest(of: Array(response.body.readableBytesView)) == payload.sha256)
            #expect(response.headers[.contentLength] == "\(payload.size)")
            #expect(response.headers[.acceptRanges] == "bytes")
            #expect(response.headers[.eTag] == "\"\(payload.sha256)\"")
            #expect(response.headers[.cacheControl]?.contains("immutable") == true)
            let head = try await client.execute(uri: path, method: .head, headers: [.range: "bytes=0-1"])
            #expect(head.status == .ok)
            #expect(head.headers[.contentLength] == "\(payload.size)")
            #expect(head.body.readableBytes == 0)
        }
    }

    @Test(
        "a range gives that part of the bits",
        arguments: [
            ("bytes=0-0", 0, 1), ("bytes=10-", 10, 4096), ("bytes=-7", -7, 7), ("bytes=65530-65550", 65_530, 21),
        ])
    func part(range: String, start: Int, count: Int) async throws {
        let server = TestServer()
        let payload = try await server.publish(payloadBlobByteCount: 32 * 4096)
        try await server.test { client in
            let path = "/payloads/\(payload.sha256)/any-name"
            let all = Array(try await client.execute(uri: path, method: .get).body.readableBytesView)
            let response = try await client.execute(uri: path, method: .get, headers: [.range: range])
            #expect(response.status == .partialContent)
            let first = start < 0 ? all.count + start : start
            let expected = range.hasSuffix("-") ? Array(all[first...]) : Array(all[first..<first + count])
            #expect(Array(response.body.readableBytesView) == expected)
            #expect(
                response.headers[.contentRange] == "bytes \(first)-\(first + expected.count - 1)/\(all.count)")
            #expect(response.headers[.contentLength] == "\(expected.count)")
        }
    }

    @Test("a range outside of the file is refused with its size")
    func outside() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        try await server.test { client in
            let response = try await client.execute(
                uri: "/payloads/\(payload.sha256)/p", method: .get, headers: [.range: "bytes=\(payload.size)-"])
            #expect(response.status == .rangeNotSatisfiable)
            #expect(response.headers[.contentRange] == "bytes */\(payload.size)")
        }
    }

    @Test("If-Range: the part for the same bits, the whole for any others")
    func ifRange() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        try await server.test { client in
            let path = "/payloads/\(payload.sha256)/p"
            let same = try await client.execute(
                uri: path, method: .get, headers: [.range: "bytes=0-9", .ifRange: "\"\(payload.sha256)\""])
            #expect(same.status == .partialContent)
            for other in ["\"abc\"", "W/\"\(payload.sha256)\"", "Sat, 21 Nov 2026 03:00:00 GMT"] {
                let whole = try await client.execute(
                    uri: path, method: .get, headers: [.range: "bytes=0-9", .ifRange: other])
                #expect(whole.status == .ok)
                #expect(whole.body.readableBytes == Int(payload.size))
            }
        }
    }

    @Test("who has the bits already is told so")
    func conditions() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        try await server.test { client in
            let path = "/payloads/\(payload.sha256)/p"
            let known = try await client.execute(
                uri: path, method: .get, headers: [.ifNoneMatch: "\"other\", W/\"\(payload.sha256)\""])
            #expect(known.status == .notModified)
            let other = try await client.execute(uri: path, method: .get, headers: [.ifMatch: "\"other\""])
            #expect(other.status == .preconditionFailed)
        }
    }

    @Test(
        "nothing but a payload can be reached",
        arguments: [
            "/payloads/../../etc/passwd", "/payloads/..%2f..%2fetc/passwd", "/payloads/%2e%2e/%2e%2e",
            "/payloads/0000000000000000000000000000000000000000000000000000000000000000/p", "/payloads/abc/p",
            "/payloads/",
            "/payloads/incoming/x.part",
        ])
    func nothingElse(path: String) async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let response = try await client.execute(uri: path, method: .get)
            #expect(response.status == .notFound)
        }
    }

    @Test("bits that vanish under a download end the connection early, not quietly")
    func shortened() async throws {
        struct Shrinking: PayloadReader {
            let size: UInt64 = 1000
            func read(at offset: UInt64, count: Int) async -> [UInt8] { offset == 0 ? [1, 2, 3] : [] }
        }
        var iterator = PayloadBody(reader: Shrinking(), range: 0..<1000).makeAsyncIterator()
        let first = try await iterator.next()
        #expect(first?.readableBytes == 3)
        do {
            _ = try await iterator.next()
            Issue.record("the body ended as if it were whole")
        } catch is PayloadBody.Truncated {}
    }
}
