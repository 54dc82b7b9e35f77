import ContentTrust
import FileSystemMaps
import SlotDevice
import Testing
import UpdateModel

@Suite("A map of a file system")
struct FileSystemMapTests {
    @Test("of ext4 finds the content of every file")
    func ext4() throws {
        let image = try ImageFiles.unpacked("old.ext4")
        let map = try #require(try FileSystemMap(of: MemoryBlockDevice(image)))
        #expect(map.kind == .ext4)
        #expect(map.blockSize == 4096)
        try expectFiles(of: "old.list", map, image, isWhole: true)
    }

    @Test("of erofs finds the content of every file's own blocks")
    func erofs() throws {
        let image = try ImageFiles.unpacked("new.erofs")
        let map = try #require(try FileSystemMap(of: MemoryBlockDevice(image)))
        #expect(map.kind == .erofs)
        #expect(map.files.contains { $0.path == "lib/1.2.4/library.so" && !$0.runs.isEmpty })
        try expectFiles(of: "new.list", map, image, isWhole: false)
    }

    @Test("of compressed erofs tells which block holds what", arguments: ["old.lz4.erofs", "old.legacy.erofs"])
    func compressed(name: String) throws {
        let image = try ImageFiles.unpacked(name)
        let map = try #require(try FileSystemMap(of: MemoryBlockDevice(image)))
        let packed = map.files.filter { !$0.clusters.isEmpty }
        #expect(
            packed.map(\.path).sorted() == ["bin/program", "lib/1.2.3/library.so", "share/large.txt", "share/zeros"])
        for file in packed {
            var content: [UInt8] = []
            for cluster in file.clusters {
                #expect(cluster.offsetBytes == UInt64(content.count))
                content += try #require(unpacked(cluster, of: image))
            }
            #expect(UInt64(content.count) == file.sizeBytes)
            #expect(try digests("old.list")[file.path] == StreamDigest.digest(of: content).hexadecimal)
        }
    }

    @Test("lets every compressed block be packed again, bit for bit")
    func packedAgain() throws {
        let image = try ImageFiles.unpacked("old.lz4.erofs")
        let map = try #require(try FileSystemMap(of: MemoryBlockDevice(image)))
        let encoder = try #require(PackedBlock.Encoder(level: 9))
        for file in map.files where !file.clusters.isEmpty {
            let content = try file.clusters.flatMap { try #require(unpacked($0, of: image)) }
            for cluster in file.clusters where !cluster.isPlain {
                let start = Int(cluster.block) * PackedBlock.byteCount
                let made = PackedBlock.pack(
                    content[Int(cluster.offsetBytes)...], count: cluster.byteCount, with: encoder)
                #expect(made == Array(image[start..<start + PackedBlock.byteCount]))
            }
        }
    }

    @Test(
        "tells where files stand, to their last byte",
        arguments: ["new.gzip.ext4", "new.gzip.erofs", "new.gzip.lz4.erofs", "old.ext4", "old.erofs"])
    func places(name: String) throws {
        let image = try ImageFiles.unpacked(name)
        let map = try #require(try FileSystemMap(of: MemoryBlockDevice(image)))
        let wanted = try digests(name.replacing(".lz4", with: "").replacing(".erofs", with: "").replacing(".ext4", with: "") + ".list")
        var found: Set<String> = []
        for file in map.files {
            guard let digest = wanted[file.path], let places = file.places(blockSize: map.blockSize) else { continue }
            let content = places.flatMap { image[Int($0.lowerBound)..<Int($0.upperBound)] }
            #expect(StreamDigest.digest(of: content).hexadecimal == digest)
            found.insert(file.path)
        }
        // What is compressed, has holes, or is empty, stands nowhere as it is.
        #expect(found.count >= wanted.count - (name.contains("lz4") ? 8 : 1))
    }

    @Test("of anything else is none", arguments: [0, 1, 1023, 2048, 5000, 1 << 20])
    func nothing(count: Int) throws {
        #expect(try FileSystemMap(of: MemoryBlockDevice([UInt8](repeating: 0, count: count))) == nil)
    }

    @Test("of a damaged image never traps and never leads outside", arguments: ["old.ext4", "old.lz4.erofs", "new.gzip.erofs"], 0..<40)
    func damaged(name: String, seed: UInt64) throws {
        var image = try ImageFiles.unpacked(name)
        var chance = Chance(state: seed)
        let reach = seed % 2 == 0 ? 8192 : image.count
        for _ in 0..<(1 + seed % 60) {
            image[Int(chance.next() % UInt64(reach))] = UInt8(truncatingIfNeeded: chance.next())
        }
        if seed % 5 == 0 { image.removeLast(Int(chance.next() % UInt64(image.count))) }
        guard let map = try FileSystemMap(of: MemoryBlockDevice(image)) else { return }
        for file in map.files {
            for run in file.runs { #expect((run.startBlock + run.blockCount) * map.blockSize <= UInt64(image.count)) }
            for cluster in file.clusters {
                #expect((cluster.block + 1) * map.blockSize <= UInt64(image.count))
                _ = unpacked(cluster, of: image)
            }
            for place in file.places(blockSize: map.blockSize) ?? [] { #expect(place.upperBound <= UInt64(image.count)) }
        }
    }

    /// - Parameter isWhole: Every file stands in blocks; otherwise ends of files may stand elsewhere.
    private func expectFiles(of list: String, _ map: FileSystemMap, _ image: [UInt8], isWhole: Bool) throws {
        let wanted = try digests(list)
        var found = 0
        for file in map.files {
            guard let digest = wanted[file.path] else { continue }
            var content: [UInt8] = []
            for run in file.runs {
                content += image[Int(run.startBlock * map.blockSize)...].prefix(Int(run.blockCount * map.blockSize))
            }
            // A hole is left out of the runs.
            guard UInt64(content.count) >= file.sizeBytes else { continue }
            #expect(StreamDigest.digest(of: content.prefix(Int(file.sizeBytes))).hexadecimal == digest)
            found += 1
        }
        #expect(isWhole ? found >= wanted.count - 1 : found >= 1)
    }

    private func digests(_ list: String) throws -> [String: String] {
        var digests: [String: String] = [:]
        for line in try ImageFiles.text(list).split(separator: "\n") {
            digests[String(line.dropFirst(65))] = String(line.prefix(64))
        }
        return digests
    }

    private func unpacked(_ cluster: CompressedCluster, of image: [UInt8]) -> [UInt8]? {
        let block = image[(Int(cluster.block) * 4096)...].prefix(4096)
        return cluster.isPlain
            ? Array(block.prefix(cluster.byteCount)) : PackedBlock.unpack(block, count: cluster.byteCount)
    }
}

/// The same numbers for the same seed (SplitMix64).
private struct Chance {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
