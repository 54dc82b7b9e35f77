internal import CompressionCodecs
internal import PayloadFormat
internal import UpdateModel

/// Carries out the zstd operations of one partition, and keeps what the last of them made for the next.
///
/// Used by one thread at a time, as everything that carries out operations.
final class ZstandardUnpacker: @unchecked Sendable {
    /// What is copied at once.
    static let pieceByteCount = 128 << 10

    private let target: DeviceAccess
    private let source: DeviceAccess?
    private let blockSize: UInt64
    private let memoryLimit: UInt64
    private let workspace = ZstandardWorkspace()
    /// The blocks of the target that stand in the workspace, in the order in which they stand there.
    private var held = HeldBlocks()

    init(target: DeviceAccess, source: DeviceAccess?, blockSize: UInt64, memoryLimit: UInt64) {
        self.target = target
        self.source = source
        self.blockSize = blockSize
        self.memoryLimit = memoryLimit
    }

    /// - Parameter writer: For the operation's target extents.
    func unpack(
        _ operation: PayloadOperation, _ place: OperationPlace, blob: [UInt8], writer: inout ExtentWriter
    ) throws(InstallationError) {
        let room = operation.targetExtents.reduce(0) { $0 + $1.blockCount * blockSize }
        let frame = try attempt(place) { () throws(CodecError) in try ZstandardFrame(opening: blob[...]) }
        let prefix = try prefixByteCount(of: operation, place)
        try checkMemory(prefix: prefix, frame: frame, place)
        guard let content = frame.contentByteCount, content <= room, content <= memoryLimit - prefix else {
            return try unpackPiecewise(operation, place, blob: blob, prefix: prefix, room: room, writer: &writer)
        }
        try loadPrefix(operation, place, byteCount: Int(prefix), contentLimit: Int(content))
        let made = try attempt(place) { () throws(CodecError) in
            try workspace.decompress(blob[...], outputLimit: Int(content))
        }
        held.append(operation.targetExtents, byteCount: made, blockSize: blockSize)
        for start in stride(from: 0, to: made, by: Self.pieceByteCount) {
            try writer.write(workspace.content(start..<min(start + Self.pieceByteCount, made))[...])
        }
        try writer.finish()
    }

    /// A frame that does not tell its size, or is larger than what may be held: its window must do.
    private func unpackPiecewise(
        _ operation: PayloadOperation, _ place: OperationPlace, blob: [UInt8], prefix: UInt64, room: UInt64,
        writer: inout ExtentWriter
    ) throws(InstallationError) {
        var pieces = try prefixPieces(of: operation, place, byteCount: Int(prefix))
        let prefixBytes = try ZstandardPrefix(byteCount: Int(prefix)) { (_) throws(InstallationError) in
            try pieces.next()
        }
        let limit = memoryLimit - prefix
        let reader = try attempt(place) { () throws(CodecError) in
            try DecompressionReader(.zstd, blob[...], outputLimit: room, memoryLimit: limit, prefix: prefixBytes)
        }
        while let piece = try attempt(place, { () throws(CodecError) in try reader.next() }) { try writer.write(piece) }
        try writer.finish()
    }

    private func prefixByteCount(
        of operation: PayloadOperation, _ place: OperationPlace
    ) throws(InstallationError) -> UInt64 {
        let source = operation.sourceExtents.reduce(0) { $0 + $1.blockCount * blockSize }
        let written = operation.writtenExtents.reduce(0) { $0 + $1.blockCount * blockSize }
        return (operation.sourceLength ?? source) + written
    }

    /// A frame needs its prefix, and as much of its own content as it may refer back to.
    private func checkMemory(
        prefix: UInt64, frame: ZstandardFrame, _ place: OperationPlace
    ) throws(InstallationError) {
        let window = min(frame.windowByteCount, frame.contentByteCount ?? .max)
        let (needed, overflow) = prefix.addingReportingOverflow(window)
        guard !overflow, needed <= memoryLimit else {
            throw .badCompression(place, .memoryLimit(needed: overflow ? .max : needed, limit: memoryLimit))
        }
    }

    private func loadPrefix(
        _ operation: PayloadOperation, _ place: OperationPlace, byteCount: Int, contentLimit: Int
    ) throws(InstallationError) {
        let written = HeldBlocks(operation.writtenExtents, blockSize: blockSize)
        let kept = held.commonTailByteCount(with: written)
        var pieces = try prefixPieces(of: operation, place, byteCount: byteCount - kept)
        held = HeldBlocks()  // Until all of it is there.
        try workspace.setPrefix(byteCount: byteCount, keptByteCount: kept, contentLimit: contentLimit) {
            (_) throws(InstallationError) in try pieces.next()
        }
        held = written
    }

    /// The first `byteCount` bytes of what the operation refers back to: source first, then what was written.
    private func prefixPieces(
        of operation: PayloadOperation, _ place: OperationPlace, byteCount: Int
    ) throws(InstallationError) -> PrefixPieces {
        var readers: [ExtentReader] = []
        if !operation.sourceExtents.isEmpty {
            guard let source else { throw .sourceMissing(partition: place.partition) }
            readers.append(
                try ExtentReader(
                    checking: source, operation, length: operation.sourceLength, blockSize: blockSize, place: place))
        }
        readers.append(
            try ExtentReader(target, operation.writtenExtents, length: nil, blockSize: blockSize, place: place))
        return PrefixPieces(readers, byteCount: byteCount)
    }

    private func attempt<Value>(
        _ place: OperationPlace, _ body: () throws(CodecError) -> Value
    ) throws(InstallationError) -> Value {
        do throws(CodecError) { return try body() } catch { throw .badCompression(place, error) }
    }
}

/// Some runs of bytes one after the other, in pieces.
private struct PrefixPieces {
    private var readers: ArraySlice<ExtentReader>
    private var offset: UInt64 = 0
    private var left: Int

    init(_ readers: [ExtentReader], byteCount: Int) {
        self.readers = readers.filter { $0.byteCount > 0 }[...]
        self.left = byteCount
    }

    /// At least one byte; not to be called when all have been given.
    mutating func next() throws(InstallationError) -> ArraySlice<UInt8> {
        guard let reader = readers.first else { preconditionFailure("There is a reader for each byte.") }
        let count = Int(min(UInt64(min(left, ZstandardUnpacker.pieceByteCount)), reader.byteCount - offset))
        let piece = try reader.read(at: offset, count: count)
        offset += UInt64(count)
        left -= count
        if offset == reader.byteCount { (readers, offset) = (readers.dropFirst(), 0) }
        return piece[...]
    }
}

/// Runs of bytes of the target, in an order of their own.
struct HeldBlocks {
    private var runs: [Range<UInt64>] = []

    init() {}

    init(_ extents: [BlockExtent], blockSize: UInt64) {
        for extent in extents { append(extent.startBlock * blockSize..<extent.endBlock * blockSize) }
    }

    /// Adds the first `byteCount` bytes of `extents`. Holes hold nothing: bytes that fell into one end what is known.
    mutating func append(_ extents: [BlockExtent], byteCount: Int, blockSize: UInt64) {
        var left = UInt64(byteCount)
        for extent in extents where left > 0 {
            let count = min(left, extent.blockCount * blockSize)
            left -= count
            if extent.isHole {
                runs = []
            } else {
                append(extent.startBlock * blockSize..<extent.startBlock * blockSize + count)
            }
        }
    }

    /// How many of the last bytes of both are the same bytes of the target.
    func commonTailByteCount(with other: HeldBlocks) -> Int {
        var count: UInt64 = 0
        for (one, two) in zip(runs.reversed(), other.runs.reversed()) {
            guard one.upperBound == two.upperBound else { break }
            let common = min(one.upperBound - one.lowerBound, two.upperBound - two.lowerBound)
            count += common
            guard one.lowerBound == two.lowerBound else { break }
        }
        return Int(count)
    }

    /// Neighbours become one, so that it does not matter how they were cut.
    private mutating func append(_ run: Range<UInt64>) {
        if let last = runs.last, last.upperBound == run.lowerBound {
            runs[runs.count - 1] = last.lowerBound..<run.upperBound
        } else if !run.isEmpty {
            runs.append(run)
        }
    }
}
