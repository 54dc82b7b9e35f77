internal import FileSystemMaps

/// Gzip files of the target that changed, and what they were, for one operation.
struct GzipGroup: Sendable {
    struct Unit: Sendable {
        let target: GzipFiles.File
        /// The file's number in the source's map, and the file.
        let source: (index: Int, file: GzipFiles.File)?
    }

    private(set) var units: [Unit] = []
    private(set) var target = BlockList()
    private(set) var source = BlockList()
    private(set) var contentByteCount = 0
    private(set) var sourceContentByteCount = 0
    private var sourceIndices: Set<Int> = []

    /// Both sides are in memory, unpacked.
    private static let contentBytesMax = 8 << 20
    /// So that a recipe stays below ``RecipeNumbers/byteCountMax``, whatever the files are called.
    private static let unitsMax = 2048

    /// What the files hold, and the blocks that they stand in.
    var newByteCount: Int { contentByteCount + target.byteCount }

    mutating func add(_ unit: Unit) {
        units.append(unit)
        for block in unit.target.blocks { target.append(block) }
        contentByteCount += unit.target.contentByteCount
        guard let old = unit.source, sourceIndices.insert(old.index).inserted else { return }
        for block in old.file.blocks { source.append(block) }
        sourceContentByteCount += old.file.contentByteCount
    }

    func hasRoom(for unit: Unit) -> Bool {
        units.isEmpty
            || units.count < Self.unitsMax && contentByteCount + unit.target.contentByteCount + target.byteCount <= Self.contentBytesMax
                && sourceContentByteCount + (unit.source?.file.contentByteCount ?? 0) + source.byteCount
                    <= Self.contentBytesMax
    }
}
