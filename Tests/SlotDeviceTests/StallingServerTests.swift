import FleetTestKit
import FoundationEssentials
import HostLinux
import Testing

/// The server that tests clients is tested by a client that is known to be good.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"))) struct StallingServerTests {
    private let content = (0..<1000).map { UInt8(0x30 + $0 % 10) }

    @Test("It serves its content and ranges of it, and notes what was asked")
    func honest() async throws {
        let server = try StallingServer(content: content)
        #expect(try await curl(server).output.utf8.elementsEqual(content))
        #expect(try await curl(server, "-r", "995-").output == "56789")
        #expect(try await curl(server, "-r", "0-2").output == "012")
        #expect(server.requests.map(\.target) == ["/file", "/file", "/file"])
        #expect(server.requests[1].headers["range"] == "bytes=995-")
        server.stop()
    }

    @Test("It misbehaves as it was told, one behaviour a request")
    func misbehaves() async throws {
        let server = try StallingServer(
            content: content, .closesAtOnce, .closes(afterBytes: 10), .lies(contentLength: 2000), .redirects,
            StallingServer.html, .ignoresRange)
        #expect(try await curl(server).status == 52)
        #expect(try await curl(server).status == 18)
        #expect(try await curl(server).status == 18)
        #expect(try await curl(server, "-o", "/dev/null", "-w", "%{http_code}").output == "302")
        #expect(try await curl(server).output.hasPrefix("<html>"))
        #expect(try await curl(server, "-r", "5-").output.utf8.count == 1000)
        server.behave(.redirects)
        #expect(try await curl(server, "-L", "--max-redirs", "7").status == 47)
        server.stop()
    }

    @Test(
        "A stalled connection says nothing more, until the server stops",
        arguments: [StallingServer.Behaviour.silent, .stalls(afterBytes: 5)])
    func stalls(behaviour: StallingServer.Behaviour) async throws {
        let server = try StallingServer(content: content, behaviour)
        #expect(try await curl(server, "--max-time", "0.5").status == 28)
        async let waiting = curl(server)
        while server.requests.count < 2 { await Task.yield() }
        server.stop()
        #expect(try await waiting.status != 0)
    }

    private func curl(_ server: StallingServer, _ options: String...) async throws -> CommandResult {
        try await CommandRunner().run(
            "/usr/bin/curl", ["-s", "--noproxy", "*"] + options + ["\(server.url)/file"], timeLimit: .seconds(60))
    }
}
