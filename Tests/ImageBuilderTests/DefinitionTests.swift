import FoundationEssentials
import ImageBuilder
import Testing
import UpdateModel

@Suite struct DefinitionTests {
    private func parse(_ text: String, set overrides: [String] = []) throws(ImageError) -> ImageDefinition {
        try ImageDefinition.parse(text, path: "os.toml", folder: "/src", overrides: overrides)
    }

    private func refusal(_ text: String, set overrides: [String] = []) -> (key: String?, reason: String)? {
        do {
            _ = try parse(text, set: overrides)
            return nil
        } catch {
            guard case .definition(_, let key, let reason) = error else { return nil }
            return (key, reason)
        }
    }

    @Test("The definition that comes with Martlet can be read")
    func example() throws {
        let path = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/images/martlet-os.toml"
        let definition = try ImageDefinition.load(path)
        #expect(definition.name == "martlet-os")
        #expect(definition.enabledUnits.contains("martletd.service"))
        #expect(definition.files.contains { $0.path == "/" })
        for file in definition.files {
            if case .source(let source) = file.content {
                #expect(FileManager.default.fileExists(atPath: source), "\(source)")
            }
        }
    }

    @Test("An empty definition has usual values")
    func empty() throws {
        let definition = try parse("")
        #expect(definition.suite == "bookworm" && definition.tries == 3)
        #expect(definition.platform == .amd64 && definition.sizes == .usual)
    }

    @Test("A key that nobody knows is refused by its name", arguments: ["colour = 1", "[base]\ncolour = 1"])
    func unknownKey(text: String) {
        #expect(refusal(text)?.key?.hasSuffix("colour") == true)
    }

    @Test(
        "A value that cannot be is refused with its key",
        arguments: [
            ("architecture = \"vax\"", "architecture"), ("name = \"a b\"", "name"), ("name = \"-x\"", "name"),
            ("[sizes]\nesp = 1", "sizes.esp"), ("[update]\ntries = 0", "update.tries"),
            ("[base]\npackages = [\"x; rm -rf /\"]", "base.packages"),
            ("[kernel]\ncommand-line = \"a\\nb\"", "kernel.command-line"),
            ("[[files]]\npath = \"etc/x\"\ncontent = \"\"", "files.path"),
            ("[[files]]\npath = \"/../x\"\ncontent = \"\"", "files.path"),
            ("[[files]]\npath = \"/x\"", "files"),
            ("[[files]]\npath = \"/x\"\ncontent = \"\"\nmode = \"9\"", "files.mode"),
            ("[[files]]\npath = \"/x\"\ncontent = \"\"\nowner = \"root\"", "files.owner"),
            ("remove = [\"x\"]", "remove"), ("[limits]\nmemory-max = \"1; x\"", "limits"),
        ])
    func badValue(text: String, key: String) {
        #expect(refusal(text)?.key == key)
    }

    @Test("What is no TOML is refused with its line")
    func noTOML() {
        #expect(refusal("name = \"x\"\nname x")?.reason.contains("line 2") == true)
        #expect(refusal("name = \"x\u{0}\"") != nil)
    }

    @Test("A value set beside the definition wins, and may be new")
    func overrides() throws {
        let definition = try parse(
            "hostname = \"a\"", set: ["hostname=b", "sizes.root=800", "kernel.command-line=x=1 y"])
        #expect(definition.hostname == "b" && definition.sizes.rootMebibytes == 800)
        #expect(definition.commandLine == "x=1 y")
        #expect(refusal("", set: ["colour=1"])?.key == "colour")
        #expect(refusal("", set: ["hostname"]) != nil)
        #expect(refusal("hostname = \"a\"", set: ["hostname.x=1"]) != nil)
    }

    @Test("Sources begin at the definition's folder")
    func sources() throws {
        let definition = try parse("[[files]]\npath = \"/x\"\nsource = \"y\"\nmode = \"0755\"\nowner = \"1:2\"")
        #expect(
            definition.files == [
                ImageDefinition.File(path: "/x", content: .source("/src/y"), mode: 0o755, owner: "1:2")
            ])
    }

    @Test("Limits become lines that a shell can read")
    func limits() throws {
        let definition = try parse("[limits]\ncpu-weight = 20\nmemory-max = \"512M\"\nwrite-bytes-per-second = 1000")
        #expect(definition.limits.lines == ["CPU_WEIGHT=20", "MEMORY_MAX=512M", "WRITE_BYTES_PER_SECOND=1000"])
    }

    @Test(
        "An address that no machine could ask is refused wherever it is given",
        arguments: [
            "", "htp:/nonsense", "updates.example.org", "http://", "http:///v1/update/", "http://x:0/",
            "http://x:99999/", "http://x/ y", "http://x/\nGROUP=evil", "http://x/\tz", "ftp://x/",
            "http://ö.example/", "disabled", "http://x/'",
        ])
    func badServer(text: String) throws {
        let quoted = text.replacing("\n", with: "\\n").replacing("\t", with: "\\t")
        #expect(refusal("[update]\nserver = \"\(quoted)\"")?.key == "update.server")
        #expect(refusal("", set: ["update.server=\(text)"])?.key == "update.server")
        var definition = try parse("[update]\nserver = \"http://kept/\"")
        #expect(throws: ImageError.self) { try definition.follow(server: text, track: nil) }
        #expect(definition.server == "http://kept/")
    }

    @Test("A track that is no word is refused wherever it is given", arguments: ["", "a b c", "-x", "a\nb"])
    func badTrack(text: String) throws {
        let quoted = text.replacing("\n", with: "\\n")
        #expect(refusal("[update]\ntrack = \"\(quoted)\"")?.key == "update.track")
        var definition = try parse("")
        #expect(throws: ImageError.self) { try definition.follow(server: nil, track: text) }
    }

    @Test(
        "An address that machines can ask is taken, and the command line's wins",
        arguments: ["http://10.0.2.2:8080/v1/update/", "https://me:secret@[2001:db8::1]/x?y=%20", "HTTPS://a.example"])
    func server(text: String) throws {
        var definition = try parse("[update]\nserver = \"\(text)\"\ntrack = \"beta\"")
        #expect(definition.server == text)
        try definition.follow(server: nil, track: nil)
        #expect(definition.server == text && definition.track == "beta")
        try definition.follow(server: "http://other/", track: "stable-2")
        #expect(definition.server == "http://other/" && definition.track == "stable-2")
    }
}
