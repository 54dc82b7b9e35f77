import FoundationEssentials
import UpdateModel

/// A `martlet-server` of our own on a free port of the loopback address.
struct ServerProcess: Sendable {
    let child: ChildProcess
    /// Without a slash at its end.
    let url: String
    let tokenFile: String
    let log: String
    private static let startLimit = Duration.seconds(30)

    /// Starts it and waits until it listens.
    static func start(_ programs: Programs, paths: DemoPaths, guardian: Guardian) async throws -> ServerProcess {
        let log = "\(paths.logs)/martlet-server.log"
        let settings = "\(paths.root)/server.toml"
        try Folder.write("# The defaults are right; this host's own settings file is not read.\n", to: settings)
        let words = ["serve", "--config", settings, "--data", paths.server, "--listen", "127.0.0.1:0"]
        let child = try ChildProcess.start(programs.server, words, output: log, errors: log)
        guardian.watch(child)
        let deadline = ContinuousClock.now + startLimit
        while ContinuousClock.now < deadline {
            if let address = listenAddress(paths), FileManager.default.fileExists(atPath: "\(paths.server)/admin-token")
            {
                return ServerProcess(
                    child: child, url: "http://\(address)", tokenFile: "\(paths.server)/admin-token", log: log)
            }
            if let ending = child.poll() {
                throw StoryFailure(expected: "the server runs", seen: "it ended with \(ending)", log: log)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw StoryFailure(expected: "the server listens within \(startLimit)", seen: "no listen-address", log: log)
    }

    /// - Throws: ``StoryFailure`` when it has ended.
    func checkAlive() throws {
        guard let ending = child.poll() else { return }
        throw StoryFailure(expected: "the server to run", seen: "it ended with \(ending)", log: log)
    }

    func stop(_ guardian: Guardian) async {
        // Not cancelled with the demo: the server is given its time to end.
        _ = await Task.detached { [child] in await child.stop(patience: .seconds(5)) }.value
        guardian.forget(child)
    }

    private static func listenAddress(_ paths: DemoPaths) -> String? {
        guard let data = FileManager.default.contents(atPath: "\(paths.server)/listen-address") else { return nil }
        let text = String(decoding: data, as: UTF8.self).prefix { !$0.isNewline }
        return text.isEmpty ? nil : String(text)
    }
}
