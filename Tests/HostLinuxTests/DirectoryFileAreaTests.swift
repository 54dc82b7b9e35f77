import FleetTestKit
import FoundationEssentials
import HostLinux
import SlotDevice
import Testing

@Suite struct DirectoryFileAreaTests {
    @Test("It keeps every promise of the port")
    func contract() async throws {
        try await withTemporaryFolder { folder in try FileAreaContract.check(DirectoryFileArea(path: folder)) }
    }

    @Test("A symbolic link is neither followed nor written through nor listed")
    func refusesLinks() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/boot", withIntermediateDirectories: true)
            try AtomicFile.write([1, 2, 3], to: "\(folder)/secret")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/boot/vmlinuz-a", withDestinationPath: "\(folder)/secret")
            let area = try DirectoryFileArea(path: "\(folder)/boot")
            #expect(throws: DeviceError.self) { try area.open("vmlinuz-a") }
            #expect(throws: DeviceError.self) { try area.create("vmlinuz-a", sizeBytes: 10) }
            #expect(try area.names().isEmpty)
            #expect(try AtomicFile.read("\(folder)/secret", limit: 100) == [1, 2, 3])
        }
    }

    @Test("Folders in it are not files")
    func ignoresFolders() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/sub", withIntermediateDirectories: true)
            let area = try DirectoryFileArea(path: folder)
            #expect(try area.names().isEmpty)
            #expect(throws: DeviceError.self) { try area.open("sub") }
        }
    }

    @Test("A directory that is not there is a clear error")
    func missingDirectory() {
        #expect(
            throws: DeviceError.failed(operation: "open", path: "/nonexistent", reason: "No such file or directory")
        ) {
            try DirectoryFileArea(path: "/nonexistent")
        }
    }
}

@Suite struct AtomicFileTests {
    @Test("A file is replaced as a whole, with the permissions that were asked for, and nothing is left beside it")
    func replaces() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/token"
            try AtomicFile.write(Array("old and long".utf8), to: path)
            try AtomicFile.write(Array("new".utf8), to: path, mode: 0o600)
            #expect(try AtomicFile.read(path, limit: 3) == Array("new".utf8))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["token"])
        }
    }

    @Test("A file that is missing is nothing, and one that is too large is an error")
    func bounds() async throws {
        try await withTemporaryFolder { folder in
            #expect(try AtomicFile.read("\(folder)/none", limit: 10) == nil)
            try AtomicFile.write([UInt8](repeating: 0, count: 11), to: "\(folder)/large")
            #expect(throws: DeviceError.self) { try AtomicFile.read("\(folder)/large", limit: 10) }
            #expect(try AtomicFile.read("\(folder)/large", limit: 11)?.count == 11)
            #expect(throws: DeviceError.self) { try AtomicFile.read("/dev/zero", limit: 10) }
        }
    }

    @Test("A file cannot be written into a folder that is not there")
    func missingFolder() {
        #expect(throws: DeviceError.self) { try AtomicFile.write([1], to: "/nonexistent/file") }
    }
}

@Suite struct BootIdentityTests {
    @Test("A boot's id is read from the system's root, and is the same all through the boot")
    func readsBootID() async throws {
        #expect(try BootIdentity.bootID()?.count == 36)
        #expect(try BootIdentity.bootID() == BootIdentity.bootID())
        try await withTemporaryFolder { root in
            #expect(try BootIdentity.bootID(root: root) == nil)
            let folder = "\(root)/proc/sys/kernel/random"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try AtomicFile.write(Array("4f3c\n".utf8), to: "\(folder)/boot_id")
            #expect(try BootIdentity.bootID(root: root) == "4f3c")
        }
    }
}
