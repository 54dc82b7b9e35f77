import AnyJSON
import ContentTrust
import FleetAPI
import FleetModel
import FleetOperations
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OmahaProtocol
import PayloadStore
import Testing
import UpdateModel
import UpdateServerKit

@Suite("Payloads that lie elsewhere, over HTTP")
struct ElsewhereRouteTests {
    private let place = "/api/v1/applications/flatcar/releases/5000.0.0/payloads/amd64/elsewhere"
    private let bits = TinyPayload.full(blobByteCount: 12_288)
    private let here: PayloadURL
    private let there: PayloadURL

    init() throws {
        here = try PayloadURL("https://a.example/os/update.crau")
        there = try PayloadURL("https://b.example/update.crau")
    }

    private func furnish() async throws -> TestServer {
        let server = TestServer()
        _ = try await server.publish()
        _ = try await server.addEmptyRelease("5000.0.0")
        for url in [here, there] { server.remote.put(bits, mark: "\"1\"", at: url) }
        return server
    }

    private func add(_ body: String, _ client: any TestClientProtocol) async throws -> TestResponse {
        try await client.execute(
            uri: place, method: .post, headers: [.contentType: "application/json"], body: ByteBuffer(string: body))
    }

    @Test("it is added by its URLs, and machines are sent there, whatever groups are private")
    func offered() async throws {
        let server = try await furnish()
        try await server.test { client in
            let digest = StreamDigest.digest(of: bits)
            let made = try await add(#"{"urls":["\#(here)","\#(there)"],"sha256":"\#(digest)"}"#, client)
            #expect(made.status == .created)
            let payload = try made.json(PayloadResource.self)
            #expect(payload.url == here.text && payload.mirrors?.map(\.url) == [here, there])
            #expect(payload.sha256 == digest && payload.format == 1)
            #expect(try await client.execute(uri: "/payloads/\(digest)/update.crau", method: .get).status == .notFound)
            let state = try await client.execute(uri: place, method: .get).json(FetchState.self)
            #expect(state == FetchState(url: nil, received: 0, size: nil), "nothing is fetched any more")
            _ = try await server.control.setChannel(
                ChannelName("stable"), of: server.flatcar, to: payload.version, by: .local)
            let secret = try await server.control.createGroupSecret(of: GroupName("web"), in: server.flatcar, by: .local)
            let answer = try await client.execute(
                uri: "/v1/update/\(secret.text)", method: .post, body: OmahaTests.check(machine: "m1"))
            let check = try #require(OmahaResponse(xml: answer.body.readableBytesView).apps.first?.updateCheck)
            #expect(check.codebases == [here.codebase, there.codebase])
            let package = try #require(check.manifests.first?.packages.first)
            #expect(package.name == "update.crau" && package.size == Int64(bits.count))
        }
    }

    @Test("a payload in trouble is shown, measured, and held for in plain words")
    func trouble() async throws {
        let server = try await furnish()
        try await server.test { client in
            _ = try await add(#"{"urls":["\#(here)"]}"#, client)
            _ = try await server.control.setChannel(
                ChannelName("stable"), of: server.flatcar, to: Version("5000.0.0"), by: .local)
            server.remote.put(nil, at: here)
            try await server.probePayloads()
            let shown = try await client.execute(
                uri: String(place.dropLast("/elsewhere".count)), method: .get).json(PayloadResource.self)
            #expect(shown.mirrors?.first?.trouble == .unavailable && shown.mirrors?.first?.text?.contains("404") == true)
            let answer = try await client.execute(uri: "/v1/update", method: .post, body: OmahaTests.check(machine: "m1"))
            #expect(answer.text.contains(#"hold="payload-unavailable""#) && answer.text.contains("lies elsewhere"))
            let metrics = try await client.execute(uri: "/metrics", method: .get).text
            for line in [
                "martlet_payloads_elsewhere 1", "martlet_payloads_unavailable 1",
                #"martlet_payload_mirrors_in_trouble{reason="unavailable"} 1"#,
                #"martlet_payload_mirrors_in_trouble{reason="different"} 0"#,
            ] {
                #expect(metrics.contains("\n\(line)\n"), "\(line)")
            }
        }
    }

    @Test("what cannot be had where it lies is told from what is wrong in the request")
    func gone() async throws {
        let server = try await furnish()
        try await server.test { client in
            let answer = try await add(#"{"urls":["https://c.example/gone"]}"#, client)
            #expect(answer.status.code == 424 && answer.text.contains("404"))
            #expect(answer.headers[.contentType] == "application/problem+json")
        }
    }

    @Test(
        "what is no list of usable addresses is refused, and no secret is repeated",
        arguments: [
            "{}", #"{"urls":[]}"#, #"{"urls":["ftp://x/y"]}"#, #"{"urls":["https://ada:secret@x/y"]}"#,
            #"{"urls":["https://x/y?secret"]}"#, #"{"urls":"https://x/y"}"#,
            #"{"urls":["https://a.example/os/update.crau"],"sha256":"00"}"#,
        ])
    func refused(body: String) async throws {
        let server = try await furnish()
        try await server.test { client in
            let answer = try await add(body, client)
            #expect(answer.status == .unprocessableContent)
            #expect(!answer.text.contains("secret"))
        }
    }
}
