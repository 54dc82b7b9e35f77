import FleetModel
import FleetOperations
import FoundationEssentials
import Testing
import UpdateServerKit

@Suite("First start")
struct FirstStartTests {
    @Test("the first start writes an admin token that nobody else can read, and the second changes nothing")
    func adminToken() async throws {
        let server = TestServer(authentication: .token)
        let directory = try TemporaryDirectory()
        let file = directory.path + "/admin-token"
        try await server.runOnce(in: directory.path)
        let secret = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").first.map(String.init)
        #expect(try await server.control.authenticate(secret: try #require(secret)).role == .admin)
        #expect(FilePermissions.bits(file) == 0o600)
        try FileManager.default.removeItem(atPath: file)
        try await server.runOnce(in: directory.path)
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try await server.control.tokens(.first, by: .local).total == 1)
    }

    @Test("a first start that broke off is finished by the next")
    func brokenOff() async throws {
        let server = TestServer(authentication: .token)
        let directory = try TemporaryDirectory()
        let secret = FleetControl.newSecret()
        try Data(secret.utf8).write(to: URL(filePath: directory.path + "/admin-token"))
        try await server.runOnce(in: directory.path)
        #expect(try await server.control.authenticate(secret: secret).role == .admin)
    }

    @Test("the address is in a file when connections are taken, with the real port")
    func listenAddress() async throws {
        let directory = try TemporaryDirectory()
        let address = try await TestServer().runOnce(in: directory.path)
        #expect(address.port > 0)
        let text = try String(contentsOfFile: directory.path + "/listen-address", encoding: .utf8)
        #expect(text == "\(address)\n")
    }

    @Test("a second server does not get a data directory that is in use")
    func lock() throws {
        let directory = try TemporaryDirectory()
        let data = try DataDirectory(creating: directory.path)
        try data.lock()
        #expect(throws: StartError.directoryInUse(directory.path)) { try data.lock() }
    }
}

/// A directory that goes with the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // A left-over directory spoils no test.
}
