import ArgumentParser
import FleetAPI
import FleetCommands
import FleetModel
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing
import UpdateModel

/// A proxy that has no patience, with a server behind it that fetches on.
private final class ImpatientGateway: Sendable {
    /// What the payload turns out to be; `nil` where it is not added.
    let added: PayloadResource?
    private let asked = Mutex<[String]>([])

    init(added: PayloadResource?) { self.added = added }

    var requests: [String] { asked.withLock { $0 } }

    /// - Parameters:
    ///   - payload: where it is asked for.
    ///   - test: gets the server's URL and what a command lets watch over the fetch.
    func run(_ payload: APIPath, _ test: @Sendable (String, FetchWatch) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
        try Data("token".utf8).write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }  // A left-over file spoils no test.
        let router = Router()
        router.on("/**", method: .get) { request, _ in try self.answer(request) }
        router.on("/**", method: .post) { request, _ in try self.answer(request) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await application.test(.live) { client in
            let server = "http://127.0.0.1:\(try #require(client.port))"
            let options = try ConnectionOptions.parse(["--server", server, "--token-file", file])
            try await FleetClient.connected(options) { client in
                try await test(
                    server, FetchWatch(client: client, payload: payload, source: nil, isQuiet: true, pause: {}))
            }
        }
    }

    private func answer(_ request: Request) throws -> Response {
        let isFetch = request.uri.path.hasSuffix("/elsewhere")
        let count = asked.withLock { asked in
            asked.append("\(request.method) \(isFetch ? "elsewhere" : "payload")")
            return asked.count
        }
        if request.method == .post { return Response(status: .gatewayTimeout) }
        if isFetch {
            // The first question meets the proxy's bad moment, the second finds the fetch under way.
            if count == 2 { return Response(status: .badGateway) }
            let url = count == 3 ? try PayloadURL("https://a.example/os/update.crau") : nil
            return try json(FetchState(url: url, received: 1, size: 2))
        }
        return try added.map(json) ?? Response(status: .notFound, body: .init(byteBuffer: problem))
    }

    private var problem: ByteBuffer {
        ByteBuffer(string: #"{"type":"about:blank","title":"Not found","status":404,"detail":"no such payload"}"#)
    }

    private func json(_ value: some Encodable) throws -> Response {
        Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: try APIJSON.encode(value))))
    }
}

@Suite("A proxy that gives up before the server")
struct GatewayTests {
    private let url = "https://a.example/os/update.crau"
    private let place: APIPath
    private let asked: NewPayloadElsewhere

    init() throws {
        place = try PayloadPlace.parse(["--app", "flatcar", "--release", "2.0.0", "--arch", "amd64"]).path
        asked = NewPayloadElsewhere(urls: [try PayloadURL(url)], sha256: nil)
    }

    private func payload(at url: String) throws -> PayloadResource {
        let digest = try #require(SHA256Digest(bytes: [UInt8](repeating: 7, count: 32)))
        var payload = PayloadResource(
            application: .flatcar, version: try Version("2.0.0"), architecture: .amd64, source: nil, sha256: digest,
            sha1: "x", size: 2, fileName: "update.crau", format: 1, url: url, addedAt: .epoch)
        payload.mirrors = [MirrorResource(PayloadMirror(url: try PayloadURL(url), marks: []))]
        return payload
    }

    @Test("a fetch is waited for, and ends as if the answer had come")
    func waits() async throws {
        let gateway = ImpatientGateway(added: try payload(at: url))
        try await gateway.run(place) { [asked, url] _, watch in
            let payload = try await watch.add(asked)
            #expect(payload.url == url)
        }
        let get = "GET elsewhere"
        #expect(gateway.requests == ["POST elsewhere", get, get, get, "GET payload"], "it is asked for once")
    }

    @Test("what was not added, or is not what was asked for, is told apart from it")
    func lost() async throws {
        for gateway in [
            ImpatientGateway(added: nil), ImpatientGateway(added: try payload(at: "https://b.example/update.crau")),
        ] {
            try await gateway.run(place) { [asked] server, watch in
                await #expect(throws: ClientError.fetchLost(server: server)) { _ = try await watch.add(asked) }
            }
        }
    }
}
