import FleetAPI
import FleetModel
import FleetOperations
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import PayloadStore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("API")
struct APITests {
    static let app = "/api/v1/applications/flatcar"

    @Test("a release goes from nothing to a channel through the API alone")
    func journey() async throws {
        try await TestServer().test { client in
            try await create(client, "/api/v1/applications", #"{"id":"\#(TestServer.application)","name":"flatcar"}"#)
            try await create(client, "\(Self.app)/releases", #"{"version":"2.0.0","notes":"new"}"#)
            let bits = TinyPayload.full(blobByteCount: 8192)
            let added = try await client.execute(
                uri: "\(Self.app)/releases/2.0.0/payloads/amd64?name=os.crau", method: .put,
                body: ByteBuffer(bytes: bits))
            #expect(added.status == .created)
            let payload = try added.json(PayloadResource.self)
            #expect(payload.size == UInt64(bits.count))
            #expect(payload.url == "http://updates.test/payloads/\(payload.sha256)/os.crau")
            let channel = try await client.execute(
                uri: "\(Self.app)/channels/alpha", method: .put, headers: Self.json,
                body: ByteBuffer(string: #"{"version":"2.0.0"}"#))
            #expect(try channel.json(ChannelResource.self).version?.text == "2.0.0")
            let promoted = try await client.execute(
                uri: "\(Self.app)/channels/alpha/promote", method: .post, headers: Self.json,
                body: ByteBuffer(string: #"{"to":"beta"}"#))
            #expect(try promoted.json(ChannelResource.self).version?.text == "2.0.0")
            try await create(client, "\(Self.app)/groups", #"{"name":"web","track":"beta","channel":"beta"}"#)
            let edit = #"{"policy":{"maxInProgress":2,"stopAfterFailures":null}}"#
            let edited = try await client.execute(
                uri: "\(Self.app)/groups/web", method: .patch, headers: Self.json, body: ByteBuffer(string: edit))
            let policy = try edited.json(GroupResource.self).policy
            #expect(policy.maxInProgress == 2)
            #expect(policy.stopAfterFailures == nil)
            #expect(policy.enabled)
        }
    }

    @Test("promotion refuses bits that are not those that were added")
    func damagedBits() async throws {
        let server = TestServer()
        let payload = try await server.publish()
        server.payloads.damage(payload.sha256)
        try await server.test { client in
            let response = try await client.execute(
                uri: "\(Self.app)/channels/stable/promote", method: .post, headers: Self.json,
                body: ByteBuffer(string: #"{"to":"beta"}"#))
            #expect(response.status == .conflict)
            #expect(try response.json(Problem.self).detail.contains("is not the one that was added"))
        }
    }

    @Test("a list has its items and the total of all")
    func lists() async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            for machine in ["a", "b", "c"] {
                _ = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: machine))
            }
            let response = try await client.execute(uri: "/api/v1/machines?limit=1&offset=1", method: .get)
            let page = try response.json(ListPage<MachineResource>.self)
            #expect(page.items.map(\.id.rawValue) == ["b"])
            #expect(page.total == 3)
        }
    }

    @Test(
        "every refusal is a problem document with its status",
        arguments: [
            (HTTPRequest.Method.get, "/api/v1/nothing", "", 404),
            (.get, "/api/v1/applications/none", "", 404),
            (.get, "/api/v1/applications/flatcar/releases/9.9.9", "", 404),
            (.post, "/api/v1/applications", #"{"id":"\#(TestServer.application)","name":"again"}"#, 409),
            (.post, "/api/v1/applications", "{", 422),
            (.post, "/api/v1/applications", #"{"id":"x"}"#, 422),
            (.post, "/api/v1/applications", #"{"id":"a b","name":"n"}"#, 422),
            (.post, "/api/v1/applications", #"{"id":"x","name":""}"#, 422),
            (.delete, "/api/v1/applications/flatcar", "", 409),
            (.delete, "/api/v1/applications/flatcar/releases/4000.0.0", "", 409),
            (.get, "/api/v1/machines?limit=0", "", 400),
            (.get, "/api/v1/machines?limit=many", "", 400),
            (.get, "/api/v1/machines?limit=", "", 400),
            (.get, "/api/v1/machines?group=", "", 422),
            (.get, "/api/v1/machines?stage=lost", "", 400),
            (.get, "/api/v1/applications/%zz", "", 400),
            (.post, "/api/v1/applications/flatcar/groups/web/resume", "{}", 409),
        ])
    func refusals(method: HTTPRequest.Method, path: String, body: String, status: Int) async throws {
        let server = TestServer()
        _ = try await server.publish()
        try await server.test { client in
            let response = try await client.execute(
                uri: path, method: method, headers: body.isEmpty ? [:] : Self.json, body: ByteBuffer(string: body))
            #expect(response.status.code == status)
            #expect(response.headers[.contentType] == Problem.mediaType)
            let problem = try response.json(Problem.self)
            #expect(problem.status == status)
            #expect(!problem.detail.isEmpty && !problem.title.isEmpty)
        }
    }

    @Test("a body that does not say it is JSON is refused, which keeps simple cross-site forms out")
    func contentType() async throws {
        try await TestServer().test { client in
            let response = try await client.execute(
                uri: "/api/v1/applications", method: .post, headers: [.contentType: "text/plain"],
                body: ByteBuffer(string: #"{"id":"x","name":"n"}"#))
            #expect(response.status == .unsupportedMediaType)
        }
    }

    @Test("a request that a web page makes may not change anything")
    func fromAWebPage() async throws {
        try await TestServer().test { client in
            var headers = Self.json
            headers[.origin] = "https://evil.example"
            let response = try await client.execute(
                uri: "/api/v1/applications", method: .post, headers: headers,
                body: ByteBuffer(string: #"{"id":"x","name":"n"}"#))
            #expect(response.status == .forbidden)
        }
    }

    @Test("a JSON body of more than 64 KiB is refused")
    func longBody() async throws {
        try await TestServer().test { client in
            let response = try await client.execute(
                uri: "/api/v1/applications", method: .post, headers: Self.json,
                body: ByteBuffer(repeating: 0x20, count: 64 * 1024 + 1))
            #expect(response.status == .contentTooLarge)
        }
    }

    private static let json: HTTPFields = [.contentType: "application/json"]

    private func create(_ client: any TestClientProtocol, _ path: String, _ body: String) async throws {
        let response = try await client.execute(
            uri: path, method: .post, headers: Self.json, body: ByteBuffer(string: body))
        #expect(response.status == .created, "\(path): \(response.text)")
    }
}
