internal import FileSystemMaps
internal import PayloadFormat
internal import SlotDevice

/// One side of a delta: an image in blocks. A last block that is not whole counts with zeros behind it.
struct DeltaImage: Sendable {
    static let blockSize: UInt64 = 4096

    let device: any BlockDevice
    let blockCount: Int
    /// What the file system tells, if there is one that is known.
    let map: FileSystemMap?

    init(_ device: any BlockDevice) throws(PayloadBuildError) {
        self.device = device
        blockCount = Int(device.sizeBytes.roundedUp(toBlocksOf: Self.blockSize) / Self.blockSize)
        let found = try PayloadBuildError.attempt { () throws(DeviceError) in try FileSystemMap(of: device) }
        map = found?.blockSize == Self.blockSize ? found : nil
    }

    /// The content of `runs`, one after the other.
    func bytes(of runs: [BlockSpan]) throws(PayloadBuildError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(runs.byteCount)
        for run in runs { try append(run, to: &bytes) }
        return bytes
    }

    private func append(_ run: BlockSpan, to bytes: inout [UInt8]) throws(PayloadBuildError) {
        let start = UInt64(run.start) * Self.blockSize
        let wanted = UInt64(run.count) * Self.blockSize
        let available = min(wanted, device.sizeBytes - start)
        bytes += try PayloadBuildError.attempt { () throws(DeviceError) in
            try device.read(at: start, count: Int(available))
        }
        bytes.append(contentsOf: repeatElement(0, count: Int(wanted - available)))
    }

    /// Goes over all blocks in order, many at a time.
    func forEachPiece(
        _ body: (_ firstBlock: Int, _ bytes: [UInt8]) throws(PayloadBuildError) -> Void
    ) throws(PayloadBuildError) {
        for start in stride(from: 0, to: blockCount, by: Self.pieceBlockCount) {
            try body(start, bytes(of: [BlockSpan(start: start, count: min(Self.pieceBlockCount, blockCount - start))]))
        }
    }

    private static let pieceBlockCount = 1024
}

/// Neighbouring blocks of an image.
struct BlockSpan: Hashable, Sendable {
    var start: Int
    var count: Int

    var end: Int { start + count }

    init(start: Int, count: Int) {
        self.start = start
        self.count = count
    }

    var extent: BlockExtent { BlockExtent(startBlock: UInt64(start), blockCount: UInt64(count)) }
}

extension [BlockSpan] {
    var blockCount: Int { reduce(0) { $0 + $1.count } }
    var byteCount: Int { blockCount * Int(DeltaImage.blockSize) }
    var extents: [BlockExtent] { map(\.extent) }

    /// Adds a block; one that follows the last makes its run longer.
    mutating func append(block: Int) {
        if let last, last.end == block { self[count - 1].count += 1 } else { append(BlockSpan(start: block, count: 1)) }
    }

    init(blocks: some Sequence<Int>) {
        self = []
        for block in blocks { append(block: block) }
    }

    /// At most `limit` blocks: those around `center`, a share of the whole from 0 to 1.
    func window(of limit: Int, around center: Double) -> [BlockSpan] {
        let total = blockCount
        guard total > limit else { return self }
        var skipped = Swift.max(0, Swift.min(total - limit, Int(Double(total) * center) - limit / 2))
        var left = limit
        var spans: [BlockSpan] = []
        for span in self where left > 0 {
            let dropped = Swift.min(skipped, span.count)
            skipped -= dropped
            let taken = Swift.min(left, span.count - dropped)
            if taken > 0 { spans.append(BlockSpan(start: span.start + dropped, count: taken)) }
            left -= taken
        }
        return spans
    }
}

extension MappedFile {
    /// The file's own blocks that lie within an image of `blockCount` blocks.
    func spans(within blockCount: Int) -> [BlockSpan] {
        runs.compactMap { run in
            guard let start = Int(exactly: run.startBlock), let count = Int(exactly: run.blockCount),
                start <= blockCount, count <= blockCount - start
            else { return nil }
            return BlockSpan(start: start, count: count)
        }
    }
}
