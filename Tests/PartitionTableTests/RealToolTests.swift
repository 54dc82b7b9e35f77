import FleetTestKit
import FoundationEssentials
import HostLinux
import PartitionTable
import SlotDevice
import Testing

/// The system's own tools for partition tables.
enum PartitionTools {
    static let sgdisk = "/usr/sbin/sgdisk"
    static let sfdisk = "/usr/sbin/sfdisk"
    static var areInstalled: Bool {
        FileManager.default.isExecutableFile(atPath: sgdisk) && FileManager.default.isExecutableFile(atPath: sfdisk)
    }
}

/// What the system's own tools write is read, and what we write satisfies them.
@Suite(.enabled(if: PartitionTools.areInstalled)) struct RealToolTests {
    @Test("A table that sgdisk wrote is read", .timeLimit(.minutes(1)))
    func readsSgdisk() async throws {
        try await withImage { path in
            try await run(
                PartitionTools.sgdisk,
                [
                    "-n", "1:2048:+1M", "-c", "1:EFI-SYSTEM", "-t", "1:ef00", "-n", "3:0:+2M", "-c", "3:USR-A", "-t",
                    "3:5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6", "-u", "3:7130c94a-213a-4e5a-8e26-6cce9662f132", "-A",
                    "3:=:0x0101000000000000", "-n", "4:0:+2M", "-c", "4:Größe µ", path,
                ])
            let reading = try PartitionedDisk(FileBlockDevice(path: path, access: .readOnly)).read()
            #expect(reading.isSound)
            #expect(reading.table.partitions.map(\.number) == [1, 3, 4])
            #expect(reading.table.partitions.map(\.entry.name) == ["EFI-SYSTEM", "USR-A", "Größe µ"])
            #expect(reading.table.entries[2].attributes == PartitionAttributes(priority: 1, isSuccessful: true))
            #expect(reading.table.entries[2].uniqueID.description == "7130c94a-213a-4e5a-8e26-6cce9662f132")
        }
    }

    @Test("sgdisk and sfdisk find no problem in a table of ours, nor after a change")
    func satisfiesTools() async throws {
        try await withImage { path in
            let device = try FileBlockDevice(path: path, access: .readWrite)
            try PartitionedDisk(device).create(try twoSlots(device))
            try await expectNoProblems(path)
            try PartitionedDisk(device).update {
                $0.entries[3].attributes = PartitionAttributes(priority: 2, triesLeft: 1)
            }
            try await expectNoProblems(path)
            let shown = try await run(PartitionTools.sgdisk, ["-i", "4", path])
            #expect(shown.contains("Attribute flags: 0012000000000000"))
            #expect(shown.contains("Partition name: 'USR-B'"))
            let dump = try await run(PartitionTools.sfdisk, ["--dump", path])
            #expect(dump.contains("name=\"USR-A\""))
            #expect(dump.contains("label: gpt"))
        }
    }

    @Test(
        "Tables of other sizes, as sgdisk writes them, are read and changed in place",
        arguments: [4, 56, 128, 256, 1024])
    func otherEntryCounts(count: Int) async throws {
        try await withImage { path in
            try await run(PartitionTools.sgdisk, ["-S", "\(count)", "-n", "1:4096:+1M", "-c", "1:USR-A", path])
            let disk = PartitionedDisk(try FileBlockDevice(path: path, access: .readWrite))
            #expect(try disk.read().isSound)
            #expect(try disk.read().table.entries.count >= count)
            try disk.update { $0.entries[0].attributes.priority = 3 }
            let verdict = try await run(PartitionTools.sgdisk, ["-v", path])
            #expect(verdict.contains("No problems found"), "\(verdict)")
        }
    }

    @Test("sgdisk accepts a table whose backup we moved to the end of a grown disk")
    func grownDisk() async throws {
        try await withImage { path in
            let small = try FileBlockDevice(path: path, access: .readWrite)
            try PartitionedDisk(small).create(try twoSlots(small))
            let large = try FileBlockDevice.create(path: path, sizeBytes: 48 << 20)
            try PartitionedDisk(large).repair()
            try await expectNoProblems(path)
        }
    }

    @Test("A table that sgdisk repaired is ours again, and the other way round")
    func repairsEachOthersTables() async throws {
        try await withImage { path in
            let device = try FileBlockDevice(path: path, access: .readWrite)
            let disk = PartitionedDisk(device)
            try disk.create(try twoSlots(device))
            let table = try disk.read().table
            try device.write([UInt8](repeating: 0, count: 512), at: 512)
            try device.flush()
            try disk.repair()
            try await expectNoProblems(path)
            try device.write([UInt8](repeating: 0, count: 512), at: device.sizeBytes - 512)
            try device.flush()
            try await run(PartitionTools.sgdisk, ["-e", path])
            #expect(try disk.read().table.entries == table.entries)
            #expect(try disk.read().isSound)
        }
    }

    private func twoSlots(_ device: any BlockDevice) throws -> GUIDPartitionTable {
        var random = SeededRandom(seed: 5)
        var table = try GUIDPartitionTable.empty(
            diskID: .random(using: &random), diskSizeBytes: device.sizeBytes, sectorSizeBytes: device.sectorSizeBytes)
        for (number, name) in [(3, "USR-A"), (4, "USR-B")] {
            let partition = NewPartition(
                typeID: try guid("5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"), uniqueID: .random(using: &random), name: name,
                sizeBytes: 4 << 20)
            try table.place(partition, as: number, sectorSizeBytes: device.sectorSizeBytes)
        }
        return table
    }

    private func expectNoProblems(_ path: String) async throws {
        let verdict = try await run(PartitionTools.sgdisk, ["-v", path])
        #expect(verdict.contains("No problems found"), "\(verdict)")
        let other = try await run(PartitionTools.sfdisk, ["--verify", path])
        #expect(other.contains("No errors detected"), "\(other)")
    }

    @discardableResult private func run(_ tool: String, _ arguments: [String]) async throws -> String {
        let result = try await CommandRunner().run(
            tool, arguments, timeLimit: .seconds(30), environment: ["LC_ALL": "C.UTF-8"])
        try #require(result.isSuccess, "\(tool) \(arguments): \(result.output)")
        return result.output
    }

    private func withImage(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID()).img").path
        _ = try FileBlockDevice.create(path: path, sizeBytes: 32 << 20)
        defer { try? FileManager.default.removeItem(atPath: path) }  // A left-over file harms nobody.
        try await body(path)
    }
}

/// Disks with sectors of 4096 bytes, which the tools know only as devices.
@Suite(.enabled(if: LoopDevice.isAvailable && PartitionTools.areInstalled), .serialized) struct LargeSectorTests {
    @Test("With sectors of 4096 bytes, sgdisk reads our table and we read sgdisk's")
    func bothWays() async throws {
        try await LoopDevice.with(sizeBytes: 64 << 20, sectorSizeBytes: 4096) { path in
            let device = try FileBlockDevice(path: path, access: .readWrite)
            #expect(device.sectorSizeBytes == 4096)
            #expect(device.sizeBytes == 64 << 20)
            var random = SeededRandom(seed: 9)
            var table = try GUIDPartitionTable.empty(
                diskID: .random(using: &random), diskSizeBytes: device.sizeBytes, sectorSizeBytes: 4096)
            let partition = NewPartition(
                typeID: try guid("5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"), uniqueID: .random(using: &random),
                name: "USR-A", sizeBytes: 4 << 20)
            try table.place(partition, as: 3, sectorSizeBytes: 4096)
            try PartitionedDisk(device).create(table)
            let verdict = try await LoopDevice.run(PartitionTools.sgdisk, ["-v", path])
            #expect(verdict.contains("No problems found"), "\(verdict)")
            try await LoopDevice.run(PartitionTools.sgdisk, ["-n", "4:0:+4M", "-A", "4:set:56", path])
            let read = try PartitionedDisk(FileBlockDevice(path: path, access: .readOnly)).read()
            #expect(read.isSound)
            #expect(read.table.entries[3].attributes.isSuccessful)
            #expect(read.table.entries[2].name == "USR-A")
        }
    }
}

/// A regular file behind `/dev/loop…`, where the system lets tests have one.
enum LoopDevice {
    private static let losetup = "/usr/sbin/losetup"

    static var isAvailable: Bool {
        FileManager.default.isExecutableFile(atPath: losetup)
            && FileManager.default.isWritableFile(atPath: "/dev/loop-control")
            && FileManager.default.isReadableFile(atPath: "/dev/loop0")
    }

    static func with(sizeBytes: UInt64, sectorSizeBytes: Int, _ body: (String) async throws -> Void) async throws {
        let image = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID()).img").path
        _ = try FileBlockDevice.create(path: image, sizeBytes: sizeBytes)
        defer { try? FileManager.default.removeItem(atPath: image) }  // A left-over file harms nobody.
        let answer = try await run(losetup, ["--show", "--find", "--sector-size", "\(sectorSizeBytes)", image])
        let device = try #require(answer.split(separator: "\n").last.map(String.init))
        let result: Result<Void, any Error>
        do { result = .success(try await body(device)) } catch { result = .failure(error) }
        try await run(losetup, ["--detach", device])
        try result.get()
    }

    @discardableResult static func run(_ tool: String, _ arguments: [String]) async throws -> String {
        let result = try await CommandRunner().run(tool, arguments, timeLimit: .seconds(30))
        try #require(result.isSuccess, "\(tool) \(arguments): \(result.output)")
        return result.output
    }
}
