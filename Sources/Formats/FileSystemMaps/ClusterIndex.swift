/// The list that tells which block holds which piece of a compressed erofs file.
///
/// The file is cut in pieces of 4096 bytes. For each there is an entry: either a block begins within the piece (at an
/// offset, compressed or plain), or the piece continues what began before. The full form spends eight bytes on an entry;
/// the compact form packs 2 or 16 entries, of 14 or 14 bits, with one block number.
///
/// Source: the Linux kernel, fs/erofs/zmap.c and fs/erofs/erofs_fs.h.
struct ClusterIndex {
    private enum Kind: Int {
        case plain = 0
        case compressed = 1
        case continuation = 2
        case second = 3
    }

    private struct Head {
        let offset: UInt64
        let block: UInt64
        let isPlain: Bool
    }

    private let inode: ErofsInode
    private let isCompact: Bool
    private let image: ImageBytes
    private let entryCount: UInt64
    /// The map header stands here, the entries behind it.
    private let headerOffset: UInt64

    private static let pieceByteCount: UInt64 = 4096

    init(inode: ErofsInode, isCompact: Bool, image: ImageBytes) {
        self.inode = inode
        self.isCompact = isCompact
        self.image = image
        entryCount = (inode.sizeBytes + Self.pieceByteCount - 1) / Self.pieceByteCount
        headerOffset = (inode.endOffset + 7) / 8 * 8
    }

    /// The blocks in the content's order; together they hold all of it.
    mutating func clusters(blockCount: UInt64, budget: inout WalkBudget) throws(MapFailure) -> [CompressedCluster] {
        let header = try image.fields(at: headerOffset, count: 8)
        let advice = try header.word(4)
        // LZ4 only, pieces of 4096 bytes, one block for each.
        guard try header.byte(6) & 0xF == 0, try header.byte(7) == 0, advice & ~1 == 0 else { return [] }
        guard entryCount <= 1 << 22 else { throw .nonsense }
        var heads =
            isCompact ? try compactHeads(hasShort: advice & 1 == 1, budget: &budget) : try fullHeads(budget: &budget)
        // The list may end in an entry that only says where the content does.
        if let last = heads.last, last.offset == inode.sizeBytes { heads.removeLast() }
        guard heads.first?.offset == 0 else { throw .nonsense }
        var clusters: [CompressedCluster] = []
        clusters.reserveCapacity(heads.count)
        for (index, head) in heads.enumerated() {
            let end = index + 1 < heads.count ? heads[index + 1].offset : inode.sizeBytes
            guard end > head.offset, end - head.offset <= Self.clusterBytesMax, head.block < blockCount,
                !head.isPlain || end - head.offset <= Self.pieceByteCount
            else { throw .nonsense }
            clusters.append(
                CompressedCluster(
                    block: head.block, offsetBytes: head.offset, byteCount: Int(end - head.offset),
                    isPlain: head.isPlain))
        }
        return clusters
    }

    /// LZ4 cannot make more from one block.
    private static let clusterBytesMax: UInt64 = 4096 * 256

    private func fullHeads(budget: inout WalkBudget) throws(MapFailure) -> [Head] {
        var heads: [Head] = []
        for index in 0..<entryCount {
            let entry = try image.fields(at: headerOffset + 16 + index * 8, count: 8)
            guard let kind = Kind(rawValue: try entry.word(0) & 3), kind != .second else { throw .nonsense }
            guard kind != .continuation else { continue }
            try budget.takeRun()
            heads.append(
                Head(
                    offset: index * Self.pieceByteCount + UInt64(try entry.word(2)), block: try entry.long(4),
                    isPlain: kind == .plain))
        }
        return heads
    }

    /// Pairs of entries until the place is a multiple of 32 bytes, then packs of 16, then pairs again.
    private func compactHeads(hasShort: Bool, budget: inout WalkBudget) throws(MapFailure) -> [Head] {
        let base = headerOffset + 8
        var leading = (32 - base % 32) / 4 % 8
        var packed: UInt64 = 0
        if hasShort, leading < entryCount { packed = (entryCount - leading) / 16 * 16 }
        if !hasShort || leading > entryCount { leading = entryCount }
        var heads: [Head] = []
        var index: UInt64 = 0
        var place = base
        while index < entryCount {
            let isPack = index >= leading && index < leading + packed
            let count: UInt64 = isPack ? 16 : 2
            let byteCount = isPack ? 32 : 8
            let used = min(count, entryCount - index)
            try addPack(
                try image.fields(at: place, count: byteCount), entryCount: Int(count), used: Int(used), first: index,
                to: &heads, budget: &budget)
            index += count
            place += UInt64(byteCount)
        }
        return heads
    }

    /// A pack ends in the number before the block of its first head. Blocks count up within it.
    private func addPack(
        _ pack: LittleEndianFields, entryCount: Int, used: Int, first: UInt64, to heads: inout [Head],
        budget: inout WalkBudget
    ) throws(MapFailure) {
        let bits = (pack.bytes.count - 4) * 8 / entryCount
        var block = try pack.long(pack.bytes.count - 4)
        for index in 0..<used {
            let position = bits * index
            var word: UInt64 = 0
            for byte in (0..<4).reversed() where position / 8 + byte < pack.bytes.count {
                word = word << 8 | UInt64(try pack.byte(position / 8 + byte))
            }
            let entry = word >> UInt64(position % 8)
            guard let kind = Kind(rawValue: Int(entry >> 12 & 3)), kind != .second else { throw .nonsense }
            guard kind != .continuation else { continue }
            try budget.takeRun()
            block += 1
            heads.append(
                Head(
                    offset: (first + UInt64(index)) * Self.pieceByteCount + (entry & 0xFFF), block: block,
                    isPlain: kind == .plain))
        }
    }
}
