internal import ContentTrust
internal import PayloadFormat
internal import SlotDevice
internal import UpdateModel

/// The tree of hashes by which dm-verity checks a device: SHA-256 over salt and block, blocks of 4096 bytes, the level with
/// one block first, the hashes of the data last.
///
/// Source: the Linux kernel, Documentation/admin-guide/device-mapper/verity.rst; cryptsetup, docs/on-disk-format of verity.
struct HashTree: Sendable {
    static let blockSize: UInt64 = 4096
    private static let hashesInBlock: UInt64 = 128

    let dataBlockCount: UInt64
    let salt: [UInt8]

    /// How many blocks each level has, that of the data's hashes first.
    private var levels: [UInt64] {
        var levels: [UInt64] = []
        var count = dataBlockCount
        repeat {
            count = (count + Self.hashesInBlock - 1) / Self.hashesInBlock
            levels.append(count)
        } while count > 1
        return levels
    }

    /// Of the whole tree.
    var blockCount: UInt64 { levels.reduce(0, +) }

    /// Makes the tree level by level, a few hundred KiB at a time; what has been written is read again for the next level.
    /// - Parameters:
    ///   - readData: Gives bytes of the data.
    ///   - readTree, write: Offsets count from the tree's beginning.
    func make<Failure: Error>(
        readData: (_ offset: UInt64, _ count: Int) throws(Failure) -> [UInt8],
        readTree: (_ offset: UInt64, _ count: Int) throws(Failure) -> [UInt8],
        write: (_ bytes: [UInt8], _ offset: UInt64) throws(Failure) -> Void
    ) throws(Failure) {
        var below = (count: dataBlockCount, offset: UInt64(0))
        var end = blockCount
        for (index, level) in levels.enumerated() {
            let start = end - level
            try makeLevel(over: below.count, at: start * Self.blockSize, write: write) {
                (first, count) throws(Failure) in
                let offset = below.offset + first * Self.blockSize
                return index == 0 ? try readData(offset, count) : try readTree(offset, count)
            }
            below = (level, start * Self.blockSize)
            end = start
        }
    }

    private func makeLevel<Failure: Error>(
        over blockCount: UInt64, at offset: UInt64, write: ([UInt8], UInt64) throws(Failure) -> Void,
        read: (_ firstBlock: UInt64, _ byteCount: Int) throws(Failure) -> [UInt8]
    ) throws(Failure) {
        var salted = StreamDigest()
        salted.update(salt)
        var place = offset
        // As much as one block of hashes covers.
        for first in stride(from: 0, to: blockCount, by: Int(Self.hashesInBlock)) {
            let count = min(Self.hashesInBlock, blockCount - first)
            let bytes = try read(first, Int(count * Self.blockSize))
            var hashes: [UInt8] = []
            hashes.reserveCapacity(Int(Self.blockSize))
            for start in stride(from: 0, to: bytes.count, by: Int(Self.blockSize)) {
                var digest = salted
                digest.update(bytes[start..<start + Int(Self.blockSize)])
                hashes += digest.finalized().bytes
            }
            hashes += [UInt8](repeating: 0, count: Int(Self.blockSize) - hashes.count)
            try write(hashes, place)
            place += Self.blockSize
        }
    }
}

extension HashTree {
    /// What stands on a partition that holds such a tree: the superblock that veritysetup writes, and the tree behind it.
    struct Place: Sendable {
        let tree: HashTree
        /// The tree's first block on the image.
        let firstBlock: UInt64

        /// - Parameter block: The block with the superblock, which is the image's block `number`.
        /// - Returns: `nil` when it holds none, or one with another form than ours.
        init?(superblock block: [UInt8], number: UInt64) {
            guard block.starts(with: Array("verity\0\0".utf8)), block.count >= 512 else { return nil }
            func number4(_ offset: Int) -> UInt64 { Self.number(block[offset..<offset + 4]) }
            guard number4(8) == 1, number4(12) == 1, block[32...].starts(with: Array("sha256\0".utf8)),
                number4(64) == HashTree.blockSize, number4(68) == HashTree.blockSize
            else { return nil }
            let dataBlocks = Self.number(block[72..<80])
            let saltCount = Int(Self.number(block[80..<82]))
            guard (1...HashTree.dataBlockCountMax).contains(dataBlocks), saltCount <= 256 else { return nil }
            tree = HashTree(dataBlockCount: dataBlocks, salt: Array(block[88..<88 + saltCount]))
            firstBlock = number + 1
        }

        var span: BlockSpan { BlockSpan(start: Int(firstBlock), count: Int(tree.blockCount)) }

        private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    static let dataBlockCountMax: UInt64 = 1 << 34
}

/// The blob of an operation that makes such a tree: numbers as varints.
/// ```text
/// number   the length of a partition's name, 0 for the operation's own
/// bytes    the name
/// number   how many blocks from its beginning are hashed
/// number   the salt's length
/// bytes    the salt
/// ```
struct HashTreeRecipe: Equatable {
    var partition: String?
    var dataBlockCount: UInt64
    var salt: [UInt8]

    var tree: HashTree { HashTree(dataBlockCount: dataBlockCount, salt: salt) }

    var encoded: [UInt8] {
        let name = Array((partition ?? "").utf8)
        return [UInt8(name.count)] + name + Self.varint(dataBlockCount) + Self.varint(UInt64(salt.count)) + salt
    }

    init(partition: String?, tree: HashTree) {
        self.partition = partition
        dataBlockCount = tree.dataBlockCount
        salt = tree.salt
    }

    /// `nil` for what is no such blob.
    init?(decoding blob: [UInt8]) {
        var rest = blob[...]
        guard let nameCount = Self.varint(&rest), nameCount <= 64, rest.count >= Int(nameCount) else { return nil }
        let name = String(decoding: rest.prefix(Int(nameCount)), as: UTF8.self)
        rest = rest.dropFirst(Int(nameCount))
        guard nameCount == 0 || PayloadManifest.isName(name), let blocks = Self.varint(&rest),
            (1...HashTree.dataBlockCountMax).contains(blocks), let saltCount = Self.varint(&rest), saltCount <= 256,
            rest.count == Int(saltCount)
        else { return nil }
        partition = nameCount == 0 ? nil : name
        dataBlockCount = blocks
        salt = Array(rest)
    }

    private static func varint(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
