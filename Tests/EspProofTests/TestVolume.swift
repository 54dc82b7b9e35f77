import ContentTrust
import EspProof
import FleetTestKit
import FoundationEssentials
import HostLinux
import SlotDevice
import UpdateModel

/// An EFI system partition in a file, changed by the system's own programs; each change can be seen as a whole.
struct TestVolume {
    let folder: String
    var path: String { "\(folder)/esp" }

    static let images = ["one", "two"].map { text -> [UInt8] in
        var random = SeededRandom(seed: UInt64(text.utf8.count) + UInt64(text.utf8.first ?? 0))
        return BootImageMaker.image([(".osrel", Array("PRETTY_NAME=\(text)\n".utf8)), (".linux", random.bytes(9000))])
    }
    static let meant: [SHA256Digest: String] = [
        StreamDigest.digest(of: images[0]): "one", StreamDigest.digest(of: images[1]): "two",
    ]

    /// Where the root of slot b lies on the disk, behind every volume.
    static let rootOfB: Range<UInt64> = 64 << 20..<80 << 20

    /// With the first image as `martlet-1-a.efi`.
    static func make(in folder: String, kind: Int) async throws -> TestVolume {
        let volume = TestVolume(folder: folder)
        let sizeBytes: UInt64 = kind == 16 ? 8 << 20 : 40 << 20
        _ = try FileBlockDevice.create(path: volume.path, sizeBytes: sizeBytes)
        try await volume.run("/usr/sbin/mkfs.fat", ["-F", "\(kind)", "-s", kind == 16 ? "2" : "1", volume.path])
        try await volume.run("/usr/bin/mmd", ["-i", volume.path, "::EFI", "::EFI/Linux"])
        try await volume.put(images[0], as: "martlet-1-a.efi")
        return volume
    }

    var bytes: [UInt8] {
        get throws {
            let device = try FileBlockDevice(path: path, access: .readOnly)
            return try device.read(at: 0, count: Int(device.sizeBytes))
        }
    }

    func put(_ content: [UInt8], as name: String) async throws {
        try Data(content).write(to: URL(filePath: "\(folder)/content"))
        try await run("/usr/bin/mcopy", ["-o", "-i", path, "\(folder)/content", "::EFI/Linux/\(name)"])
    }

    func rename(_ name: String, to newName: String) async throws {
        try await run("/usr/bin/mren", ["-i", path, "::EFI/Linux/\(name)", "\(newName)"])
    }

    func remove(_ name: String) async throws { try await run("/usr/bin/mdel", ["-i", path, "::EFI/Linux/\(name)"]) }

    /// Cuts everywhere in `log`, from the state `before` on.
    /// - Parameter hopeless: of what is meant, what never passes its trial.
    func prove(_ log: LogMaker, from before: [UInt8], hopeless: Set<String> = []) async throws -> EspVerdict {
        try Data(before).write(to: URL(filePath: "\(folder)/replayed"))
        var settings = EspProof.Settings(seed: 5)
        settings.slots = [.b: Self.rootOfB]
        settings.hopeless = hopeless
        let proof = try EspProof(meant: Self.meant, settings: settings)
        return try await proof.run(
            image: "\(folder)/replayed", logs: [MemoryBlockDevice(log.bytes)], range: 0..<UInt64(before.count))
    }

    private func run(_ path: String, _ arguments: [String]) async throws {
        let result = try await CommandRunner().run(
            path, arguments, timeLimit: .seconds(30), environment: ["MTOOLS_SKIP_CHECK": "1"])
        guard result.isSuccess else {
            throw EspProofError.tool(name: path, status: result.status, output: result.output)
        }
    }
}

/// Gives `body` a volume in a folder that is removed afterwards.
func withTestVolume(kind: Int = 16, _ body: (TestVolume) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "esp-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // A left-over folder harms nobody.
    try await body(try await TestVolume.make(in: folder, kind: kind))
}
