import FleetAPI
import FleetModel
import FleetOperations
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing
import UpdateServerKit

@Suite("Authentication")
struct AuthenticationTests {
    @Test(
        "without a valid token the API answers nobody",
        arguments: [
            nil, "Bearer", "Bearer ", "Bearer wrong", "Bearer mlt_00_00", "Basic YWRtaW46YWRtaW4=", "bearer x y",
            "Bearer \u{e9}",
        ])
    func refused(header: String?) async throws {
        try await TestServer(authentication: .token).test { client in
            for path in ["/api/v1/applications", "/api/v1/status", "/api/v1/tokens", "/api/v1/overview"] {
                var headers = HTTPFields()
                headers[.authorization] = header
                let response = try await client.execute(uri: path, method: .get, headers: headers)
                #expect(response.status == .unauthorized)
                #expect(response.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
                #expect(try response.json(Problem.self).status == 401)
            }
        }
    }

    @Test("a token opens what its role allows")
    func roles() async throws {
        let server = TestServer(authentication: .token)
        let admin = try await server.control.createToken(name: "a", role: .admin, by: .local).secret
        let viewer = try await server.control.createToken(name: "v", role: .viewer, by: .local).secret
        try await server.test { client in
            let body = ByteBuffer(string: #"{"id":"x","name":"n"}"#)
            for (secret, reads, writes) in [(admin, 200, 201), (viewer, 200, 403)] {
                let headers: HTTPFields = [.authorization: "Bearer \(secret)", .contentType: "application/json"]
                let reading = try await client.execute(uri: "/api/v1/applications", method: .get, headers: headers)
                #expect(reading.status.code == reads)
                let writing = try await client.execute(
                    uri: "/api/v1/applications", method: .post, headers: headers, body: body)
                #expect(writing.status.code == writes)
            }
        }
    }

    @Test("the page takes a token as a password, the API does not")
    func basic() async throws {
        let server = TestServer(authentication: .token)
        let secret = try await server.control.createToken(name: "a", role: .viewer, by: .local).secret
        let credentials = Data("anyone:\(secret)".utf8).base64EncodedString()
        try await server.test { client in
            let asked = try await client.execute(uri: "/", method: .get)
            #expect(asked.status == .unauthorized)
            #expect(asked.headers[.wwwAuthenticate]?.hasPrefix("Basic") == true)
            let headers: HTTPFields = [.authorization: "Basic \(credentials)"]
            let page = try await client.execute(uri: "/", method: .get, headers: headers)
            #expect(page.status == .ok)
            #expect(page.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            let api = try await client.execute(uri: "/api/v1/status", method: .get, headers: headers)
            #expect(api.status == .unauthorized)
        }
    }

    @Test("machines need no token, nor do health checks")
    func machines() async throws {
        try await TestServer(authentication: .token).test { client in
            let check = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check())
            #expect(check.status == .ok)
            #expect(try await client.execute(uri: "/healthz", method: .get).status == .ok)
            #expect(try await client.execute(uri: "/readyz", method: .get).status == .ok)
        }
    }

    @Test(
        "without tokens only loopback names are ours, so that a rebound name reads nothing",
        arguments: [
            ("localhost", true), ("localhost:8080", true), ("127.0.0.1:8080", true), ("[::1]:8080", true),
            ("[::1]", true),
            ("evil.example", false), ("evil.example:8080", false), ("127.0.0.1.evil.example", false),
            ("10.0.0.1", false),
        ])
    func rebinding(host: String, isOurs: Bool) throws {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: host, path: "/api/v1/status"),
            body: .init(buffer: ByteBuffer()))
        let guardian = BrowserGuard(mode: .none)
        if isOurs {
            try guardian.check(request)
        } else {
            #expect(throws: RequestError.foreignHost(host)) { try guardian.check(request) }
        }
    }
}
