import FoundationEssentials
import ImageBuilder
import Testing
import UpdateModel

/// On files; ``DiskTests`` has the disks.
@Suite struct InstallerTests {
    private let folder: TestFolder
    private let directory: String

    init() throws {
        folder = try TestFolder()
        directory = try folder.makeImage()
    }

    @Test("What was not built, or was changed since, is not installed")
    func damaged() throws {
        #expect(throws: ImageError.self) { try ImageInstaller(directory: folder.path("nothing")) }
        _ = try ImageInstaller(directory: directory)
        try folder.write([1], "os/\(BuiltImage.names.kernel)")
        #expect(throws: ImageError.self) { try ImageInstaller(directory: directory) }
    }

    @Test("A target that is too small, missing without a size, or no disk is refused untouched")
    func refusals() throws {
        let installer = try ImageInstaller(directory: directory)
        let file = folder.path("disk")
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
        let installer = try ImageInstaller(directory: directory)
        let paths = ["one", "two"].map(folder.path)
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

    @Test("Through a link the file that it leads to is replaced, and the size is that file's")
    func link() async throws {
        let installer = try ImageInstaller(directory: directory)
        let (file, link) = (folder.path("disk"), folder.path("link"))
        let size = installer.image.diskBytesMin + (1 << 20)
        try folder.makeHole("disk", sizeBytes: size)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "disk")
        let target = try installer.examine(link, sizeBytes: nil)
        #expect(target == .file(path: file, sizeBytes: size, exists: true))
        guard DiskWriter.tools.allSatisfy({ $0.path != nil }) else { return }  // Examined is all that can be tested.
        try await installer.install(to: target)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "disk")
        #expect(try folder.read("disk", at: 512, count: 8) == Array("EFI PART".utf8))
    }

    @Test("A link that leads nowhere is refused and stays")
    func danglingLink() throws {
        let link = folder.path("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "missing")
        #expect(throws: ImageError.file(path: link, reason: "it is a link that leads nowhere")) {
            try ImageInstaller(directory: directory).examine(link, sizeBytes: 1 << 30)
        }
    }

    @Test("Why a disk cannot be opened is said in the system's words")
    func systemReason() {
        let reason = "it cannot be opened for writing: No such file or directory"
        #expect(throws: ImageError.file(path: "/dev/nowhere", reason: reason)) {
            try HeldTarget(disk: "/dev/nowhere", sectorBytes: 512)
        }
    }

    @Test(
        "Nobody's folder beside the file is touched, and a file that is replaced leaves its mode",
        .enabled(if: DiskWriter.tools.allSatisfy { $0.path != nil }, "needs fdisk, dosfstools, mtools, e2fsprogs"))
    func neighbours() async throws {
        let installer = try ImageInstaller(directory: directory)
        try folder.write("somebody's", "vm/disk.partial/notes")
        try folder.makeHole("vm/disk", sizeBytes: installer.image.diskBytesMin)
        try folder.setMode(of: "vm/disk", to: 0o640)
        try await installer.install(to: try installer.examine(folder.path("vm/disk"), sizeBytes: nil))
        #expect(try folder.text("vm/disk.partial/notes") == "somebody's")
        #expect(try folder.mode(of: "vm/disk") == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("vm")).count == 2)
    }

    @Test("What an earlier build left goes, and nothing else")
    func earlierProducts() throws {
        for name in ["disk.img", "update.crau", "disk.img.vars", "notes"] { try folder.write("x", "os/\(name)") }
        try BuiltImage.removeProducts(from: directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["disk.img.vars", "notes"])
        try folder.write("somebody's", "os/disk.img/notes")
        #expect(throws: ImageError.self) { try BuiltImage.removeProducts(from: directory) }
        #expect(try folder.text("os/disk.img/notes") == "somebody's")
    }
}
