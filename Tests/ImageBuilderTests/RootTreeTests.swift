import FoundationEssentials
import ImageBuilder
import Testing

@Suite("Files of an image", .enabled(if: isRoot, "only root gives files away"))
struct RootTreeTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func write(_ files: [ImageDefinition.File]) async throws {
        var definition = try ImageDefinition.parse("hostname = \"usual\"", path: "os.toml", folder: folder.path)
        definition.files = files
        try FileManager.default.createDirectory(atPath: folder.path("root"), withIntermediateDirectories: true)
        let tree = RootTree(
            definition: definition, version: "1.0.0", path: folder.path("root"), programs: "/", runner: ToolRunner())
        try await tree.writeOwnFiles()
    }

    @Test("that the operator gives take the place of the build's own")
    func operatorWins() async throws {
        try folder.write("own resolver", "tree/etc/resolv.conf")
        try folder.write("own issue", "tree/etc/issue")
        try await write([
            ImageDefinition.File(path: "/", content: .source(folder.path("tree"))),
            ImageDefinition.File(path: "/etc/hostname", content: .text("mine")),
        ])
        #expect(try folder.text("root/etc/issue") == "own issue")
        #expect(try folder.text("root/etc/resolv.conf") == "own resolver")
        #expect(try folder.text("root/etc/hostname") == "mine")
        #expect(try folder.text("root/etc/os-release").contains("VERSION_ID=1.0.0"))
    }

    @Test("are the usual ones where the operator gives none")
    func usual() async throws {
        try await write([])
        #expect(try folder.text("root/etc/hostname") == "usual\n")
        #expect(try folder.text("root/etc/machine-id") == "")
    }

    @Test("replace a link, and never what it leads to on this host")
    func link() async throws {
        try folder.write("the host's", "outside")
        try folder.write("the image's", "tree/etc/localtime")
        try FileManager.default.createDirectory(atPath: folder.path("root/etc"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("root/etc/localtime"), withDestinationPath: folder.path("outside"))
        try await write([ImageDefinition.File(path: "/", content: .source(folder.path("tree")))])
        #expect(try folder.text("outside") == "the host's")
        #expect(try folder.text("root/etc/localtime") == "the image's")
    }

    @Test("do not replace folders with all they hold")
    func folderInTheWay() async throws {
        await #expect(throws: ImageError.self) {
            try await write([ImageDefinition.File(path: "/etc", content: .text("x"))])
        }
        #expect(try folder.text("root/etc/hostname") == "usual\n")
    }
}
