import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import PayloadStore
import Synchronization
import Testing
import UpdateModel
import UpdateServerKit

/// The time of this machine, which a test moves on.
final class MovedTime: TimeSource {
    private let system = SystemTime()
    private let moved = Mutex<Int64>(0)

    func now() -> Timestamp { mark.moment }

    var mark: ClockMark {
        let (mark, seconds) = (system.mark, moved.withLock { $0 })
        return ClockMark(
            moment: mark.moment.adding(seconds: seconds),
            uptimeMicroseconds: mark.uptimeMicroseconds + seconds * 1_000_000, boot: mark.boot)
    }

    func advance(seconds: Int64) { moved.withLock { $0 += seconds } }
}

/// A server in memory, and what a test needs to use it.
struct TestServer {
    static let application = "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}"

    let control: FleetControl
    let payloads = MemoryPayloadStore()
    let remote = MemoryRemoteFiles()
    let time = MovedTime()
    var authentication = ServerSettings.Authentication.none
    var publicURL: String? = "http://updates.test"
    var patience = Patience()

    init(authentication: ServerSettings.Authentication = .none, publicURL: String? = "http://updates.test") {
        control = FleetControl(store: MemoryFleetStore(), payloads: payloads, time: time, remote: remote)
        self.authentication = authentication
        self.publicURL = publicURL
    }

    /// Runs `test` with a client whose requests go straight to the router.
    func test(
        metrics: ServerMetrics = ServerMetrics(), _ test: @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        try await server(metrics: metrics).application().test(.router, test)
    }

    /// Runs `test` with a server on a free port of the loopback address.
    func live(_ test: @Sendable (Int) async throws -> Void) async throws {
        try await server().application().test(.live) { client in try await test(try #require(client.port)) }
    }

    /// Starts as the program does, and stops as soon as connections are taken.
    @discardableResult
    func runOnce(in directory: String) async throws -> ListenAddress {
        let server = try server(in: directory)
        let (addresses, continuation) = AsyncStream<ListenAddress>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await server.run { continuation.yield($0) }
            }
            let address = await addresses.first { _ in true }
            group.cancelAll()
            return try #require(address)
        }
    }

    func server(
        in directory: String = FileManager.default.temporaryDirectory.path, metrics: ServerMetrics = ServerMetrics()
    ) throws -> UpdateServer {
        var fragment = SettingsFragment(data: directory, listen: "127.0.0.1:0", auth: authentication.rawValue)
        fragment.publicURL = publicURL
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var server = UpdateServer(
            settings: try ServerSettings(fragment), directory: try DataDirectory(creating: directory), control: control,
            logger: logger, metrics: metrics
        ) { overview in
            FleetPage(markup: "<p>\(overview.machines.total) machines</p>", contentSecurityPolicy: "default-src 'none'")
        }
        server.patience = patience
        return server
    }

    /// A release with one payload on the channel `stable`, and the group `web` that follows it on the track `stable`.
    func publish(
        _ version: String = "4000.0.0", policy: RolloutPolicy = .standard, payloadBlobByteCount: Int = 8192
    ) async throws -> Payload {
        let application = try ApplicationID(Self.application)
        _ = try await control.createApplication(id: application, name: "flatcar", by: .local)
        let payload = try await add(version, payloadBlobByteCount)
        let release = payload.version
        _ = try await control.setChannel(ChannelName("stable"), of: application, to: release, by: .local)
        _ = try await control.createGroup(
            GroupName("web"), of: application, track: Track("stable"), channel: ChannelName("stable"), policy: policy,
            by: .local)
        return payload
    }

    /// Probes what lies elsewhere as often as it takes to be sure that a copy is gone.
    func probePayloads() async throws {
        for _ in 1...2 {
            time.advance(seconds: 300)
            _ = try await control.probePayloads()
        }
    }

    var flatcar: ApplicationID { get throws { try ApplicationID(Self.application) } }

    /// Adds a release with a payload to the application that ``publish(_:policy:payloadBlobByteCount:)`` made.
    func addRelease(_ version: String) async throws -> Version { try await add(version, 8192).version }

    func addEmptyRelease(_ version: String) async throws -> Version {
        let release = try Version(version)
        _ = try await control.createRelease(release, of: flatcar, notes: "", by: .local)
        return release
    }

    private func add(_ version: String, _ payloadBlobByteCount: Int) async throws -> Payload {
        let (application, release) = (try flatcar, try Version(version))
        _ = try await control.createRelease(release, of: application, notes: "", by: .local)
        var chunks = [TinyPayload.full(blobByteCount: payloadBlobByteCount)]
        let upload = PayloadUpload(
            application: application, version: release, architecture: .amd64, fileName: "payload.crau")
        return try await control.addPayload(upload, by: .local, describe: PayloadInspection.describe) {
            chunks.popLast()
        }
    }
}

/// Files that other implementations made.
enum Vectors {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors")

    static func omaha(_ name: String) throws -> ByteBuffer {
        ByteBuffer(bytes: try Data(contentsOf: folder.appending(path: "omaha/\(name)")))
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }

    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try APIJSON.decode(type, from: Data(body.readableBytesView))
    }
}
