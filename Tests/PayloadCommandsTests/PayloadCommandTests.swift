import ContentTrust
import FoundationEssentials
import Testing

@Suite("The payload commands")
struct PayloadCommandTests {
    private let image = [UInt8]((0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 300) })
    private static let key = generated()
    private static let other = generated()
    private let kernel = [UInt8](repeating: 3, count: 5000)

    private static func generated() -> SigningKey {
        do { return try SigningKey.generate(.bits2048) } catch { fatalError("No key could be made: \(error)") }
    }

    /// A folder with keys, an image, a kernel and a payload of each format.
    private func folder() async throws -> CommandFolder {
        let folder = try CommandFolder()
        try folder.write(Array(Self.key.privatePEM.utf8), "key.pem")
        try folder.write(Array(Self.key.verificationKey.pem.utf8), "pub.pem")
        try folder.write(Array(Self.other.verificationKey.pem.utf8), "other-pub.pem")
        try folder.write(image, "new.img")
        try folder.write(kernel, "vmlinuz")
        for format in ["1", "2"] {
            try await folder.payload(
                "create", "--quiet", "--format", format, "--target", "@new.img", "--kernel", "@vmlinuz", "--output",
                "@v\(format).crau", "--key", "@key.pem")
        }
        return folder
    }

    @Test("make, verify and apply a payload", arguments: ["1", "2"])
    func wholeWay(format: String) async throws {
        let folder = try await folder()
        try await folder.payload("verify", "-q", "@v\(format).crau", "--key", "@pub.pem")
        try await folder.payload("inspect", "-q", "@v\(format).crau", "--json")
        try await folder.payload(
            "apply", "-q", "@v\(format).crau", "--target", "@out.img", "--kernel-target", "@out.kernel", "--key",
            "@pub.pem")
        #expect(try folder.read("out.img") == image)
        #expect(try folder.read("out.kernel") == kernel)
        #expect(try folder.names.allSatisfy { !$0.hasSuffix(".partial") })
    }

    @Test("say whether a slot holds what a payload makes", arguments: ["1", "2"])
    func verifyTarget(format: String) async throws {
        let folder = try await folder()
        let words = ["verify", "-q", "@v\(format).crau", "--key", "@pub.pem", "--target"]
        try folder.write(image + [1, 2, 3], "slot.img")  // A slot may be larger than what it holds.
        try await folder.run(words + ["@slot.img", "--partition-target", "kernel=\(folder.path("vmlinuz"))"])
        var other = image
        other[299_999] ^= 1
        try folder.write(other, "slot.img")
        #expect(await folder.exitCode { try await $0.run(words + ["@slot.img"]) } == 65)
        try folder.write(Array(image.dropLast()), "slot.img")
        #expect(await folder.exitCode { try await $0.run(words + ["@slot.img"]) } == 65)
    }

    @Test("make payloads for other appliers on request, and larger ones quickly")
    func compression() async throws {
        let folder = try await folder()
        for (name, words) in [("xz", ["--compression", "xz"]), ("fast", ["--fast"])] {
            try await folder.run(
                ["create", "--quiet", "--target", "@new.img", "--output", "@\(name).crau", "--key", "@key.pem"] + words)
            try await folder.payload("apply", "-q", "@\(name).crau", "--target", "@\(name).img", "--key", "@pub.pem")
            #expect(try folder.read("\(name).img") == image)
        }
    }

    @Test("unpack within the memory that they are given")
    func memoryLimit() async throws {
        let folder = try await folder()
        // Two chunks that are alike and do not shrink by themselves: the second refers to the first.
        var state: UInt64 = 7
        let noise = (0..<1_100_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 60)
        }
        try folder.write(noise + noise, "two.img")
        try await folder.payload("create", "-q", "--target", "@two.img", "--output", "@two.crau", "--key", "@key.pem")
        let words = ["apply", "-q", "@two.crau", "--target", "@two.out", "--key", "@pub.pem", "--memory-limit"]
        #expect(await folder.exitCode { try await $0.run(words + ["1"]) } == 65)
        try await folder.run(words + ["8"])
        #expect(try folder.read("two.out") == noise + noise)
        #expect(await folder.exitCode { try await $0.run(words + ["0"]) } == 64)
    }

    @Test("trust a directory of keys")
    func keyDirectory() async throws {
        let folder = try await folder()
        try FileManager.default.createDirectory(atPath: folder.path("keys"), withIntermediateDirectories: false)
        try folder.write(try folder.read("pub.pem"), "keys/b.pem")
        try folder.write(try folder.read("other-pub.pem"), "keys/a.pem")
        try await folder.payload("verify", "-q", "@v2.crau", "--key", "@keys")
    }

    @Test("refuse a stranger's payload with 65, and write nothing", arguments: ["1", "2"])
    func wrongKey(format: String) async throws {
        let folder = try await folder()
        let before = try folder.names
        let verify = await folder.exitCode {
            try await $0.payload("verify", "-q", "@v\(format).crau", "--key", "@other-pub.pem")
        }
        #expect(verify == 65)
        let apply = await folder.exitCode {
            try await $0.payload("apply", "-q", "@v\(format).crau", "--target", "@out.img", "--key", "@other-pub.pem")
        }
        #expect(apply == 65)
        #expect(try folder.names == before)
    }

    @Test("refuse an unsigned payload unless that is allowed", arguments: ["1", "2"])
    func unsigned(format: String) async throws {
        let folder = try await folder()
        try await folder.payload(
            "create", "-q", "--format", format, "--target", "@new.img", "--output", "@unsigned.crau")
        let refused = await folder.exitCode {
            try await $0.payload("apply", "-q", "@unsigned.crau", "--target", "@out.img", "--key", "@pub.pem")
        }
        #expect(refused == 65)
        #expect(!folder.exists("out.img"))
        try await folder.payload("apply", "-q", "@unsigned.crau", "--target", "@out.img", "--allow-unsigned")
        #expect(try folder.read("out.img") == image)
    }

    @Test(
        "trust nobody when no key is given",
        arguments: [["verify", "@v1.crau"], ["apply", "@v2.crau", "--target", "@o"]])
    func noKey(words: [String]) async throws {
        let folder = try await folder()
        #expect(await folder.exitCode { try await $0.run(words + ["-q"]) } == 65)
        #expect(!folder.exists("o"))
    }

    @Test("leave an existing target as it is when they fail, and replace it when they succeed")
    func existingTarget() async throws {
        let folder = try await folder()
        try folder.write([1, 2, 3], "out.img")
        var damaged = try folder.read("v1.crau")
        damaged[damaged.count - 400] ^= 1
        try folder.write(damaged, "damaged.crau")
        let code = await folder.exitCode {
            try await $0.payload("apply", "-q", "@damaged.crau", "--target", "@out.img", "--key", "@pub.pem")
        }
        #expect(code == 65)
        #expect(try folder.read("out.img") == [1, 2, 3])
        try await folder.payload("apply", "-q", "@v1.crau", "--target", "@out.img", "--key", "@pub.pem")
        #expect(try folder.read("out.img") == image)
    }

    @Test("sign off-line as with the key at hand", arguments: ["1", "2"])
    func detached(format: String) async throws {
        let folder = try await folder()
        try await folder.payload(
            "create", "-q", "--format", format, "--target", "@new.img", "--kernel", "@vmlinuz", "--output", "@u.crau")
        try await folder.payload("hash", "@u.crau", "--output", "@h.bin", "--metadata-output", "@m.bin")
        #expect(try folder.read("h.bin").count == 32)
        try folder.sign("h.bin", with: "key.pem", into: "h.sig")
        if format == "2" {
            try folder.sign("m.bin", with: "key.pem", into: "m.sig")
            try await folder.payload(
                "attach", "@u.crau", "--signature", "@h.sig", "--metadata-signature", "@m.sig", "--output", "@s.crau")
        } else {
            try await folder.payload("attach", "@u.crau", "--signature", "@h.sig", "--output", "@s.crau")
        }
        #expect(try folder.read("s.crau") == folder.read("v\(format).crau"))
        try await folder.payload("verify", "-q", "@s.crau", "--key", "@pub.pem")
    }

    @Test("ask for the second signature of format 2")
    func metadataSignature() async throws {
        let folder = try await folder()
        try folder.write([UInt8](repeating: 1, count: 256), "h.sig")
        let missing = await folder.exitCode {
            try await $0.payload("attach", "@v2.crau", "--signature", "@h.sig", "--output", "@s.crau")
        }
        let unwanted = await folder.exitCode {
            try await $0.payload(
                "attach", "@v1.crau", "--signature", "@h.sig", "--metadata-signature", "@h.sig", "--output", "@s.crau")
        }
        #expect(missing == 64)
        #expect(unwanted == 64)
        #expect(!folder.exists("s.crau"))
    }

    @Test("take several named partitions")
    func partitions() async throws {
        let folder = try await folder()
        try await folder.payload(
            "create", "-q", "--fast", "--partition", "usr=@new.img", "--partition", "modules=@vmlinuz", "--output",
            "@p.crau",
            "--key", "@key.pem")
        let ambiguous = await folder.exitCode {
            try await $0.payload("apply", "-q", "@p.crau", "--target", "@out.img", "--key", "@pub.pem")
        }
        #expect(ambiguous == 64)
        try await folder.payload(
            "apply", "-q", "@p.crau", "--target", "@out.img", "--partition-target", "modules=@out.modules", "--key",
            "@pub.pem")
        #expect(try folder.read("out.img") == image)
        #expect(try folder.read("out.modules") == kernel)
        let stranger = await folder.exitCode {
            try await $0.payload("apply", "-q", "@p.crau", "--partition-target", "boot=@x", "--key", "@pub.pem")
        }
        #expect(stranger == 65)
    }

    @Test(
        "leave with 64 when they are used wrongly",
        arguments: [
            ["apply", "@v1.crau", "--target", "@o", "--key", "@pub.pem", "--allow-unsigned"],
            ["apply", "@v1.crau", "--key", "@pub.pem"],
            ["create", "--output", "@o"],
            ["create", "--target", "@new.img", "--output", "@new.img"],
            ["create", "--format", "3", "--target", "@new.img", "--output", "@o"],
            ["create", "--format", "1", "--partition", "x=@new.img", "--output", "@o"],
            ["hash", "@v1.crau", "--output", "@o", "--signature-size", "100"],
            [
                "apply", "@v1.crau", "--target", "@out", "--source", "@out", "--partition-source", "x", "--key",
                "@pub.pem",
            ],
        ])
    func usage(words: [String]) async throws {
        let folder = try await folder()
        let before = try folder.names
        #expect(await folder.exitCode { try await $0.run(words) } == 64)
        #expect(try folder.names == before)
    }

    @Test("leave with 65 for what is no payload, or a damaged one", arguments: [0, 1, 3, 19, 100, 900])
    func damaged(count: Int) async throws {
        let folder = try await folder()
        try folder.write(Array(try folder.read("v2.crau").prefix(count)), "cut.crau")
        try folder.write(Array("<html></html>".utf8), "page.crau")
        for name in ["cut.crau", "page.crau"] {
            #expect(await folder.exitCode { try await $0.payload("inspect", "-q", "@\(name)") } == 65)
            #expect(
                await folder.exitCode { try await $0.payload("verify", "-q", "@\(name)", "--key", "@pub.pem") } == 65)
            let apply = await folder.exitCode {
                try await $0.payload("apply", "-q", "@\(name)", "--target", "@o", "--allow-unsigned")
            }
            #expect(apply == 65)
        }
        #expect(await folder.exitCode { try await $0.payload("inspect", "@missing.crau") } == 74)
    }

    @Test("never overwrite a key, and keep the private one to its owner")
    func keys() async throws {
        let folder = try await folder()
        try await folder.key("generate", "--output", "@fresh.pem", "--public", "@fresh-pub.pem")
        #expect(try folder.mode("fresh.pem") == 0o600)
        #expect(try VerificationKey(contentsOfFile: folder.path("fresh-pub.pem")).bitCount == 2048)
        let before = try folder.read("fresh.pem")
        for words in [["@fresh.pem", "@new-pub.pem"], ["@new.pem", "@fresh-pub.pem"]] {
            let code = await folder.exitCode {
                try await $0.key("generate", "--output", words[0], "--public", words[1])
            }
            #expect(code == 64)
        }
        #expect(try folder.read("fresh.pem") == before)
        #expect(!folder.exists("new.pem"))
        try await folder.key("fingerprint", "@fresh-pub.pem", "@other-pub.pem", "--json")
        #expect(await folder.exitCode { try await $0.key("fingerprint", "@fresh.pem") } == 65)
    }
}
