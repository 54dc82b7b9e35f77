/// Walks an ext4 file system.
///
/// Source: the Linux kernel, Documentation/filesystems/ext4 (super, group_descr, inodes, ifork, directory).
struct Ext4Reader {
    private let image: ImageBytes
    private let superblock: Ext4Superblock
    private var budget = WalkBudget()
    private var seen: Set<UInt64> = []
    private var files: [MappedFile] = []

    static func map(_ image: ImageBytes) throws(MapFailure) -> FileSystemMap? {
        guard let superblock = try Ext4Superblock(image) else { return nil }
        var reader = Ext4Reader(image: image, superblock: superblock)
        try reader.walk(inode: rootInode, path: "", depth: 0)
        return FileSystemMap(
            kind: .ext4, blockSize: superblock.blockSize, blockCount: superblock.blockCount, files: reader.files)
    }

    private static let rootInode: UInt64 = 2

    private init(image: ImageBytes, superblock: Ext4Superblock) {
        self.image = image
        self.superblock = superblock
    }

    /// Adds the inode's file, and what is below it. Whatever makes no sense is left out.
    private mutating func walk(inode number: UInt64, path: String, depth: Int) throws(MapFailure) {
        guard depth <= WalkBudget.depthMax, seen.insert(number).inserted else { return }
        try budget.takeFile()
        guard let file = try tolerating({ () throws(MapFailure) in try self.file(number) }) else { return }
        if !file.runs.isEmpty { files.append(MappedFile(path: path, sizeBytes: file.sizeBytes, runs: file.runs)) }
        guard file.isDirectory else { return }
        for entry in try tolerating({ () throws(MapFailure) in try self.entries(file) }) ?? [] {
            try walk(inode: entry.inode, path: path.isEmpty ? entry.name : path + "/" + entry.name, depth: depth + 1)
        }
    }

    private struct Inode {
        let isDirectory: Bool
        let sizeBytes: UInt64
        let runs: [BlockRun]
    }

    /// `nil` for what has no extents: links, devices, and files that stand in their inode.
    private mutating func file(_ number: UInt64) throws(MapFailure) -> Inode? {
        let inode = try superblock.inode(number, of: image)
        let type = try inode.word(0) >> 12
        guard type == 4 || type == 8 else { return nil }
        let flags = try inode.long(0x20)
        guard flags & Self.extentsFlag != 0, flags & Self.inlineFlag == 0 else { return nil }
        let size = try inode.long(4) | inode.long(0x6C) << 32
        var extents: [Extent] = []
        try collect(LittleEndianFields(inode.bytes.dropFirst(0x28).prefix(60)), depthMax: 5, into: &extents)
        extents.sort { $0.logicalBlock < $1.logicalBlock }
        return Inode(
            isDirectory: type == 4, sizeBytes: size,
            runs: extents.filter(\.isWritten).map { BlockRun(startBlock: $0.startBlock, blockCount: $0.blockCount) })
    }

    private static let extentsFlag: UInt64 = 0x80000
    private static let inlineFlag: UInt64 = 0x1000_0000

    private struct Extent {
        let logicalBlock: UInt64
        let startBlock: UInt64
        let blockCount: UInt64
        let isWritten: Bool
    }

    private mutating func collect(
        _ node: LittleEndianFields, depthMax: Int, into extents: inout [Extent]
    ) throws(MapFailure) {
        guard try node.word(0) == 0xF30A else { throw .nonsense }
        let (count, depth) = try (node.word(2), node.word(6))
        guard depth <= depthMax else { throw .nonsense }
        for index in 0..<count {
            let entry = 12 + 12 * index
            if depth == 0 {
                try budget.takeRun()
                extents.append(try extent(node, at: entry))
            } else {
                try budget.takeRun()
                let block = try node.long(entry + 4) | UInt64(node.word(entry + 8)) << 32
                let (offset, overflow) = block.multipliedReportingOverflow(by: superblock.blockSize)
                guard !overflow else { throw .nonsense }
                let child = try image.fields(at: offset, count: Int(superblock.blockSize))
                try collect(child, depthMax: depth - 1, into: &extents)
            }
        }
    }

    private func extent(_ node: LittleEndianFields, at entry: Int) throws(MapFailure) -> Extent {
        let length = try node.word(entry + 4)
        let start = try node.long(entry + 8) | UInt64(node.word(entry + 6)) << 32
        // A longer one is room that was reserved and never written.
        let isWritten = length <= 32768
        let blockCount = UInt64(isWritten ? length : length - 32768)
        guard blockCount > 0, start <= superblock.blockCount, blockCount <= superblock.blockCount - start else {
            throw .nonsense
        }
        return Extent(
            logicalBlock: try node.long(entry), startBlock: start, blockCount: blockCount, isWritten: isWritten)
    }

    private mutating func entries(_ directory: Inode) throws(MapFailure) -> [(inode: UInt64, name: String)] {
        try budget.takeDirectory(directory.runs.reduce(0) { $0 &+ $1.blockCount &* superblock.blockSize })
        var entries: [(inode: UInt64, name: String)] = []
        for run in directory.runs {
            for block in run.startBlock..<run.startBlock + run.blockCount {
                let bytes = try image.fields(at: block * superblock.blockSize, count: Int(superblock.blockSize))
                try addEntries(of: bytes, to: &entries)
            }
        }
        return entries
    }

    private func addEntries(
        of block: LittleEndianFields, to entries: inout [(inode: UInt64, name: String)]
    ) throws(MapFailure) {
        var offset = 0
        while offset + 8 <= block.bytes.count {
            let (inode, length) = try (block.long(offset), block.word(offset + 4))
            let (nameLength, type) = try (block.byte(offset + 6), block.byte(offset + 7))
            guard length >= 8, 8 + nameLength <= length, offset + length <= block.bytes.count else { return }
            let name = block.bytes.dropFirst(offset + 8).prefix(nameLength)
            // 1 is a file, 2 a directory. Nodes of the hash tree and check sums pass as entries without an inode.
            if inode != 0, type == 1 || type == 2, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) {
                entries.append((inode, String(decoding: name, as: UTF8.self)))
            }
            offset += length
        }
    }
}

/// `nil` where the image makes no sense; other failures go on.
func tolerating<Value>(_ body: () throws(MapFailure) -> Value?) throws(MapFailure) -> Value? {
    do throws(MapFailure) {
        return try body()
    } catch {
        if case .device = error { throw error }
        return nil
    }
}

/// The sizes and places that an ext4 file system begins with.
struct Ext4Superblock {
    let blockSize: UInt64
    let blockCount: UInt64
    private let inodeCount: UInt64
    private let inodesPerGroup: UInt64
    private let inodeSize: UInt64
    private let descriptorsOffset: UInt64
    private let descriptorSize: UInt64
    private let isWide: Bool

    init?(_ image: ImageBytes) throws(MapFailure) {
        guard image.sizeBytes >= 2048 else { return nil }
        let fields = try image.fields(at: 1024, count: 1024)
        guard try fields.word(0x38) == 0xEF53 else { return nil }
        let (logarithm, features) = try (fields.long(0x18), fields.long(0x60))
        isWide = features & 0x80 != 0
        inodeCount = try fields.long(0)
        inodesPerGroup = try fields.long(0x28)
        inodeSize = UInt64(try fields.word(0x58))
        descriptorSize = isWide ? UInt64(try fields.word(0xFE)) : 32
        // Scattered descriptors are not read.
        guard logarithm <= 6, features & 0x10 == 0, inodesPerGroup > 0, (128...4096).contains(inodeSize),
            (32...1024).contains(descriptorSize)
        else { return nil }
        blockSize = 1024 << logarithm
        let count = try fields.long(4) | (isWide ? fields.long(0x150) << 32 : 0)
        blockCount = min(count, image.sizeBytes / blockSize)
        descriptorsOffset = (try fields.long(0x14) + 1) * blockSize
    }

    func inode(_ number: UInt64, of image: ImageBytes) throws(MapFailure) -> LittleEndianFields {
        guard (1...max(1, inodeCount)).contains(number) else { throw .nonsense }
        let (group, index) = ((number - 1) / inodesPerGroup, (number - 1) % inodesPerGroup)
        let descriptor = try image.fields(
            at: descriptorsOffset + group * descriptorSize, count: Int(descriptorSize))
        var table = try descriptor.long(8)
        if isWide && descriptorSize >= 64 { table |= try descriptor.long(0x28) << 32 }
        guard table < blockCount else { throw .nonsense }
        return try image.fields(at: table * blockSize + index * inodeSize, count: Int(inodeSize))
    }
}
