import FoundationEssentials
import ImageBuilder
import Testing

@Suite("Files of an image", .enabled(if: isRoot, "only root gives files away"))
struct RootTreeTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func write(_ files: [ImageDefinition.File]) throws {
        var definition = try ImageDefinition.parse("hostname = \"usual\"", path: "os.toml", folder: folder.path)
        definition.files = files
        try FileManager.default.createDirectory(atPath: folder.path("root"), withIntermediateDirectories: true)
        let tree = RootTree(
            definition: definition, version: "1.0.0", path: folder.path("root"), programs: "/", runner: ToolRunner())
        try tree.writeOwnFiles()
    }

    @Test("that the operator gives take the place of the build's own")
    func operatorWins() throws {
        try folder.write("own resolver", "tree/etc/resolv.conf")
        try folder.write("own issue", "tree/etc/issue")
        try write([
            ImageDefinition.File(path: "/", content: .source(folder.path("tree"))),
            ImageDefinition.File(path: "/etc/hostname", content: .text("mine")),
        ])
        #expect(try folder.text("root/etc/issue") == "own issue")
        #expect(try folder.text("root/etc/resolv.conf") == "own resolver")
        #expect(try folder.text("root/etc/hostname") == "mine")
        #expect(try folder.text("root/etc/os-release").contains("VERSION_ID=1.0.0"))
    }

    @Test("are the usual ones where the operator gives none")
    func usual() throws {
        try write([])
        #expect(try folder.text("root/etc/hostname") == "usual\n")
        #expect(try folder.text("root/etc/machine-id") == "")
    }

    @Test("replace a link, and never what it leads to on this host")
    func link() throws {
        try folder.write("the host's", "outside")
        try folder.write("the image's", "tree/etc/localtime")
        try FileManager.default.createDirectory(atPath: folder.path("root/etc"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("root/etc/localtime"), withDestinationPath: folder.path("outside"))
        try write([ImageDefinition.File(path: "/", content: .source(folder.path("tree")))])
        #expect(try folder.text("outside") == "the host's")
        #expect(try folder.text("root/etc/localtime") == "the image's")
    }

    @Test("do not replace folders with all they hold")
    func folderInTheWay() throws {
        #expect(throws: ImageError.self) {
            try write([ImageDefinition.File(path: "/etc", content: .text("x"))])
        }
        #expect(try folder.text("root/etc/hostname") == "usual\n")
    }

    @Test("of a folder keep their modes, less what lets others write; folders of the image keep theirs")
    func folderModes() throws {
        for (name, mode) in [
            ("etc/ssl/private/host.key", 0o600), ("etc/shared", 0o664), ("usr/bin/tool", 0o775), ("usr/bin/su", 0o4755),
        ] {
            try folder.write("x", "tree/\(name)")
            try folder.setMode(of: "tree/\(name)", to: mode)
        }
        for (name, mode) in [("tree/etc/ssl/private", 0o755), ("tree/var/drop", 0o1777), ("tree/etc/own", 0o770)] {
            try folder.makeFolder(name, mode: mode)
        }
        for name in ["root/etc/ssl/private", "root/root"] { try folder.makeFolder(name, mode: 0o700) }
        try folder.makeFolder("tree/root", mode: 0o755)
        try write([ImageDefinition.File(path: "/", content: .source(folder.path("tree")))])
        for (name, mode) in [
            ("etc/ssl/private/host.key", 0o600), ("etc/shared", 0o644), ("usr/bin/tool", 0o755), ("usr/bin/su", 0o4755),
            ("etc/ssl/private", 0o700), ("root", 0o700), ("var/drop", 0o1777), ("etc/own", 0o750),
        ] {
            let found = try folder.mode(of: "root/\(name)")
            #expect(found == mode, "\(name): \(String(found ?? 0, radix: 8))")
        }
    }

    @Test("get the mode that is asked for, with all its bits, and their owner")
    func exactMode() throws {
        try folder.write("x", "tool")
        try write([
            ImageDefinition.File(
                path: "/usr/bin/tool", content: .source(folder.path("tool")), mode: 0o4755, owner: "0:12"),
            ImageDefinition.File(path: "/etc/secret", content: .text("x"), mode: 0o600, owner: "7:0"),
        ])
        #expect(try folder.mode(of: "root/usr/bin/tool") == 0o4755)
        #expect(try folder.mode(of: "root/etc/secret") == 0o600)
        let facts = try FileManager.default.attributesOfItem(atPath: folder.path("root/usr/bin/tool"))
        #expect(facts[.groupOwnerAccountID] as? UInt == 12)
    }

    @Test("of their own keep the source's mode where none is asked for")
    func sourceMode() throws {
        for (name, mode) in [("key", 0o600), ("tool", 0o775), ("plain", 0o664)] {
            try folder.write("x", name)
            try folder.setMode(of: name, to: mode)
        }
        try write(
            ["key", "tool", "plain"].map { name in
                ImageDefinition.File(path: "/etc/\(name)", content: .source(folder.path(name)))
            })
        #expect(try folder.mode(of: "root/etc/key") == 0o600)
        #expect(try folder.mode(of: "root/etc/tool") == 0o755)
        #expect(try folder.mode(of: "root/etc/plain") == 0o644)
    }

    @Test("of a folder go where Debian's links within the image lead, and their own links are links")
    func linkedFolder() throws {
        try folder.makeFolder("root/usr/lib", mode: 0o755)
        try FileManager.default.createSymbolicLink(atPath: folder.path("root/lib"), withDestinationPath: "usr/lib")
        try folder.write("x", "tree/lib/file")
        try FileManager.default.createSymbolicLink(atPath: folder.path("tree/lib/link"), withDestinationPath: "/gone")
        try write([ImageDefinition.File(path: "/", content: .source(folder.path("tree")))])
        #expect(try folder.text("root/usr/lib/file") == "x")
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("root/usr/lib/link"))
        #expect(link == "/gone")
    }

    @Test("of a folder never leave the image through one of its links")
    func linkOut() throws {
        try folder.makeFolder("outside", mode: 0o755)
        try folder.makeFolder("root", mode: 0o755)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("root/run"), withDestinationPath: folder.path("outside"))
        try folder.write("x", "tree/run/file")
        #expect(throws: ImageError.self) {
            try write([ImageDefinition.File(path: "/", content: .source(folder.path("tree")))])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("outside")).isEmpty)
    }

    @Test("of their own replace links, wherever those lead")
    func linkInTheWay() throws {
        try folder.write("the host's", "outside")
        try folder.makeFolder("root/etc", mode: 0o755)
        for (name, destination) in [("etc/localtime", folder.path("outside")), ("etc/mtab", "/nowhere")] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("root/\(name)"), withDestinationPath: destination)
            try write([ImageDefinition.File(path: "/\(name)", content: .text("mine"))])
            #expect(try folder.text("root/\(name)") == "mine")
        }
        #expect(try folder.text("outside") == "the host's")
    }
}
