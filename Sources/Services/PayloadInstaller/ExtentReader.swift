internal import ContentTrust
internal import PayloadFormat
internal import UpdateModel

/// Reads extents of a device as if they were one run of bytes. Holes read as zeros.
struct ExtentReader {
    private let source: DeviceAccess
    private let extents: [BlockExtent]
    private let blockSize: UInt64
    /// Where each extent begins in the run.
    private let starts: [UInt64]
    let byteCount: UInt64

    /// - Parameter length: How many bytes count; `nil`: all. At most those of the extents (checked with the manifest).
    /// - Throws: ``InstallationError/outOfRange(_:)`` when an extent is not on the device.
    init(
        _ source: DeviceAccess, _ extents: [BlockExtent], length: UInt64?, blockSize: UInt64, place: OperationPlace
    ) throws(InstallationError) {
        let limitBytes = source.sizeBytes.roundedUp(toBlocksOf: blockSize)
        var starts: [UInt64] = []
        var total: UInt64 = 0
        for extent in extents {
            guard extent.isHole || extent.endBlock * blockSize <= limitBytes else { throw .outOfRange(place) }
            starts.append(total)
            total += extent.blockCount * blockSize
        }
        self.source = source
        self.extents = extents
        self.blockSize = blockSize
        self.starts = starts
        self.byteCount = length ?? total
    }

    /// The source extents of `operation`, after their digest has been compared where the payload tells it and nobody has
    /// compared them yet.
    /// - Parameter length: As above.
    init(
        checking source: DeviceAccess, _ operation: PayloadOperation, length: UInt64?, blockSize: UInt64,
        place: OperationPlace
    ) throws(InstallationError) {
        let verifiedBlocks = source.verifiedByteCount / blockSize
        if !operation.sourceExtents.allSatisfy({ $0.isHole || $0.endBlock <= verifiedBlocks }) {
            try Self.check(source, operation, blockSize: blockSize, place: place)
        }
        try self.init(source, operation.sourceExtents, length: length, blockSize: blockSize, place: place)
    }

    /// Compares the source extents of `operation` with their digest, where the payload tells it.
    /// - Throws: ``InstallationError/wrongSourceBlocks(_:expected:actual:)``.
    static func check(
        _ source: DeviceAccess, _ operation: PayloadOperation, blockSize: UInt64, place: OperationPlace
    ) throws(InstallationError) {
        guard let expected = operation.sourceDigest else { return }
        let whole = try ExtentReader(
            source, operation.sourceExtents, length: nil, blockSize: blockSize, place: place)
        let actual = try whole.digest()
        guard actual == expected else { throw .wrongSourceBlocks(place, expected: expected, actual: actual) }
    }

    /// `count` bytes from `offset`, which lie within ``byteCount``.
    func read(at offset: UInt64, count: Int) throws(InstallationError) -> [UInt8] {
        let first = extentIndex(at: offset)
        if first < extents.count, !extents[first].isHole,
            offset - starts[first] + UInt64(count) <= extents[first].blockCount * blockSize
        {
            let place = extents[first].startBlock * blockSize + offset - starts[first]
            return try source.readPadded(at: place, count: count)
        }
        let buffer = TransferBuffer(capacity: count)
        try read(at: offset, count: count, into: buffer)
        return Array(buffer.bytes)
    }

    func forEachPiece(_ body: (ArraySlice<UInt8>) throws(InstallationError) -> Void) throws(InstallationError) {
        let buffer = TransferBuffer(capacity: Int(min(UInt64(DeviceAccess.pieceByteCount), byteCount)))
        var offset: UInt64 = 0
        while offset < byteCount {
            let count = Int(min(UInt64(DeviceAccess.pieceByteCount), byteCount - offset))
            buffer.clear()
            try read(at: offset, count: count, into: buffer)
            try body(buffer.bytes)
            offset += UInt64(count)
        }
    }

    private func read(at offset: UInt64, count: Int, into buffer: TransferBuffer) throws(InstallationError) {
        var index = extentIndex(at: offset)
        while buffer.byteCount < count, index < extents.count {
            let extent = extents[index]
            let within = offset + UInt64(buffer.byteCount) - starts[index]
            let pieceCount = Int(min(UInt64(count - buffer.byteCount), extent.blockCount * blockSize - within))
            if extent.isHole {
                buffer.appendZeros(count: pieceCount)
            } else {
                try source.readPadded(at: extent.startBlock * blockSize + within, count: pieceCount, into: buffer)
            }
            index += 1
        }
    }

    func digest() throws(InstallationError) -> SHA256Digest {
        var digest = StreamDigest()
        try forEachPiece { (piece) throws(InstallationError) in digest.update(piece) }
        return digest.finalized()
    }

    /// The last extent that begins at or before `offset`.
    private func extentIndex(at offset: UInt64) -> Int {
        var (low, high) = (0, starts.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }
}

extension UInt64 {
    /// Saturates; sizes near the largest number are refused elsewhere.
    func roundedUp(toBlocksOf blockSize: UInt64) -> UInt64 {
        let remainder = self % blockSize
        guard remainder > 0 else { return self }
        let (sum, overflow) = addingReportingOverflow(blockSize - remainder)
        return overflow ? .max : sum
    }
}
