import FoundationEssentials
import ImageBuilder
import Testing

@Suite("Packages that are kept")
struct BaseSystemTests {
    private let folder: TestFolder
    private let definition: ImageDefinition

    init() throws {
        folder = try TestFolder()
        definition = try ImageDefinition.parse(
            "[base]\nmirrors = [\"copy:///nowhere\"]", path: "os.toml", folder: folder.path)
    }

    private var contents: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: folder.path("cache")).sorted() }
    }

    private func keep(_ text: String, in system: BaseSystem) throws {
        let name = String(system.directory.dropFirst(folder.path.count + 1))
        try folder.write(text, "\(name)/root.tar")
    }

    @Test(
        "stay as they are when they cannot be fetched again",
        .enabled(if: isRoot, "only root installs packages"),
        .enabled(if: HostTool.mmdebstrap.path != nil, "needs mmdebstrap"))
    func failedRefresh() async throws {
        let system = BaseSystem(for: definition, cache: folder.path("cache"))
        try keep("kept", in: system)
        let before = try contents
        await #expect(throws: ImageError.self) {
            try await BaseSystem.provide(
                for: definition, cache: folder.path("cache"), refresh: true, runner: ToolRunner(), progress: .silent)
        }
        #expect(try contents == before)
        #expect(try String(contentsOfFile: system.archive, encoding: .utf8) == "kept")
    }

    @Test("are used again")
    func again() async throws {
        let system = BaseSystem(for: definition, cache: folder.path("cache"))
        try keep("kept", in: system)
        let provided = try await BaseSystem.provide(
            for: definition, cache: folder.path("cache"), refresh: false, runner: ToolRunner(), progress: .silent)
        #expect(provided.directory == system.directory)
    }

    @Test("make room for new ones once those are there", arguments: [false, true])
    func exchange(isFirst: Bool) throws {
        let kept = BaseSystem(for: definition, cache: folder.path("cache"))
        let new = BaseSystem(directory: kept.directory + ".1")
        try keep("new", in: new)
        if !isFirst { try keep("kept", in: kept) }
        try new.takePlace(of: kept)
        #expect(try String(contentsOfFile: kept.archive, encoding: .utf8) == "new")
        #expect(try contents.count == 2)
    }

    @Test("come back when the new ones cannot take their place")
    func failedExchange() throws {
        let kept = BaseSystem(for: definition, cache: folder.path("cache"))
        try keep("kept", in: kept)
        #expect(throws: ImageError.self) { try BaseSystem(directory: kept.directory + ".1").takePlace(of: kept) }
        #expect(try String(contentsOfFile: kept.archive, encoding: .utf8) == "kept")
        #expect(try contents.count == 2)
    }
}
