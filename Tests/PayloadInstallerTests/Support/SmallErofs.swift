/// An erofs image with files in its root directory, none of them compressed.
///
/// Source: the Linux kernel, fs/erofs/erofs_fs.h.
enum SmallErofs {
    private static let blockSize = 4096

    /// - Parameter files: Up to 60, each of at least one byte; their blocks stand in this order.
    static func image(_ files: [(name: String, content: [UInt8])]) -> [UInt8] {
        let sorted = files.enumerated().sorted { $0.element.name < $1.element.name }
        var inodes = inode(isDirectory: true, byteCount: blockSize, startBlock: 2)
        var blocks: [UInt8] = []
        for file in files {
            inodes += inode(
                isDirectory: false, byteCount: file.content.count, startBlock: 3 + blocks.count / blockSize)
            blocks += padded(file.content)
        }
        var (records, names): ([UInt8], [UInt8]) = ([], [])
        for (index, file) in sorted {
            records += bytes(index + 1, 8) + bytes(12 * files.count + names.count, 2) + [1, 0]
            names += Array(file.name.utf8)
        }
        let opening = bytes(0xE0F5_E1E2, 4) + bytes(0, 8) + [12, 0] + bytes(0, 2) + bytes(0, 20)
        let sizes = bytes(3 + blocks.count / blockSize, 4) + bytes(1, 4)
        let superblock = [UInt8](repeating: 0, count: 1024) + opening + sizes
        return padded(superblock) + padded(inodes) + padded(records + names) + blocks
    }

    private static func inode(isDirectory: Bool, byteCount: Int, startBlock: Int) -> [UInt8] {
        let mode = isDirectory ? 0o040755 : 0o100644
        return bytes(0, 4) + bytes(mode, 2) + bytes(1, 2) + bytes(byteCount, 4) + bytes(0, 4) + bytes(startBlock, 4)
            + bytes(0, 12)
    }

    private static func padded(_ content: [UInt8]) -> [UInt8] {
        content + [UInt8](repeating: 0, count: (blockSize - content.count % blockSize) % blockSize)
    }

    private static func bytes(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
