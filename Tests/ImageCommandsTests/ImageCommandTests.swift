import ArgumentParser
import ContentTrust
import FoundationEssentials
import ImageBuilder
import ImageCommands
import Testing
import UpdateModel

@Suite struct ImageCommandTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    /// Runs `martlet image …` as the program would.
    private func image(_ words: String...) async throws { try await run(words) }

    private func run(_ words: [String]) async throws {
        guard var command = try ImageCommand.parseAsRoot(words) as? any AsyncParsableCommand else { return }
        try await command.run()
    }

    /// The code that the program would leave with.
    private func exitCode(_ body: () async throws -> Void) async -> Int32 {
        do {
            try await body()
            return 0
        } catch let error as any UserFacingError {
            return error.userMessage.exit.rawValue
        } catch {
            return ImageCommand.exitCode(for: error).rawValue
        }
    }

    @Test(
        "Printing QEMU's command line makes no file",
        .enabled(if: FileManager.default.fileExists(atPath: ImagePlatform.amd64.firmwareCode), "needs ovmf"),
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/qemu-system-x86_64"), "needs QEMU"))
    func printCommand() async throws {
        let disk = try folder.write("", "disk.img")
        try await image("run", disk, "--print-command")
        #expect(try folder.names == ["disk.img"])
    }

    @Test("What cannot be a disk is not booted", arguments: ["", "/missing"])
    func runNothing(name: String) async throws {
        #expect(await exitCode { try await image("run", folder.path + name, "--print-command") } == 74)
    }

    @Test("A key for an update that is not made is wrong usage")
    func unusedSigningKey() async throws {
        let code = await exitCode {
            try await image("build", "--version", "1.0.0", "--output", folder.path("out"), "--signing-key", "key.pem")
        }
        #expect(code == 64)
    }

    @Test("A wrong key or source is told before anything is made")
    func buildInputs() async throws {
        let definition = try folder.write("", "os.toml")
        _ = try folder.write("", "initramfs/init")
        let words = ["build", "--version", "1.0.0", "--output", folder.path("out"), "--definition", definition]
        for (more, code) in [
            (["--key", definition], 65), (["--key", folder.path("missing")], 74),
            (["--payload", "--signing-key", definition], 65), (["--add-file", "/x=\(folder.path("missing"))"], 74),
            (["--add-file", "/etc/machine-id=\(definition)"], 78), (["--server", "htp:/nonsense"], 78),
            (["--server", "http://x/\nGROUP=evil"], 78), (["--track", "a b c"], 78),
        ] as [([String], Int32)] {
            let found = await exitCode { try await run(words + ["--quiet"] + more) }
            #expect(found == code, "\(more)")
        }
        #expect(try folder.names == ["os.toml", "initramfs"])
    }

    @Test("An empty target or output is wrong usage, before anything is looked at")
    func emptyPaths() async throws {
        #expect(await exitCode { try await image("install", folder.path("missing"), "--to", "") } == 64)
        #expect(await exitCode { try await image("build", "--version", "1.0.0", "--output", "") } == 64)
    }

    @Test(
        "A size for a disk is wrong usage",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/loop0"), "there is no block device to name"))
    func sizeOfDisk() async throws {
        let directory = try folder.makeImage()
        let code = await exitCode { try await image("install", directory, "--to", "/dev/loop0", "--size", "8G") }
        #expect(code == 64)
    }
}

/// A folder of its own for one test, removed with it.
private final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "martlet-image-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: Set<String> {
        get throws { Set(try FileManager.default.contentsOfDirectory(atPath: path)) }
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// - Returns: the file's path.
    func write(_ text: String, _ name: String) throws -> String {
        let url = URL(filePath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return path(name)
    }

    /// What a build leaves.
    /// - Returns: its folder.
    func makeImage() throws -> String {
        let names = BuiltImage.names
        for name in [names.root, names.verity, names.kernel, names.loader] { _ = try write("x", "os/\(name)") }
        func part(_ name: String) throws -> BuiltImage.Part { try BuiltImage.describe(name, in: path("os")) }
        try BuiltImage(
            name: "os", version: "1.0.0", architecture: .amd64, kernel: "6.1", rootHash: "ab", commandLine: "ro",
            root: try part(names.root), verity: try part(names.verity), kernelImage: try part(names.kernel),
            loader: try part(names.loader), sizes: .usual, packages: []
        ).save(to: path("os"))
        return path("os")
    }
}
