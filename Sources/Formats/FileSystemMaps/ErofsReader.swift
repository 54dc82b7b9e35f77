/// Walks an erofs file system.
///
/// Source: the Linux kernel, fs/erofs/erofs_fs.h and Documentation/filesystems/erofs.rst.
struct ErofsReader {
    static let blockSize: UInt64 = 4096

    private let image: ImageBytes
    private let superblock: ErofsSuperblock
    private var budget = WalkBudget()
    private var seen: Set<UInt64> = []
    private var files: [MappedFile] = []

    static func map(_ image: ImageBytes) throws(MapFailure) -> FileSystemMap? {
        guard let superblock = try ErofsSuperblock(image) else { return nil }
        var reader = ErofsReader(image: image, superblock: superblock)
        try reader.walk(superblock.rootNode, path: "", depth: 0)
        return FileSystemMap(
            kind: .erofs, blockSize: blockSize, blockCount: superblock.blockCount, files: reader.files)
    }

    private init(image: ImageBytes, superblock: ErofsSuperblock) {
        self.image = image
        self.superblock = superblock
    }

    private mutating func walk(_ node: UInt64, path: String, depth: Int) throws(MapFailure) {
        guard depth <= WalkBudget.depthMax, seen.insert(node).inserted else { return }
        try budget.takeFile()
        let found = try tolerating { () throws(MapFailure) in try ErofsInode(node, superblock, image) }
        guard let inode = found, inode.isDirectory || inode.isRegular else { return }
        if let file = try tolerating({ () throws(MapFailure) in try self.file(inode, path: path) }) {
            files.append(file)
        }
        guard inode.isDirectory else { return }
        for entry in try tolerating({ () throws(MapFailure) in try self.entries(inode) }) ?? [] {
            try walk(entry.node, path: path.isEmpty ? entry.name : path + "/" + entry.name, depth: depth + 1)
        }
    }

    /// `nil` for a file that stands nowhere.
    private mutating func file(_ inode: ErofsInode, path: String) throws(MapFailure) -> MappedFile? {
        switch inode.layout {
        case .plain, .inline:
            let (run, tail) = (try plainRun(inode), tail(of: inode))
            guard run != nil || tail != nil else { return nil }
            return MappedFile(path: path, sizeBytes: inode.sizeBytes, runs: run.map { [$0] } ?? [], tail: tail)
        case .compressed(let isCompact):
            guard superblock.hasSimpleCompression else { return nil }
            var index = ClusterIndex(inode: inode, isCompact: isCompact, image: image)
            let clusters = try index.clusters(blockCount: superblock.blockCount, budget: &budget)
            return clusters.isEmpty ? nil : MappedFile(path: path, sizeBytes: inode.sizeBytes, clusters: clusters)
        case .other:
            return nil
        }
    }

    /// The end of a file that fills no block stands behind its inode, in the same block.
    private func tail(of inode: ErofsInode) -> Range<UInt64>? {
        let count = inode.sizeBytes % Self.blockSize
        guard inode.layout == .inline, inode.isRegular, count > 0,
            inode.endOffset % Self.blockSize + count <= Self.blockSize,
            inode.endOffset / Self.blockSize < superblock.blockCount
        else { return nil }
        return inode.endOffset..<inode.endOffset + count
    }

    /// The tail of an inline file is not counted.
    private mutating func plainRun(_ inode: ErofsInode) throws(MapFailure) -> BlockRun? {
        let whole = inode.sizeBytes / Self.blockSize
        let isInline = inode.layout == .inline
        let count = isInline || inode.sizeBytes % Self.blockSize == 0 ? whole : whole + 1
        guard count > 0 else { return nil }
        try budget.takeRun()
        guard inode.startBlock <= superblock.blockCount, count <= superblock.blockCount - inode.startBlock else {
            throw .nonsense
        }
        return BlockRun(startBlock: inode.startBlock, blockCount: count)
    }

    private mutating func entries(_ inode: ErofsInode) throws(MapFailure) -> [(node: UInt64, name: String)] {
        try budget.takeDirectory(inode.sizeBytes)
        var entries: [(node: UInt64, name: String)] = []
        var offset: UInt64 = 0
        while offset < inode.sizeBytes {
            let count = Int(min(Self.blockSize, inode.sizeBytes - offset))
            guard let place = inode.place(of: offset) else { return entries }
            try addEntries(of: try image.fields(at: place, count: count), to: &entries)
            offset += UInt64(count)
        }
        return entries
    }

    /// A block holds records of 12 bytes, and behind them their names, each to the next one's beginning.
    private func addEntries(
        of block: LittleEndianFields, to entries: inout [(node: UInt64, name: String)]
    ) throws(MapFailure) {
        let count = try block.word(8) / 12
        for index in 0..<count {
            let record = 12 * index
            let start = try block.word(record + 8)
            let end = index + 1 < count ? try block.word(record + 20) : block.bytes.count
            guard start < end, end <= block.bytes.count else { throw .nonsense }
            let name = block.bytes.dropFirst(start).prefix(end - start).prefix { $0 != 0 }
            let type = try block.byte(record + 10)
            if type == 1 || type == 2, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) {
                entries.append((try block.quad(record), String(decoding: name, as: UTF8.self)))
            }
        }
    }
}

/// The sizes and places that an erofs file system begins with.
struct ErofsSuperblock {
    let blockCount: UInt64
    let rootNode: UInt64
    let metadataBlock: UInt64
    /// Clusters of one block, without any of the forms that came later.
    let hasSimpleCompression: Bool

    init?(_ image: ImageBytes) throws(MapFailure) {
        guard image.sizeBytes >= 1152 else { return nil }
        let fields = try image.fields(at: 1024, count: 128)
        guard try fields.long(0) == 0xE0F5_E1E2, try fields.byte(12) == 12 else { return nil }
        rootNode = UInt64(try fields.word(14))
        blockCount = min(try fields.long(36), image.sizeBytes / ErofsReader.blockSize)
        metadataBlock = try fields.long(40)
        let features = try fields.long(80)
        hasSimpleCompression = features & ~0b1 == 0
    }
}

/// One inode.
struct ErofsInode {
    enum Layout: Hashable {
        case plain
        /// Whole blocks elsewhere, the rest behind the inode.
        case inline
        case compressed(isCompact: Bool)
        case other
    }

    let layout: Layout
    let sizeBytes: UInt64
    let startBlock: UInt64
    /// Where the inode and its attributes end on the image.
    let endOffset: UInt64
    private let type: Int

    var isDirectory: Bool { type == 4 }
    var isRegular: Bool { type == 8 }

    init(_ node: UInt64, _ superblock: ErofsSuperblock, _ image: ImageBytes) throws(MapFailure) {
        let (shifted, overflow) = node.multipliedReportingOverflow(by: 32)
        let (offset, carried) = shifted.addingReportingOverflow(superblock.metadataBlock * ErofsReader.blockSize)
        guard !overflow, !carried else { throw .nonsense }
        let opening = try image.fields(at: offset, count: 32)
        let format = try opening.word(0)
        let isLarge = format & 1 == 1
        layout =
            switch format >> 1 & 7 {
            case 0: .plain
            case 1: .compressed(isCompact: false)
            case 2: .inline
            case 3: .compressed(isCompact: true)
            default: .other
            }
        type = try opening.word(4) >> 12
        sizeBytes = isLarge ? try opening.quad(8) : try opening.long(8)
        startBlock = try opening.long(16)
        let attributes = UInt64(try opening.word(2))
        endOffset = offset + (isLarge ? 64 : 32) + (attributes > 0 ? 12 + 4 * (attributes - 1) : 0)
        guard sizeBytes <= 1 << 46 else { throw .nonsense }
    }

    /// Where a block of the content of a file that is not compressed stands on the image.
    func place(of offset: UInt64) -> UInt64? {
        switch layout {
        case .plain: startBlock * ErofsReader.blockSize + offset
        case .inline:
            offset < sizeBytes / ErofsReader.blockSize * ErofsReader.blockSize
                ? startBlock * ErofsReader.blockSize + offset : endOffset
        case .compressed, .other: nil
        }
    }
}
