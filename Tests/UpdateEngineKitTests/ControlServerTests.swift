import EngineControl
import FoundationEssentials
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing
import UpdateEngineKit
import UpdateModel

@Suite("The control socket")
struct ControlServerTests {
    private static let status = EngineStatus(
        state: .idle, machine: "m", version: "1.0.0", slot: .a, server: "", track: "stable", newVersion: nil,
        progress: nil, slots: [], held: [], reportsPending: 0, lastCheckAt: nil, nextCheckAt: nil, serverHold: nil,
        lastError: nil, downloadedBytes: 0)

    /// Runs `body` with a server that answers every request with a status; its argument is the socket's path.
    private func withServer(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/martlet-\(UInt32.random(in: 0 ... .max))"
        let path = "\(folder)/control.sock"
        let server = ControlServer(path: path, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { _ in
            ControlResponse(status: Self.status)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await server.run() }  // Ends by being cancelled.
            defer { group.cancelAll() }
            for _ in 0..<2000 where (try? mode(path)) != 0o600 { try await Task.sleep(for: .milliseconds(2)) }
            try await body(path)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    /// What comes back until the server closes.
    private func exchange(_ bytes: [UInt8], _ path: String) async throws -> String {
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await client.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            var answer = ""
            for try await buffer in inbound { answer += String(buffer: buffer) }
            return answer
        }
    }

    @Test("a request is answered with one line, and only the owner may ask")
    func status() async throws {
        try await withServer { path in
            let answer = try await exchange(Array("{\"command\":\"status\"}\n".utf8), path)
            let response = try JSONDecoder().decode(ControlResponse.self, from: Data(answer.utf8))
            #expect(response.status == Self.status)
            #expect(try mode(path) == 0o600)
            #expect(try mode(String(path.dropLast("/control.sock".count))) == 0o700)
        }
    }

    @Test(
        "junk gets an error, not silence",
        arguments: ["\n", "status\n", "{}\n", "{\"command\":\"explode\"}\n", "\u{0}\u{1}\n"])
    func junk(line: String) async throws {
        try await withServer { path in
            let answer = try await exchange(Array(line.utf8), path)
            let response = try JSONDecoder().decode(ControlResponse.self, from: Data(answer.utf8))
            #expect(response.error?.exit == ExitStatus.usage.rawValue)
        }
    }

    @Test("a signal to stop ends it without an error")
    func gracefulEnd() async throws {
        let path = "/tmp/martlet-\(UInt32.random(in: 0 ... .max)).sock"
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = ControlServer(path: path, logger: logger) { _ in ControlResponse(status: Self.status) }
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        async let ending: Void = group.run()
        for _ in 0..<2000 where (try? mode(path)) != 0o600 { try await Task.sleep(for: .milliseconds(2)) }
        await group.triggerGracefulShutdown()
        try await ending
        try? FileManager.default.removeItem(atPath: path)
    }

    @Test("a line that is too long is cut off with an error")
    func tooLong() async throws {
        try await withServer { path in
            let answer = try await exchange([UInt8](repeating: 0x20, count: 5000), path)
            #expect(answer.contains("too long"))
        }
    }

    @Test("fifty callers at once are all answered")
    func manyCallers() async throws {
        try await withServer { path in
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await exchange(Array("{\"command\":\"status\"}\n".utf8), path) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 50)
            #expect(answers.allSatisfy { $0.contains("\"state\":\"idle\"") })
        }
    }
}
