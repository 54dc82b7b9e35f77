import FoundationEssentials
import ImageBuilder
import Testing
import UpdateModel

@Suite struct ReproducibleTests {
    /// The build needs root and its tools, and the packages that an earlier build has kept.
    private static var obstacle: String? {
        do {
            return ReleaseBuilder.obstacle(
                to: try ImageDefinition.load(definitionPath), cache: ReleaseBuilder.Options.usualCache)
        } catch {
            return error.userMessage.line
        }
    }

    private static var top: String { #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() }
    private static var definitionPath: String { "\(top)/images/martlet-os.toml" }

    @Test(
        "The same definition and packages give the same slot images, byte for byte, under whatever umask",
        .enabled(if: obstacle == nil, Comment(rawValue: obstacle ?? "")))
    func sameBytes() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-build-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let overrides = ["title=Twice"]
        var images: [BuiltImage] = []
        for (name, mask) in [("one", 0o022), ("another", 0o077)] as [(String, UInt32)] {
            let usual = setUmask(mask)
            defer { _ = setUmask(usual) }
            var definition = try ImageDefinition.load(Self.definitionPath, overrides: overrides)
            definition.programs = ["/bin/true"]  // Ours need not be built for this.
            let options = ReleaseBuilder.Options(
                version: try Version("9.9.9"), output: "\(folder)/\(name)", programs: "/bin",
                initPath: "\(Self.top)/images/initramfs/init", cache: ReleaseBuilder.Options.usualCache)
            images.append(try await ReleaseBuilder(definition, options: options, progress: .silent).build())
        }
        #expect(images[0].root.sha256 == images[1].root.sha256)
        #expect(images[0].verity.sha256 == images[1].verity.sha256)
        #expect(images[0].kernelImage.sha256 == images[1].kernelImage.sha256)
        let isSame = images[0] == images[1]  // Not in the expectation: it would print every package twice.
        #expect(isSame)
        #expect(images[0].root.sizeBytes > 10 << 20)
    }
}
