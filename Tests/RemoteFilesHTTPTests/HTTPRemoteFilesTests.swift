import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import PayloadStore
import RemoteFilesHTTP
import Synchronization
import Testing
import UpdateModel

/// A server of files on the loopback address, and what it was asked.
private final class FileServer: Sendable {
    static let bits = [UInt8](repeating: 3, count: 300_000)
    private let seen = Mutex<[String]>([])

    var requests: [String] { seen.withLock { $0 } }

    func run(_ test: @Sendable (Int) async throws -> Void) async throws {
        let router = Router()
        router.on("/**", method: .head) { request, _ in self.answer(request) }
        router.on("/**", method: .get) { request, _ in self.answer(request) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: logger)
        try await application.test(.live) { client in try await test(try #require(client.port)) }
    }

    private func answer(_ request: Request) -> Response {
        seen.withLock { $0.append("\(request.method) \(request.uri.path)") }
        let bits = ResponseBody(byteBuffer: ByteBuffer(bytes: Self.bits))
        let isHead = request.method == .head
        switch request.uri.path {
        case "/file": return Response(status: .ok, headers: [.eTag: "\"1\""], body: bits)
        case "/dated": return Response(status: .ok, headers: [.lastModified: "Mon, 01 Jan 2024 00:00:00 GMT"], body: bits)
        case "/headless" where isHead: return Response(status: .methodNotAllowed)
        case "/get-only" where isHead: return Response(status: .notFound)
        case "/empty-head" where isHead: return Response(status: .ok)
        case "/empty":
            return isHead
                ? Response(status: .ok)
                : Response(status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */0"])
        case "/headless", "/get-only", "/empty-head":
            let range: HTTPFields = [.eTag: "\"1\"", .contentRange: "bytes 0-0/300000"]
            return Response(status: .partialContent, headers: range, body: ResponseBody(byteBuffer: ByteBuffer(bytes: [3])))
        case "/moved": return Response(status: .found, headers: [.location: "/file?signed=1"])
        case "/loop": return Response(status: .found, headers: [.location: "/loop"])
        case "/inside": return Response(status: .found, headers: [.location: "http://169.254.169.254/latest/meta-data"])
        case "/scheme": return Response(status: .found, headers: [.location: "file:///etc/passwd"])
        case "/user": return Response(status: .found, headers: [.location: "http://ada:secret@127.0.0.1/file"])
        case "/packed": return Response(status: .ok, headers: [.contentEncoding: "gzip"], body: bits)
        case "/broken": return Response(status: .internalServerError)
        default: return Response(status: .notFound)
        }
    }
}

@Suite("Files elsewhere, over HTTP")
struct HTTPRemoteFilesTests {
    private let loopback: HTTPRemoteFiles

    init() throws { loopback = HTTPRemoteFiles(allowing: [try #require(NetworkPrefix("127.0.0.0/8"))]) }

    private func url(_ port: Int, _ path: String, host: String = "127.0.0.1") throws -> PayloadURL {
        try PayloadURL("http://\(host):\(port)/\(path)")
    }

    private func readWhole(_ files: HTTPRemoteFiles, _ url: PayloadURL) async throws -> (RemoteFile, [UInt8]) {
        try await files.read(url) { file, nextChunk in
            var bytes: [UInt8] = []
            while let chunk = try await nextChunk() { bytes += chunk }
            return (file, bytes)
        }
    }

    @Test("a file is read in pieces, with its size and the name of its state", arguments: ["file", "moved"])
    func read(path: String) async throws {
        try await FileServer().run { port in
            let (file, bytes) = try await readWhole(loopback, url(port, path))
            #expect(file == RemoteFile(size: 300_000, mark: "\"1\""))
            #expect(bytes == FileServer.bits)
        }
    }

    @Test("a probe reads nothing; a server without HEAD, or whose HEAD does not say the right size, is asked for one byte")
    func probe() async throws {
        let server = FileServer()
        try await server.run { port in
            for path in ["file", "moved", "headless", "get-only", "empty-head"] {
                let file = try await loopback.probe(url(port, path), expecting: 300_000)
                #expect(file == RemoteFile(size: 300_000, mark: "\"1\""), "\(path)")
            }
            let dated = try await loopback.probe(url(port, "dated"), expecting: 300_000)
            #expect(dated.mark == "Mon, 01 Jan 2024 00:00:00 GMT")
            #expect(server.requests.contains("GET /headless"))
            #expect(!server.requests.contains("GET /file"))
            #expect(try await loopback.probe(url(port, "empty"), expecting: 300_000).size == 0)
            #expect(try await loopback.probe(url(port, "file"), expecting: 5).size == 300_000)
        }
    }

    @Test(
        "what is not there, goes in circles, or leads where nothing may be fetched is said in words",
        arguments: [
            ("nothing", "status 404"), ("broken", "status 500"), ("loop", "more than 5 times"), ("scheme", "nowhere"),
            ("user", "nowhere"),
        ])
    func refused(path: String, words: String) async throws {
        try await FileServer().run { port in
            let url = try url(port, path)
            let read = await #expect(throws: RemoteFileError.self) { try await readWhole(loopback, url) }
            let probe = await #expect(throws: RemoteFileError.self) { try await loopback.probe(url, expecting: 5) }
            for error in [read, probe] {
                #expect(error?.userMessage.text.contains(words) == true, "\(String(describing: error))")
                #expect(error?.userMessage.line.contains("secret") == false)
            }
        }
    }

    @Test("a packed answer is refused: its bits are not the file's")
    func packed() async throws {
        try await FileServer().run { port in
            let error = await #expect(throws: RemoteFileError.self) { try await readWhole(loopback, url(port, "packed")) }
            #expect(error?.userMessage.text.contains("gzip") == true)
        }
    }

    @Test("nobody makes the server ask its own network: not by an address, a name, a number, or a redirect")
    func forgery() async throws {
        let server = FileServer()
        let strict = HTTPRemoteFiles(allowing: [])
        try await server.run { port in
            for host in ["127.0.0.1", "localhost", "2130706433", "127.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"] {
                let url = try url(port, "file", host: host)
                let error = await #expect(throws: RemoteFileError.self) { try await readWhole(strict, url) }
                guard case .forbidden = error else {
                    // A machine without IPv6 does not even know the address.
                    #expect(host.hasPrefix("["), "\(host): \(String(describing: error))")
                    continue
                }
            }
            #expect(server.requests == [])
            let inside = try url(port, "inside")
            for read in [true, false] {
                let error = await #expect(throws: RemoteFileError.self) {
                    if read {
                        _ = try await readWhole(loopback, inside)
                    } else {
                        _ = try await loopback.probe(inside, expecting: 5)
                    }
                }
                #expect(error == .forbidden(inside))
                #expect(error?.userMessage.line.contains("169") == false, "who asks learns nothing of the network")
            }
        }
    }

    @Test("a name is looked up once, and the connection goes where that led")
    func name() async throws {
        try await FileServer().run { port in
            let (_, bytes) = try await readWhole(loopback, url(port, "file", host: "localhost"))
            #expect(bytes.count == 300_000)
        }
    }

    @Test("a server that says nothing does not hold anybody up")
    func silence() async throws {
        var limits = FetchLimits()
        limits.silence = .milliseconds(200)
        limits.probe = .milliseconds(200)
        let files = HTTPRemoteFiles(allowing: [try #require(NetworkPrefix("127.0.0.0/8"))], limits: limits)
        try await SilentServer.run { port in
            let url = try url(port, "file")
            let read = await #expect(throws: RemoteFileError.self) { try await readWhole(files, url) }
            let probe = await #expect(throws: RemoteFileError.self) { try await files.probe(url, expecting: 5) }
            for error in [read, probe] { #expect(error?.userMessage.text.contains("in time") == true) }
        }
    }

    @Test(
        "a server that gives a byte now and then is given up, in the head and in the body, with a size and without",
        .timeLimit(.minutes(1)),
        arguments: [
            "", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        ])
    func trickle(head: String) async throws {
        var limits = FetchLimits()
        limits.patience = .milliseconds(300)
        let files = HTTPRemoteFiles(allowing: [try #require(NetworkPrefix("127.0.0.0/8"))], limits: limits)
        try await CannedServer(head: head, trickle: ("H", .milliseconds(20))).run { port in
            let url = try url(port, "file")
            let error = await #expect(throws: RemoteFileError.self) { try await readWhole(files, url) }
            guard case .unavailable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a file may take no longer than the longest time of all, however fast it comes", .timeLimit(.minutes(1)))
    func endless() async throws {
        var limits = FetchLimits()
        (limits.leastRate, limits.whole) = (1, .milliseconds(300))
        let files = HTTPRemoteFiles(allowing: [try #require(NetworkPrefix("127.0.0.0/8"))], limits: limits)
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        let piece = String(repeating: "x", count: 10_000)
        try await CannedServer(head: head, trickle: (piece, .milliseconds(10))).run { port in
            let error = await #expect(throws: RemoteFileError.self) { try await readWhole(files, url(port, "file")) }
            #expect(error?.userMessage.text.contains("come to an end") == true)
        }
    }

    @Test("what nothing is fetched from is told to the operator")
    func noted() async throws {
        let noted = Mutex<[String]>([])
        let strict = HTTPRemoteFiles(
            allowing: [],
            noteForbidden: { url, address in noted.withLock { $0.append("\(url) \(address)") } })
        let url = try url(80, "x", host: "localhost")
        await #expect(throws: RemoteFileError.forbidden(url)) { try await strict.probe(url, expecting: 5) }
        #expect(noted.withLock { $0.contains("\(url) 127.0.0.1") || $0.contains("\(url) 0:0:0:0:0:0:0:1") })
    }

    @Test("where nothing listens, and a name that nobody has, are told apart from what is forbidden")
    func nobody() async throws {
        for url in [try PayloadURL("http://127.0.0.1:1/x"), try PayloadURL("http://no-such-host.invalid/x")] {
            let error = await #expect(throws: RemoteFileError.self) { try await loopback.probe(url, expecting: 5) }
            guard case .unavailable = error else {
                Issue.record("\(url): \(String(describing: error))")
                continue
            }
        }
    }
}
