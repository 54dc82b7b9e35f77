import FoundationEssentials
import ImageBuilder
import Testing
import UpdateModel

/// On files; a real disk is what the boot journey has.
@Suite struct InstallerTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/martlet-install-\(UUID().uuidString)"

    /// What a build leaves, with parts of a few kilobytes.
    private func makeImage() throws -> String {
        let names = BuiltImage.names
        for name in [names.root, names.verity, names.kernel, names.loader] {
            try write([UInt8](repeating: 7, count: 4096), to: "\(folder)/\(name)")
        }
        func part(_ name: String) throws -> BuiltImage.Part { try BuiltImage.describe(name, in: folder) }
        try BuiltImage(
            name: "os", version: "1.0.0", architecture: .amd64, kernel: "6.1", rootHash: "ab", commandLine: "ro",
            root: try part(names.root), verity: try part(names.verity), kernelImage: try part(names.kernel),
            loader: try part(names.loader),
            sizes: PartitionSizes(espMebibytes: 64, rootMebibytes: 4, verityMebibytes: 1, stateMebibytes: 64),
            packages: []
        ).save(to: folder)
        return folder
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: path))
    }

    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    @Test("What was not built, or was changed since, is not installed")
    func damaged() throws {
        defer { cleanUp() }
        #expect(throws: ImageError.self) { try ImageInstaller(directory: folder) }
        let directory = try makeImage()
        _ = try ImageInstaller(directory: directory)
        try write([1], to: "\(directory)/\(BuiltImage.names.kernel)")
        #expect(throws: ImageError.self) { try ImageInstaller(directory: directory) }
    }

    @Test("A target that is too small, missing without a size, or no disk is refused untouched")
    func refusals() throws {
        defer { cleanUp() }
        let installer = try ImageInstaller(directory: try makeImage())
        let file = "\(folder)/disk"
        #expect(throws: ImageError.sizeNeeded(path: file)) { try installer.examine(file, sizeBytes: nil) }
        #expect(
            throws: ImageError.targetTooSmall(path: file, sizeBytes: 1 << 20, neededBytes: installer.image.diskBytesMin)
        ) { try installer.examine(file, sizeBytes: 1 << 20) }
        #expect(throws: ImageError.self) { try installer.examine("/dev/null", sizeBytes: nil) }
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test(
        "Installing gives a table, an ESP with one good entry, and a state that fills the disk; no two disks are alike",
        .enabled(if: DiskWriter.tools.allSatisfy { $0.path != nil }, "needs fdisk, dosfstools, mtools, e2fsprogs"))
    func install() async throws {
        defer { cleanUp() }
        let installer = try ImageInstaller(directory: try makeImage())
        let paths = ["\(folder)/one", "\(folder)/two"]
        for path in paths {
            let target = try installer.examine(path, sizeBytes: 256 << 20)
            #expect(!target.isErased)
            try await installer.install(to: target)
        }
        #expect(try installer.examine(paths[0], sizeBytes: nil).isErased)
        let runner = ToolRunner()
        let tables = try await [
            runner.run(.partition, ["--json", paths[0]], doing: "reading"),
            runner.run(.partition, ["--json", paths[1]], doing: "reading"),
        ]
        #expect(tables[0].contains("\"name\": \"state\"") || tables[0].contains("\"name\":\"state\""))
        let ids = tables.map { Set($0.split(separator: "\n").filter { $0.contains("uuid") }) }
        #expect(ids[0].isDisjoint(with: ids[1]))
        let entry = try await runner.run(
            .shell, ["-c", "mdir -b -i \"$0@@1M\" ::EFI/Linux", paths[0]], doing: "listing")
        #expect(entry.split(whereSeparator: \.isNewline) == ["::/EFI/Linux/\(DiskWriter.firstEntry)"])
        #expect(try FileManager.default.attributesOfItem(atPath: paths[0])[.size] as? UInt64 == 256 << 20)
    }
}
