import ContentTrust
import FoundationEssentials
import Glibc
import Testing
import UpdateModel

@Suite("The payload commands refuse")
struct RefusalTests {
    private let image = [UInt8](repeating: 7, count: 20_000)
    private static let key = generated(.bits2048)
    private static let longKey = generated(.bits4096)
    private static let stranger = generated(.bits2048)

    private static func generated(_ length: SigningKey.Length) -> SigningKey {
        do { return try SigningKey.generate(length) } catch { fatalError("No key could be made: \(error)") }
    }

    private func folder(format: String = "2") async throws -> CommandFolder {
        let folder = try CommandFolder()
        try folder.write(Array(Self.key.privatePEM.utf8), "key.pem")
        try folder.write(Array(Self.longKey.privatePEM.utf8), "long.pem")
        try folder.write(Array(Self.longKey.verificationKey.pem.utf8), "long-pub.pem")
        try folder.write(Array(Self.key.verificationKey.pem.utf8), "pub.pem")
        try folder.write(Array(Self.stranger.verificationKey.pem.utf8), "stranger.pem")
        try folder.write(image, "new.img")
        try folder.write(image, "vmlinuz")
        try await folder.payload(
            "create", "-q", "--format", format, "--target", "@new.img", "--kernel", "@vmlinuz", "--output", "@p.crau",
            "--key", "@key.pem")
        try await folder.payload(
            "create", "-q", "--format", format, "--target", "@new.img", "--output", "@unsigned.crau")
        return folder
    }

    private func message(_ folder: CommandFolder, _ words: String...) async -> UserMessage? {
        do {
            try await folder.run(words)
            return nil
        } catch let error as any UserFacingError {
            return error.userMessage
        } catch {
            return UserMessage("\(error)", exit: .software)
        }
    }

    @Test("a signature longer than was reserved, with both sizes and the option that helps")
    func signatureSize() async throws {
        let folder = try await folder(format: "1")
        try await folder.payload("hash", "-q", "@unsigned.crau", "--output", "@h")
        try folder.sign("h", with: "long.pem", into: "h.sig")
        let refusal = await message(
            folder, "attach", "@unsigned.crau", "--signature", "@h.sig", "--output", "@s.crau")
        #expect(refusal?.exit == .badData)
        for part in ["h.sig", "512", "256", "--signature-size 512"] {
            #expect(refusal?.line.contains(part) == true, "\(part)")
        }
        #expect(!folder.exists("s.crau"))
        try await folder.payload("hash", "-q", "@unsigned.crau", "--output", "@h", "--signature-size", "512")
        try folder.sign("h", with: "long.pem", into: "h.sig")
        try await folder.payload(
            "attach", "@unsigned.crau", "--signature", "@h.sig", "--signature-size", "512", "--output", "@s.crau")
        try await folder.payload("verify", "-q", "@s.crau", "--key", "@long-pub.pem")
    }

    @Test("one signature for format 2, with the commands that make the other")
    func metadataSignature() async throws {
        let folder = try await folder()
        try folder.write([UInt8](repeating: 1, count: 256), "h.sig")
        let refusal = await message(
            folder, "attach", "@unsigned.crau", "--signature", "@h.sig", "--output", "@s.crau")
        #expect(refusal?.line.contains("openssl pkeyutl -sign") == true)
        #expect(refusal?.line.contains("--metadata-signature metadata.sig") == true)
    }

    @Test("to write one file twice, or a file that is read")
    func sameFiles() async throws {
        let folder = try await folder()
        try FileManager.default.createSymbolicLink(atPath: folder.path("here"), withDestinationPath: ".")
        try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "p.crau")
        let before = try folder.names
        for words in [
            ["--target", "@o", "--kernel-target", "@o"], ["--target", "@o", "--kernel-target", "@here/o"],
            ["--target", "@o", "--partition-target", "kernel=@o"], ["--target", "@p.crau"], ["--target", "@link"],
            ["--target", "@o", "--kernel-target", "@a", "--partition-target", "kernel=@b"],
            ["--target", "@o", "--partition-target", "system=@b"],
            ["--target", "@o", "--kernel-target", "@vmlinuz", "--source", "@vmlinuz"],
        ] {
            let code = await folder.exitCode { try await $0.run(["apply", "-q", "@p.crau", "--key", "@pub.pem"] + words) }
            #expect(code == 64, "\(words)")
        }
        #expect(try folder.names == before)
    }

    @Test("a payload by its file's name, and tell damage from a stranger's signature", arguments: ["1", "2"])
    func reasons(format: String) async throws {
        let folder = try await folder(format: format)
        let stranger = await message(folder, "verify", "-q", "@p.crau", "--key", "@stranger.pem")
        #expect(stranger?.text.hasPrefix(folder.path("p.crau")) == true)
        #expect(stranger?.text.contains("damaged") == false)
        #expect(stranger?.text.contains("trusted key") == true)
        var damaged = try folder.read("p.crau")
        // Just before the payload's signature, which ends the file.
        damaged[damaged.count - 300] ^= 1
        try folder.write(damaged, "d.crau")
        for key in ["@pub.pem", "@stranger.pem"] {
            let refusal = await message(folder, "verify", "-q", "@d.crau", "--key", key)
            #expect(refusal?.text.hasPrefix(folder.path("d.crau")) == true)
            #expect(refusal?.text.contains("damaged") == true)
            #expect(refusal?.exit == .badData)
        }
    }

    @Test("a few bytes that declare a huge partition", .timeLimit(.minutes(1)))
    func hollow() async throws {
        let folder = try await folder()
        // Format 2: partition “system” of 2^36 bytes, one operation ZERO on its first block.
        let info = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 0x12, 0x20] + [UInt8](repeating: 0, count: 32)
        let operation: [UInt8] = [0x08, 6, 0x32, 4, 0x08, 0, 0x10, 1]
        let partition =
            [0x0A, 6] + Array("system".utf8) + [0x3A, UInt8(info.count)] + info + [0x42, UInt8(operation.count)]
            + operation
        let manifest = [0x6A, UInt8(partition.count)] + partition
        let header = Array("CrAU".utf8) + [0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, UInt8(manifest.count), 0, 0, 0, 0]
        try folder.write(header + manifest, "hollow.crau")
        let refusal = await message(folder, "apply", "-q", "@hollow.crau", "--target", "@o", "--allow-unsigned")
        #expect(refusal?.exit == .badData)
        #expect(refusal?.text.contains("68719476736") == true, "\(refusal?.line ?? "not refused")")
        #expect(!folder.exists("o"))
    }

    @Test("a pipe at once", .timeLimit(.minutes(1)))
    func pipe() async throws {
        let folder = try await folder()
        let made = unsafe mkfifo(folder.path("pipe"), 0o600)
        #expect(made == 0)
        for words in [
            ["verify", "@pipe", "--key", "@pub.pem"], ["inspect", "@pipe"], ["hash", "@pipe", "--output", "@h"],
            ["apply", "@pipe", "--target", "@o", "--key", "@pub.pem"],
        ] { #expect(await folder.exitCode { try await $0.run(words) } == 65, "\(words)") }
    }

    @Test("no key directory for one bad file in it")
    func keyDirectory() async throws {
        let folder = try await folder()
        try FileManager.default.createDirectory(atPath: folder.path("keys"), withIntermediateDirectories: false)
        try folder.write(Array("junk".utf8), "keys/a.pem")
        #expect(
            await folder.exitCode { try await $0.payload("verify", "-q", "@p.crau", "--key", "@keys") } == 65)
        try folder.write(try folder.read("pub.pem"), "keys/b.pem")
        try await folder.payload("verify", "-q", "@p.crau", "--key", "@keys")
    }

    @Test("no wider access to a file that is replaced", arguments: [0o600, 0o640, 0o444])
    func mode(mode: Int) async throws {
        let folder = try await folder()
        try folder.write([1], "out")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path("out"))
        try await folder.payload("apply", "-q", "@p.crau", "--target", "@out", "--key", "@pub.pem")
        #expect(try folder.mode("out") == mode)
        #expect(try folder.read("out") == image)
    }
}
