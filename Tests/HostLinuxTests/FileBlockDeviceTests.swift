import FleetTestKit
import FoundationEssentials
import HostLinux
import PartitionTable
import SlotDevice
import Testing

@Suite struct FileBlockDeviceTests {
    @Test("It keeps every promise of the port", arguments: [FileBlockDevice.Caching.buffered, .direct], [512, 4096])
    func contract(caching: FileBlockDevice.Caching, sectorSizeBytes: Int) async throws {
        try await withTemporaryFolder { folder in
            try BlockDeviceContract.check(
                FileBlockDevice.create(
                    path: "\(folder)/disk", sizeBytes: 200_000, caching: caching, sectorSizeBytes: sectorSizeBytes))
        }
    }

    @Test("Where the file system refuses direct transfers, it goes through the cache")
    func withoutDirectTransfers() throws {
        let path = "/dev/shm/martlet-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }  // A left-over file harms nobody.
        try BlockDeviceContract.check(FileBlockDevice.create(path: path, sizeBytes: 1 << 20, caching: .direct))
    }

    @Test("Random writes of every shape give the same disk, buffered and direct")
    func sameAsBuffered() async throws {
        try await withTemporaryFolder { folder in
            let direct = try FileBlockDevice.create(path: "\(folder)/a", sizeBytes: 3 << 20, caching: .direct)
            let model = MemoryBlockDevice(sizeBytes: 3 << 20)
            var random = SeededRandom(seed: 42)
            for _ in 0..<60 {
                let count = Int.random(in: 0...(1 << 20) + 5000, using: &random)
                let offset = UInt64.random(in: 0...(3 << 20) - UInt64(count), using: &random)
                let isAligned = Bool.random(using: &random)
                let start = isAligned ? offset / 4096 * 4096 : offset
                let bytes = [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: count)
                try direct.write(bytes, at: start)
                try model.write(bytes, at: start)
            }
            try direct.flush()
            #expect(try direct.read(at: 0, count: 3 << 20) == model.bytes)
            let again = try FileBlockDevice(path: "\(folder)/a", access: .readOnly)
            #expect(try again.read(at: 0, count: 3 << 20) == model.bytes)
        }
    }

    @Test("Zeroing a range leaves the rest alone, at any offset")
    func writesZeros() async throws {
        try await withTemporaryFolder { folder in
            let device = try FileBlockDevice.create(path: "\(folder)/disk", sizeBytes: 64 << 10)
            try device.write([UInt8](repeating: 7, count: 64 << 10), at: 0)
            try device.writeZeros(at: 1000, count: 30_000)
            let bytes = try device.read(at: 0, count: 64 << 10)
            #expect(bytes[..<1000].allSatisfy { $0 == 7 })
            #expect(bytes[1000..<31_000].allSatisfy { $0 == 0 })
            #expect(bytes[31_000...].allSatisfy { $0 == 7 })
            #expect(throws: DeviceError.self) { try device.writeZeros(at: 64 << 10, count: 1) }
            #expect(throws: DeviceError.self) { try device.writeZeros(at: .max, count: .max) }
        }
    }

    @Test("What cannot be a disk is refused with its path and the system's reason")
    func refusesOtherThings() async throws {
        try await withTemporaryFolder { folder in
            for (path, reason) in [
                ("\(folder)/missing", "No such file or directory"), ("/dev/null", "Invalid argument"),
                (folder, "Is a directory"),
            ] {
                #expect(throws: DeviceError.failed(operation: "open", path: path, reason: reason)) {
                    try FileBlockDevice(path: path, access: .readWrite)
                }
            }
        }
    }

    @Test("A read-only disk is not written")
    func readOnly() async throws {
        try await withTemporaryFolder { folder in
            _ = try FileBlockDevice.create(path: "\(folder)/disk", sizeBytes: 4096)
            let device = try FileBlockDevice(path: "\(folder)/disk", access: .readOnly)
            #expect(throws: DeviceError.self) { try device.write([1], at: 0) }
            #expect(try device.read(at: 0, count: 1) == [0])
        }
    }

    @Test("Two openers of one disk take turns at its table")
    func locks() async throws {
        try await withTemporaryFolder { folder in
            let first = try FileBlockDevice.create(path: "\(folder)/disk", sizeBytes: 4 << 20)
            let second = try FileBlockDevice(path: "\(folder)/disk", access: .readWrite)
            let table = try GUIDPartitionTable.empty(diskID: .zero, diskSizeBytes: 4 << 20, sectorSizeBytes: 512)
            try PartitionedDisk(first).create(table)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for device in [first, second] {
                    group.addTask {
                        for _ in 0..<25 {
                            try PartitionedDisk(device).update { $0.entries[0].attributes.rawValue += 1 }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try PartitionedDisk(first).read().table.entries[0].attributes.rawValue == 50)
        }
    }
}
