internal import PayloadFormat

/// Writes a stream of bytes onto extents, one after the other.
///
/// The stream may end before the extents do: the last full block is filled with zeros, and the rest of the extents
/// stays as it is. Holes swallow their bytes.
struct ExtentWriter {
    private let target: DeviceAccess
    private let extents: [BlockExtent]
    private let blockSize: UInt64
    private let limitBytes: UInt64
    private let place: OperationPlace
    private var extentIndex = 0
    /// Within the current extent.
    private var offsetBytes: UInt64 = 0
    private(set) var writtenByteCount: UInt64 = 0

    /// - Parameter limitBytes: Nothing may be written at this offset of the device or beyond.
    init(
        _ target: DeviceAccess, _ extents: [BlockExtent], blockSize: UInt64, limitBytes: UInt64, place: OperationPlace
    ) {
        self.target = target
        self.extents = extents
        self.blockSize = blockSize
        self.limitBytes = limitBytes
        self.place = place
    }

    /// - Throws: ``InstallationError/wrongLength(_:)`` when there is no room in the extents,
    ///   ``InstallationError/outOfRange(_:)`` when an extent reaches beyond the limit and bytes would too.
    mutating func write(_ bytes: ArraySlice<UInt8>) throws(InstallationError) {
        var rest = bytes
        while !rest.isEmpty {
            guard extentIndex < extents.count else { throw .wrongLength(place) }
            let extent = extents[extentIndex]
            // Checked with the manifest: no product or sum here exceeds the largest partition.
            let room = extent.blockCount * blockSize - offsetBytes
            let piece = rest.prefix(Int(min(room, UInt64(rest.count))))
            if !extent.isHole { try put(piece, at: extent.startBlock * blockSize + offsetBytes) }
            rest = rest.dropFirst(piece.count)
            offsetBytes += UInt64(piece.count)
            writtenByteCount += UInt64(piece.count)
            if UInt64(piece.count) == room { (extentIndex, offsetBytes) = (extentIndex + 1, 0) }
        }
    }

    /// Fills the block that the stream ended in.
    mutating func finish() throws(InstallationError) {
        let used = offsetBytes % blockSize
        guard used > 0 else { return }
        let padding = [UInt8](repeating: 0, count: Int(blockSize - used))
        try write(padding[...])
        writtenByteCount -= UInt64(padding.count)
    }

    private func put(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(InstallationError) {
        guard offset <= limitBytes, UInt64(bytes.count) <= limitBytes - offset else { throw .outOfRange(place) }
        try target.writeClipped(bytes, at: offset)
    }
}
