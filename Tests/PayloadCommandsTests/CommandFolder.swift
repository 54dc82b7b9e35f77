import ArgumentParser
import ContentTrust
import FoundationEssentials
import PayloadCommands
import UpdateModel

/// A folder of its own for one test, removed with it, in which commands are run as the program would run them.
final class CommandFolder: Sendable {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "martlet-commands-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: url.appending(path: name)) }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// Everything in the folder, hidden files included.
    var names: Set<String> {
        get throws { Set(try FileManager.default.contentsOfDirectory(atPath: url.path)) }
    }

    func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }

    /// Runs `martlet payload …`; words that name files of the folder are given as `@name`.
    func payload(_ words: String...) async throws { try await run(words) }

    func run(_ words: [String]) async throws { try await run(PayloadCommand.self, words) }

    /// Runs `martlet key …`.
    func key(_ words: String...) async throws { try await run(KeyCommand.self, words) }

    private func run(_ root: any ParsableCommand.Type, _ words: [String]) async throws {
        let arguments = words.map { word in
            word.contains("@")
                ? word.split(separator: "@", omittingEmptySubsequences: false).joined(separator: url.path + "/") : word
        }
        let command = try root.parseAsRoot(arguments)
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            var command = command
            try command.run()
        }
    }

    /// Signs a digest as somebody with the private key on another machine would.
    func sign(_ digest: String, with key: String, into signature: String) throws {
        let signingKey = try SigningKey(contentsOfFile: path(key))
        let digest = try SHA256Digest(bytes: read(digest)) ?? StreamDigest.digest(of: [])
        try write(signingKey.sign(digest), signature)
    }

    /// The code that the program would leave with.
    func exitCode(of body: (CommandFolder) async throws -> Void) async -> Int32 {
        do {
            try await body(self)
            return 0
        } catch let error as any UserFacingError {
            return error.userMessage.exit.rawValue
        } catch {
            return PayloadCommand.exitCode(for: error).rawValue
        }
    }
}
