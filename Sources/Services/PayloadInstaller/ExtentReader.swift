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

    /// The source extents of `operation`, after their digest has been compared where the payload tells it.
    /// - Parameter length: As above.
    init(
        checking source: DeviceAccess, _ operation: PayloadOperation, length: UInt64?, blockSize: UInt64,
        place: OperationPlace
    ) throws(InstallationError) {
        if let expected = operation.sourceDigest {
            let whole = try ExtentReader(
                source, operation.sourceExtents, length: nil, blockSize: blockSize, place: place)
            let actual = try whole.digest()
            guard actual == expected else {
                throw .wrongSourceBlocks(place, expected: expected, actual: actual)
            }
        }
        try self.init(source, operation.sourceExtents, length: length, blockSize: blockSize, place: place)
    }

    /// `count` bytes from `offset`, which lie within ``byteCount``.
    func read(at offset: UInt64, count: Int) throws(InstallationError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var index = extentIndex(at: offset)
        while bytes.count < count, index < extents.count {
            let extent = extents[index]
            let within = offset + UInt64(bytes.count) - starts[index]
            let pieceCount = Int(min(UInt64(count - bytes.count), extent.blockCount * blockSize - within))
            if extent.isHole {
                bytes.append(contentsOf: repeatElement(0, count: pieceCount))
            } else {
                bytes += try source.readPadded(at: extent.startBlock * blockSize + within, count: pieceCount)
            }
            index += 1
        }
        return bytes
    }

    func forEachPiece(_ body: (ArraySlice<UInt8>) throws(InstallationError) -> Void) throws(InstallationError) {
        var offset: UInt64 = 0
        while offset < byteCount {
            let count = Int(min(UInt64(DeviceAccess.pieceByteCount), byteCount - offset))
            try body(read(at: offset, count: count)[...])
            offset += UInt64(count)
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
