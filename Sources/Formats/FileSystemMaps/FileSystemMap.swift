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
    /// Regular files, and directories with blocks of their own, in the order in which they were found. A file with
    /// several names has the first; one that is empty, or tells nothing of where it stands, is left out.
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
    /// Where the content's end stands if it shares a block with other things (erofs), in bytes on the image. It is
    /// not in ``runs``.
    public let tail: Range<UInt64>?

    init(
        path: String, sizeBytes: UInt64, runs: [BlockRun] = [], clusters: [CompressedCluster] = [],
        tail: Range<UInt64>? = nil
    ) {
        self.path = path
        self.sizeBytes = sizeBytes
        self.runs = runs
        self.clusters = clusters
        self.tail = tail
    }

    /// Where all of the content stands, in its order, in bytes on the image.
    /// - Returns: `nil` where it has holes, or stands nowhere as it is because it is compressed.
    public func places(blockSize: UInt64) -> [Range<UInt64>]? {
        guard clusters.allSatisfy(\.isPlain) else { return nil }
        var places = clusters.map { $0.block * blockSize..<$0.block * blockSize + UInt64($0.byteCount) }
        var left = sizeBytes
        places += runs.map { $0.startBlock * blockSize..<($0.startBlock + $0.blockCount) * blockSize }
        if let tail { places.append(tail) }
        for index in places.indices {
            let count = min(left, UInt64(places[index].count))
            // What is left of the last block is not content.
            places[index] = places[index].lowerBound..<places[index].lowerBound + count
            left -= count
        }
        return left == 0 && places.allSatisfy { !$0.isEmpty } ? places : nil
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
