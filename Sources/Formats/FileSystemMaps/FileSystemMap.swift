public import SlotDevice

/// Which blocks of an image hold which file, as far as a file system tells.
///
/// Reading is bounded and never fails on what a stranger made up: a part that makes no sense is left out, for the map is
/// only a hint where to look for what has moved.
public struct FileSystemMap: Sendable {
    /// What kind of file system an image holds.
    public enum Kind: String, Sendable, Hashable {
        case ext4
        case erofs
    }

    public let kind: Kind
    /// In bytes; block numbers count in it.
    public let blockSize: UInt64
    /// The blocks that the file system says it has.
    public let blockCount: UInt64
    /// Regular files and directories with blocks of their own, in the order in which they were found. A file with
    /// several names has the first.
    public let files: [MappedFile]

    /// - Returns: `nil` when the image holds no file system that is known here.
    /// - Throws: Only what reading `image` throws.
    public init?(of image: any BlockDevice) throws(DeviceError) {
        let bytes = ImageBytes(image)
        do throws(MapFailure) {
            var map = try Ext4Reader.map(bytes)
            if map == nil { map = try ErofsReader.map(bytes) }
            guard let map else { return nil }
            self = map
        } catch {
            if case .device(let cause) = error { throw cause }
            return nil
        }
    }

    init(kind: Kind, blockSize: UInt64, blockCount: UInt64, files: [MappedFile]) {
        self.kind = kind
        self.blockSize = blockSize
        self.blockCount = blockCount
        self.files = files
    }
}

/// A file or directory of a file system, and where its content stands.
public struct MappedFile: Sendable, Hashable {
    /// From the root, without a leading slash; bytes that are no UTF-8 are replaced.
    public let path: String
    public let sizeBytes: UInt64
    /// Runs of blocks that hold the content as it is, in the content's order. Holes are left out.
    public let runs: [BlockRun]
    /// Blocks that hold the content compressed; then there are no ``runs``.
    public let clusters: [CompressedCluster]

    init(path: String, sizeBytes: UInt64, runs: [BlockRun] = [], clusters: [CompressedCluster] = []) {
        self.path = path
        self.sizeBytes = sizeBytes
        self.runs = runs
        self.clusters = clusters
    }
}

/// Neighbouring blocks.
public struct BlockRun: Sendable, Hashable {
    public let startBlock: UInt64
    public let blockCount: UInt64

    public init(startBlock: UInt64, blockCount: UInt64) {
        self.startBlock = startBlock
        self.blockCount = blockCount
    }
}

/// One block of an erofs image that holds a piece of a file, compressed with LZ4 or plain.
public struct CompressedCluster: Sendable, Hashable {
    public let block: UInt64
    /// Where the piece stands in the file, in bytes.
    public let offsetBytes: UInt64
    public let byteCount: Int
    /// Not compressed: the first ``byteCount`` bytes of the block are the piece.
    public let isPlain: Bool

    public init(block: UInt64, offsetBytes: UInt64, byteCount: Int, isPlain: Bool) {
        self.block = block
        self.offsetBytes = offsetBytes
        self.byteCount = byteCount
        self.isPlain = isPlain
    }
}
