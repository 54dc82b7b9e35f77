internal import ContentTrust
internal import PayloadFormat
internal import SlotDevice
internal import Synchronization
internal import UpdateModel

/// One partition on its way to its target: operations are carried out, what they write goes to the device on other
/// threads, and what is durable is read back and hashed meanwhile.
///
/// Used by one thread at a time.
final class PartitionWork: Sendable {
    /// How far the target has been written from its start without gap, in bytes.
    private struct Front {
        var written: UInt64 = 0
        /// What ``written`` was when reading back was last begun.
        var marked: UInt64 = 0
    }

    private let name: String
    private let newInfo: ContentInfo?
    private let blockSize: UInt64
    private let target: WriteBehindDevice
    private let executor: OperationExecutor
    /// `nil` where operations write the same blocks again and again.
    private let readBack: SettledDigest?
    private let device: any BlockDevice
    private let readBackIntervalBytes: UInt64
    private let front = Mutex(Front())

    /// - Parameters:
    ///   - limitBytes: Operations may not write at this offset or beyond.
    ///   - isInPlace: Operations write what others read.
    ///   - neighbours: Told of this target.
    init(
        _ partition: PayloadPartition, _ target: InstallTarget, blockSize: UInt64, limitBytes: UInt64,
        options: InstallationOptions, isInPlace: Bool, neighbours: NeighbourTargets
    ) {
        name = partition.name
        newInfo = partition.newInfo
        self.blockSize = blockSize
        device = target.device
        self.target = WriteBehindDevice(target.device)
        executor = OperationExecutor(
            target: DeviceAccess(partition: partition.name, device: self.target),
            source: target.source.map { DeviceAccess(partition: partition.name, device: $0) },
            blockSize: blockSize, limitBytes: limitBytes, memoryLimit: options.limits.unpackingBytesMax,
            neighbours: neighbours)
        neighbours.add(executor.target)
        readBack = isInPlace ? nil : SettledDigest(target.device)
        // So much is never on its way at once: what was written before the last mark stands on the device.
        readBackIntervalBytes = max(
            options.readBackIntervalBytes, 4 * UInt64(WriteBehindDevice.pieceByteCount))
    }

    /// - Parameter blob: The operation's data; its digest has been compared.
    func carryOut(
        _ operation: PayloadOperation, at place: OperationPlace, blob: [UInt8]
    ) throws(InstallationError) {
        if let start = operation.targetExtents.filter({ !$0.isHole }).map(\.startBlock).min() {
            readBack?.willWrite(at: start * blockSize)
        }
        try executor.execute(operation, at: place, blob: blob)
        advance(over: operation.targetExtents)
    }

    /// Everything that was carried out is durable on return.
    func flush() throws(InstallationError) { try executor.target.flush() }

    /// Waits until nothing is read or written any more.
    func rest() {
        target.settle()
        readBack?.rest()
    }

    /// Reads back what is not yet read, and compares.
    /// - Returns: What the target holds. Everything must have been flushed.
    func verify() throws(InstallationError) -> ContentInfo {
        guard let expected = newInfo else { throw .newInfoMissing(partition: name) }
        let actual: SHA256Digest
        do throws(DeviceError) {
            actual = try (readBack ?? SettledDigest(device)).finish(byteCount: expected.sizeBytes)
        } catch {
            throw .device(partition: name, error)
        }
        guard actual == expected.digest else {
            throw .wrongResult(partition: name, expected: expected.digest, actual: actual)
        }
        return expected
    }

    private func advance(over extents: [BlockExtent]) {
        let limit = newInfo?.sizeBytes ?? 0
        let settled = front.withLock { front -> UInt64? in
            for extent in extents where !extent.isHole && extent.startBlock * blockSize <= front.written {
                front.written = min(limit, max(front.written, extent.endBlock * blockSize))
            }
            guard front.written - front.marked >= readBackIntervalBytes else { return nil }
            defer { front.marked = front.written }
            return front.marked
        }
        guard let settled, settled > 0 else { return }
        readBack?.written(upTo: settled) { [target] () throws(DeviceError) in try target.flushWritten() }
    }
}
