import CompressionCodecs
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing

@Suite("Gzip files in a delta")
struct GzipDeltaTests {
    @Test("are unpacked, patched, and packed again", arguments: ["ext4", "erofs", "lz4.erofs"])
    func fileSystems(form: String) async throws {
        let (old, new) = (try VectorFiles.image("old.gzip.\(form)"), try VectorFiles.image("new.gzip.\(form)"))
        let (manifest, payload) = try await delta(from: old, to: new)
        let operations = manifest.partitions[0].operations
        let blobBytes = operations.filter { $0.kind == .gzipPatch }.reduce(0) { $0 + $1.dataLength }
        // What changed is 20 kB as gzip packs it, and two lines as it was. The rest is new.
        #expect((1...4_000).contains(blobBytes))
        #expect(operations.contains { $0.kind == .gzipPatch && $0.sourceDigest != nil })
        let target = MemoryBlockDevice([UInt8](repeating: 0xEE, count: new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test(
        "come from whatever the source is, and go",
        arguments: [
            ("old.erofs", "new.gzip.ext4"), ("old.gzip.ext4", "new.erofs"), ("old.gzip.lz4.erofs", "new.gzip.ext4"),
            ("new.gzip.erofs", "new.gzip.erofs"), ("new.gzip.erofs", "old.gzip.erofs"),
        ])
    func crossed(old: String, new: String) async throws {
        let (old, new) = (try VectorFiles.image(old), try VectorFiles.image(new))
        let (_, payload) = try await delta(from: old, to: new)
        let target = MemoryBlockDevice(sizeBytes: UInt64(new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test("of an image that makes no sense are right as well", arguments: 0..<30)
    func damaged(seed: UInt64) async throws {
        let old = try VectorFiles.image("old.gzip.erofs")
        var new = try VectorFiles.image("new.gzip.erofs")
        // Inodes, and with them places of files, stand in the first blocks.
        for (index, byte) in noise(40, seed: seed).enumerated() {
            new[1200 + (Int(byte) << 8 + index * 97) % (new.count - 1200)] &+= 1 + UInt8(seed % 3)
        }
        let (_, payload) = try await delta(from: old, to: new, effort: .fast)
        let target = MemoryBlockDevice(sizeBytes: UInt64(new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test("that nobody can make again are compared as they are")
    func otherPacker() async throws {
        // Level 5 is not tried: so both are patched packed, and share all but their ends.
        let text = Array(noise(200_000, seed: 21).map { 97 + $0 % 16 })
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        let member = try #require(GzipMember(header: header, level: 5))
        let (before, after) = (member.file(holding: text[...]), member.file(holding: text + [97]))
        let old = SmallErofs.image([("a.gz", try #require(before))])
        let new = SmallErofs.image([("a.gz", try #require(after))])
        let (_, payload) = try await delta(from: old, to: new)
        #expect(payload.count < 3_000, "\(payload.count) bytes")
        let target = MemoryBlockDevice(sizeBytes: UInt64(new.count))
        try install(payload, onto: ["system": InstallTarget(device: target, source: MemoryBlockDevice(old))])
        #expect(target.bytes == new)
    }

    @Test("that hold nothing have an estimate, and many files with long names a recipe that is read")
    func emptyFiles() async throws {
        func images(_ time: UInt8, count: Int) -> [UInt8] {
            SmallErofs.image(
                (0..<count).map { index in
                    let name = [UInt8](repeating: 97 + UInt8(index % 26), count: 250) + [0]
                    let header: [UInt8] = [0x1F, 0x8B, 8, 8, time, UInt8(index % 256), 0, 0, 2, 3] + name
                    return ("\(index / 10)\(index % 10).gz", header + [3, 0] + [UInt8](repeating: 0, count: 8))
                })
        }
        for count in [1, 60] {
            let (old, new) = (MemoryBlockDevice(images(1, count: count)), MemoryBlockDevice(images(2, count: count)))
            let estimate = try await DeltaEstimate(from: old, to: new)
            #expect((1...20_000).contains(estimate.payloadBytes))
            let (_, payload) = try await delta(from: old.bytes, to: new.bytes)
            let target = MemoryBlockDevice(sizeBytes: new.sizeBytes)
            try install(payload, onto: ["system": InstallTarget(device: target, source: old)])
            #expect(target.bytes == new.bytes)
        }
    }

    @Test("are packed a few at a time, however large or small they are")
    func batches() async throws {
        func image(_ version: UInt8) throws -> [UInt8] {
            let sizes = [0, 3 << 20, 0, 700_000, 700_000, 800_000, 0, 0, 2 << 20, 5, 0]
            return try SmallErofs.image(
                sizes.enumerated().map { index, byteCount in
                    let line = Array("Line \(index) of a page that says something of version \(version).\n".utf8)
                    let content = (0..<byteCount).map { line[($0 * ($0 / 5_000 % 2 + 1)) % line.count] }
                    let header: [UInt8] = [0x1F, 0x8B, 8, 0, version, UInt8(index), 0, 0, 2, 3]
                    let member = try #require(GzipMember(header: header, level: 9))
                    return ("\(index / 10)\(index % 10).gz", try #require(member.file(holding: content[...])))
                })
        }
        let (old, new) = (MemoryBlockDevice(try image(1)), MemoryBlockDevice(try image(2)))
        let (manifest, payload) = try await delta(from: old.bytes, to: new.bytes, effort: .fast)
        #expect(manifest.partitions[0].operations.contains { $0.kind == .gzipPatch })
        let target = MemoryBlockDevice(sizeBytes: new.sizeBytes)
        try install(payload, onto: ["system": InstallTarget(device: target, source: old)])
        #expect(target.bytes == new.bytes)
    }

    @Test("are not unpacked for format 1")
    func formatOne() async throws {
        let (old, new) = (try VectorFiles.image("old.gzip.ext4"), try VectorFiles.image("new.gzip.ext4"))
        let builder = try DeltaPayloadBuilder(
            format: .one,
            images: [.init(partition: "system", content: MemoryBlockDevice(new), source: MemoryBlockDevice(old))])
        let manifest = try await builder.build(onto: MemoryBlockDevice(sizeBytes: builder.scratchBytes))
        #expect(!manifest.partitions[0].operations.contains { $0.kind == .gzipPatch })
    }

    // MARK: - Recipes that a stranger made up

    @Test("whose recipe makes no sense are refused", arguments: Recipe.senseless)
    func senseless(recipe: Recipe) throws {
        let blob = try recipe.blob(patch: Array("MDP1".utf8) + [UInt8](repeating: 0, count: 11))
        let device = MemoryBlockDevice(sizeBytes: 8192)
        do throws(InstallationError) {
            try install(
                try Self.payload(blob), onto: ["system": InstallTarget(device: device, source: MemoryBlockDevice(sizeBytes: 8192))])
            Issue.record("It was applied.")
        } catch {
            guard case .badRecipe = error else { throw error }
        }
    }

    @Test("that make other bytes than their places hold are refused")
    func otherSize() throws {
        // A file of nothing takes 20 bytes; the rest of the two blocks is 8172 bytes of zeros, copied.
        for (count, isRight) in [(20, true), (19, false), (21, false)] {
            let zeros = [UInt8](repeating: 0, count: 8192 - count)
            let recipe = Recipe(target: [.init(place: (4, count))])
            let blob = try recipe.blob(patch: try Self.patch(copying: zeros))
            let device = MemoryBlockDevice([UInt8](repeating: 0xEE, count: 8192))
            do throws(InstallationError) {
                try install(
                    try Self.payload(blob, result: [0, 0] + Recipe.emptyFile + [UInt8](repeating: 0, count: 8170)),
                    onto: ["system": InstallTarget(device: device, source: MemoryBlockDevice(sizeBytes: 8192))])
                #expect(isRight)
            } catch {
                guard !isRight, case .badRecipe = error else { throw error }
            }
        }
    }

    /// An operation on two blocks, from two blocks of zeros.
    private static func payload(_ blob: [UInt8], result: [UInt8] = [UInt8](repeating: 0, count: 8192)) throws(InstallationError) -> [UInt8] {
        let extents = [BlockExtent(startBlock: 0, blockCount: 2)]
        let operation = PayloadOperation(kind: .gzipPatch, sourceExtents: extents, targetExtents: extents)
        let zeros = [UInt8](repeating: 0, count: 8192)
        let partition = PayloadPartition(
            name: "system", operations: [operation], oldInfo: TestPayload.info(zeros), newInfo: TestPayload.info(result))
        do {
            return try TestPayload.handMade(.two, blockSize: 4096, [partition], blobs: [blob])
        } catch {
            fatalError("\(error)")
        }
    }

    /// A patch in the form of docs/protocols/payload-extensions.md: one instruction that copies.
    private static func patch(copying bytes: [UInt8]) throws -> [UInt8] {
        func numbers(_ packed: [UInt8]) -> [UInt8] { [UInt8(packed.count), 0, 0, 0, 0, 0, 0, 0] + packed }
        let parts = [numbers([0]), numbers(Recipe.number(bytes.count)), numbers([0]), [], try Zstandard.compress(bytes)]
        var patch = Array("MDP1".utf8) + Recipe.number(bytes.count)
        for (index, part) in parts.enumerated() { patch += [index == 4 ? 1 : 0] + Recipe.number(part.count) }
        return patch + parts.joined()
    }

    private func delta(
        from old: [UInt8], to new: [UInt8], effort: PayloadBuilder.Effort = .best
    ) async throws -> (PayloadManifest, [UInt8]) {
        let builder = try DeltaPayloadBuilder(
            effort: effort,
            images: [.init(partition: "system", content: MemoryBlockDevice(new), source: MemoryBlockDevice(old))])
        let scratch = MemoryBlockDevice(sizeBytes: builder.scratchBytes)
        let manifest = try await builder.build(onto: scratch)
        return (manifest, try TestPayload.compose(manifest, blobs: scratch, keys: []))
    }
}

/// A recipe written by hand, as docs/protocols/payload-extensions.md has it.
struct Recipe: Sendable, CustomTestStringConvertible {
    struct File: Sendable {
        var header = 0
        var level = 9
        var contentByteCount = 0
        /// The distance from the place before, times two, and the size.
        var place: (Int, Int)
    }

    var name = ""
    var headers: [[UInt8]] = [Recipe.header]
    /// As the places of files of the target.
    var source: [(Int, Int)] = []
    var target: [File] = []
    var end: [UInt8] = []

    var testDescription: String { name }

    static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3]
    static let emptyFile = header + [3, 0] + [UInt8](repeating: 0, count: 8)

    static let senseless: [Recipe] = [
        Recipe(name: "a place behind the blocks", target: [File(place: (0, 8193))]),
        Recipe(name: "a place before them", target: [File(place: (3, 20))]),
        Recipe(name: "a place far away", target: [File(place: (1 << 40, 20))]),
        Recipe(name: "a place without bytes", target: [File(place: (0, 0))]),
        Recipe(name: "two files in one place", target: [File(place: (0, 20)), File(place: (39, 20))]),
        Recipe(name: "two files of the source in one place", source: [(0, 20), (39, 20)]),
        Recipe(name: "a file of the source that is none", source: [(0, 20)]),
        Recipe(name: "a file of the source behind the blocks", source: [(0, 8193)]),
        Recipe(name: "a header that is not there", target: [File(header: 1, place: (0, 20))]),
        Recipe(name: "no headers", headers: [], target: [File(place: (0, 20))]),
        Recipe(name: "a header that is none", headers: [[1, 2, 3]], target: [File(place: (0, 20))]),
        Recipe(name: "a level that does not exist", target: [File(level: 3, place: (0, 20))]),
        Recipe(name: "a file that holds too much", target: [File(contentByteCount: 4 << 20 + 1, place: (0, 20))]),
        Recipe(
            name: "files that hold too much together",
            target: (0..<5).map { _ in File(contentByteCount: 4 << 20, place: (0, 20)) }),
        Recipe(name: "something behind it", end: [0]),
        Recipe(name: "less than it says", headers: [], source: [], end: [0x80]),
    ]

    func blob(patch: [UInt8]) throws -> [UInt8] {
        var numbers = Self.number(headers.count)
        for header in headers { numbers += Self.number(header.count) + header }
        numbers += Self.number(source.count)
        for place in source { numbers += [1] + Self.number(place.0) + Self.number(place.1) }
        numbers += Self.number(target.count)
        for file in target {
            numbers += Self.number(file.header) + Self.number(file.level) + Self.number(file.contentByteCount)
            numbers += [1] + Self.number(file.place.0) + Self.number(file.place.1)
        }
        let packed = try Zstandard.compress(numbers + end)
        return Self.number(packed.count) + packed + patch
    }

    static func number(_ value: Int) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
