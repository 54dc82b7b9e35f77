import ContentTrust
import FoundationEssentials
import ImageBuilder
import Testing
import UpdateModel

@Suite("Before a build")
struct BuildInputsTests {
    private static let keys: [(private: String, public: String)] = {
        let made = (0..<2).compactMap { _ in try? SigningKey.generate(.bits2048) }
        return made.map { ($0.privatePEM, $0.verificationKey.pem) }
    }()
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try folder.write("", "init")
        for (index, key) in Self.keys.enumerated() {
            try folder.write(key.public, "\(index)/pub.pem")
            try folder.write(key.private, "\(index)/key.pem")
        }
    }

    private func inputs(
        _ text: String = "", keys: [String] = [], files: [ImageDefinition.File] = [], signer: SecureBootSigner? = nil
    ) throws -> BuildInputs {
        var definition = try ImageDefinition.parse(text, path: "os.toml", folder: folder.path)
        definition.keys = keys.map(folder.path)
        definition.files += files
        var options = ReleaseBuilder.Options(
            version: try Version("1.0.0"), output: folder.path("out"), programs: folder.path,
            initPath: folder.path("init"), cache: folder.path("cache"))
        options.secureBoot = signer
        return BuildInputs(definition, options: options)
    }

    @Test("what is all there passes, be it a key twice")
    func sound() throws {
        try folder.write([0x7F, 0x45, 0x4C, 0x46], "program", isExecutable: true)
        try folder.write("x", "tree/etc/issue")
        try inputs(
            "programs = [\"program\"]\n[[files]]\npath = \"/\"\nsource = \"tree\"", keys: ["0/pub.pem", "0/pub.pem"]
        ).check(signingKeys: [folder.path("1/key.pem")])
    }

    @Test("a public key that is missing, private or none is refused", arguments: ["nothing", "0/key.pem", "init", "0"])
    func publicKey(name: String) throws {
        #expect(throws: KeyFileError.self) { try inputs(keys: [name]).check() }
    }

    @Test("a signing key that is missing, public or none is refused", arguments: ["nothing", "0/pub.pem", "init"])
    func signingKey(name: String) throws {
        #expect(throws: KeyFileError.self) { try inputs().check(signingKeys: [folder.path(name)]) }
    }

    @Test("two keys that would be one file of the image are refused, ending and all")
    func keysOfOneName() throws {
        let (first, second) = (folder.path("0/pub.pem"), folder.path("1/pub.pem"))
        #expect(throws: ImageError.keysOfOneName(first: first, second: second, name: "pub.pem")) {
            try inputs(keys: ["0/pub.pem", "1/pub.pem"]).check()
        }
        try folder.write(Self.keys[1].public, "1/pub")
        #expect(throws: ImageError.self) { try inputs(keys: ["0/pub.pem", "1/pub"]).check() }
    }

    @Test("a program that is missing, a folder, or a script is refused", arguments: ["nothing", "0", "script"])
    func program(name: String) throws {
        try folder.write(Array("#!/bin/sh\n".utf8), "script", isExecutable: true)
        #expect(throws: ImageError.self) { try inputs("programs = [\"\(name)\"]").check() }
    }

    @Test("a source that is missing or no file is refused with its path", arguments: ["nothing", "/dev/zero"])
    func source(name: String) throws {
        let path = name.hasPrefix("/") ? name : folder.path(name)
        let error = #expect(throws: ImageError.self) {
            try inputs(files: [ImageDefinition.File(path: "/x", content: .source(path))]).check()
        }
        #expect(error?.userMessage.text.contains(path) == true)
    }

    @Test("a mode or an owner for all that a folder holds is refused")
    func modeOfFolder() throws {
        try folder.write("x", "tree/etc/issue")
        let tree = ImageDefinition.File.Content.source(folder.path("tree"))
        for file in [
            ImageDefinition.File(path: "/x", content: tree, mode: 0o600),
            ImageDefinition.File(path: "/x", content: tree, owner: "0:0"),
        ] {
            #expect(throws: ImageError.modeOfFolder(path: "/x", source: folder.path("tree"))) {
                try inputs(files: [file]).check()
            }
        }
    }

    @Test("a folder for the whole root of which all is closed, as a checkout under umask 077 is, is refused")
    func closedFolder() throws {
        for name in ["tree/etc/issue", "tree/etc/secret"] {
            try folder.write("x", name)
            try folder.setMode(of: name, to: 0o600)
        }
        let source = ImageDefinition.File.Content.source(folder.path("tree"))
        #expect(throws: ImageError.closedFolder(source: folder.path("tree"))) {
            try inputs(files: [ImageDefinition.File(path: "/", content: source)]).check()
        }
        try inputs(files: [ImageDefinition.File(path: "/etc/ssl", content: source)]).check()
        try folder.setMode(of: "tree/etc/issue", to: 0o644)
        try inputs(files: [ImageDefinition.File(path: "/", content: source)]).check()
    }

    @Test("a missing first program is refused")
    func initProgram() throws {
        try FileManager.default.removeItem(atPath: folder.path("init"))
        #expect(throws: ImageError.self) { try inputs().check() }
    }

    @Test(
        "a certificate that is none, or of another key, is refused",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/openssl"), "needs openssl"))
    func secureBoot() async throws {
        let (key, certificate) = (folder.path("0/key.pem"), folder.path("0/crt.pem"))
        try await ToolRunner().run(
            path: "/usr/bin/openssl",
            ["req", "-new", "-x509", "-key", key, "-subj", "/CN=test/", "-days", "9", "-out", certificate],
            doing: "making a certificate")
        func check(_ key: String, _ certificate: String) throws {
            try inputs(signer: SecureBootSigner(key: key, certificate: certificate)).check()
        }
        if HostTool.sign.path != nil { try check(key, certificate) }
        let other = folder.path("1/key.pem")
        #expect(throws: ImageError.unfitCertificate(path: certificate, key: other)) { try check(other, certificate) }
        #expect(throws: ImageError.self) { try check(key, folder.path("0/pub.pem")) }
        #expect(throws: KeyFileError.self) { try check(certificate, key) }
        #expect(throws: KeyFileError.self) { try check(key, folder.path("nothing")) }
    }

    @Test(
        "a file that would replace what the definition itself says is refused",
        arguments: [
            ("/etc/os-release", ""), ("/usr/lib/os-release", ""), ("/lib/os-release", ""), ("/etc//./machine-id", ""),
            ("/usr/share/flatcar/update.conf", "[update]\nserver = \"http://x/\""),
            ("/etc/martlet/limits.env", "[limits]\ncpu-weight = 20"), ("/etc/martlet/keys/pub.pem", ""),
            ("/usr/lib/tmpfiles.d/martlet-users.conf", "[[users]]\nname = \"a\""),
            (
                "/usr/lib/systemd/system/a.service.d/b.conf",
                "[[units.drop-ins]]\nunit = \"a.service\"\nname = \"b.conf\"\ncontent = \"\""
            ),
            ("/etc/systemd/system/a.service", "[units]\nmask = [\"a.service\"]"),
        ])
    func reserved(path: String, definition: String) throws {
        try folder.write("x", "tree/file")
        try folder.write("x", "whole\(path)")
        for file in [
            ImageDefinition.File(path: path, content: .text("x")),
            ImageDefinition.File(path: path, content: .source(folder.path("tree/file"))),
            ImageDefinition.File(path: "/", content: .source(folder.path("whole"))),
        ] {
            let error = #expect(throws: ImageError.self) {
                try inputs(definition, keys: ["0/pub.pem"], files: [file]).check()
            }
            guard case .reserved = error else {
                Issue.record("\(path) of \(file.content): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("a file that only says what the definition left open is not refused")
    func open() throws {
        let paths = [
            "/etc/issue", "/etc/hostname", "/etc/resolv.conf", "/etc/martlet/limits.env",
            "/usr/share/flatcar/update.conf", "/etc/martlet/keys/mine.pem",
        ]
        try inputs(
            keys: ["0/pub.pem"], files: paths.map { ImageDefinition.File(path: $0, content: .text("x")) }
        ).check()
    }
}
