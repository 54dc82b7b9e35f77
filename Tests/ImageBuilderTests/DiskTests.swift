import FoundationEssentials
import ImageBuilder
import Testing

/// A file that the kernel shows as a disk.
private struct LoopDevice {
    private static let tool = "/usr/sbin/losetup"

    /// Why there can be none here; `nil` where there can.
    static var obstacle: String? {
        guard isRoot else { return "only root makes loop devices" }
        let isThere = ["/dev/loop-control", tool].allSatisfy(FileManager.default.fileExists)
        return isThere ? nil : "there are no loop devices"
    }

    static func attached(
        to file: String, sectorBytes: Int, _ work: (String) async throws -> Void
    ) async throws {
        let runner = ToolRunner()
        let printed = try await runner.run(
            path: tool, ["--find", "--show", "--sector-size", "\(sectorBytes)", file], doing: "making a disk")
        let device = String(printed.split(whereSeparator: \.isNewline).first ?? "")
        var failure: (any Error)?
        do {
            try await work(device)
        } catch {
            failure = error
        }
        try await runner.run(path: tool, ["--detach", device], doing: "removing the disk")
        if let failure { throw failure }
    }
}

@Suite(
    .enabled(if: LoopDevice.obstacle == nil, Comment(rawValue: LoopDevice.obstacle ?? "")),
    .enabled(if: DiskWriter.tools.allSatisfy { $0.path != nil }, "needs fdisk, dosfstools, mtools, e2fsprogs"))
struct DiskTests {
    private let folder: TestFolder
    private let installer: ImageInstaller

    init() throws {
        folder = try TestFolder()
        installer = try ImageInstaller(directory: try folder.makeImage())
    }

    /// Full of what somebody else left.
    private func makeDisk() throws -> String {
        try folder.write([UInt8](repeating: 0xE5, count: 192 << 20), "disk")
        return folder.path("disk")
    }

    @Test("A disk full of old bytes gets a table, an ESP and a sound file system", arguments: [512, 4096])
    func install(sectorBytes: Int) async throws {
        try await LoopDevice.attached(to: try makeDisk(), sectorBytes: sectorBytes) { disk in
            let target = try installer.examine(disk, sizeBytes: nil)
            #expect(target == .disk(path: disk, sizeBytes: 192 << 20, sectorBytes: sectorBytes))
            #expect(target.isErased)
            try await installer.install(to: target)
            let runner = ToolRunner()
            let layout = DiskLayout(sizes: installer.image.sizes, platform: .amd64, diskMebibytes: 192)
            let table = try await runner.run(.partition, ["--verify", disk], doing: "verifying the table")
            #expect(table.contains("No errors detected"))
            try await runner.run(
                path: "/usr/sbin/e2fsck", ["-fn", "\(disk)?offset=\(layout[.state].offsetBytes)"],
                doing: "checking the state")
            let place = "\(disk)@@\(layout[.esp].offsetBytes)"
            let entry = try await runner.run(
                .shell, ["-c", "mdir -b -i \"$0\" ::EFI/Linux 2>/dev/null", place], doing: "listing")
            #expect(entry.split(whereSeparator: \.isNewline) == ["::/EFI/Linux/\(DiskWriter.firstEntry)"])
        }
        let root = try folder.read("disk", at: 65 << 20, count: 8192)
        #expect(root.prefix(4096).allSatisfy { $0 == 7 } && root.suffix(4096).allSatisfy { $0 == 0xE5 })
    }

    @Test("From before the first write to after the last nobody else can take the disk")
    func held() async throws {
        try await LoopDevice.attached(to: try makeDisk(), sectorBytes: 512) { disk in
            let held = try HeldTarget(disk: disk, sectorBytes: 512)
            let refusal = ImageError.targetInUse(path: disk, by: "the kernel holds it")
            #expect(throws: refusal) { try installer.examine(disk, sizeBytes: nil) }
            let writer = DiskWriter(
                image: installer.image, directory: folder.path("os"), platform: .amd64, runner: ToolRunner())
            let layout = DiskLayout(sizes: installer.image.sizes, platform: .amd64, diskMebibytes: 192)
            try await writer.write(to: held, layout: layout)
            #expect(throws: refusal) { try installer.examine(disk, sizeBytes: nil) }
            held.release()
            _ = try installer.examine(disk, sizeBytes: nil)
        }
    }

    @Test("A size for a disk is refused, for it has one")
    func sizeOfDisk() async throws {
        try await LoopDevice.attached(to: try makeDisk(), sectorBytes: 512) { disk in
            #expect(throws: ImageError.sizeOfDisk(path: disk)) { try installer.examine(disk, sizeBytes: 1 << 30) }
        }
    }

    @Test("A file that backs a disk in use is refused")
    func backing() async throws {
        let file = try makeDisk()
        try await LoopDevice.attached(to: file, sectorBytes: 512) { disk in
            #expect(throws: ImageError.targetInUse(path: file, by: "it backs \(disk)")) {
                try installer.examine(file, sizeBytes: nil)
            }
        }
    }

    @Test("A disk that somebody has is not booted, and one that is free gives QEMU no files in /dev")
    func emulated() async throws {
        func check(_ disk: String) throws {
            _ = try Emulator(disk: disk, platform: .amd64, acceleration: .emulation).check()
        }
        let file = try makeDisk()
        try await LoopDevice.attached(to: file, sectorBytes: 512) { disk in
            let held = try HeldTarget(disk: disk, sectorBytes: 512)
            #expect(throws: ImageError.targetInUse(path: disk, by: "the kernel holds it")) { try check(disk) }
            held.release()
            do {
                try check(disk)
            } catch ImageError.missingTools {}  // Without QEMU, too, the disk has been looked at.
            _ = try installer.examine(disk, sizeBytes: nil)  // It was given back.
            #expect(throws: ImageError.targetInUse(path: file, by: "it backs \(disk)")) { try check(file) }
            var emulator = Emulator(disk: disk, platform: .amd64, acceleration: .emulation)
            emulator.cache = folder.path("cache")
            let name = disk.dropFirst().replacing("/", with: "-")
            #expect(emulator.variables == folder.path("cache/firmware/\(name).vars"))
        }
    }
}
