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
    private let name: String
    private let newInfo: ContentInfo?
    private let operations: [PayloadOperation]
    private let blockSize: UInt64
    private let target: WriteBehindDevice
    private let executor: OperationExecutor
    /// `nil` where operations write the same blocks again and again.
    private let readBack: SettledDigest?
    private let device: any BlockDevice
    private let readBackIntervalBytes: UInt64
    private let front = Mutex(WrittenFront())

    /// - Parameters:
    ///   - limitBytes: Operations may not write at this offset or beyond.
    ///   - target: The preflight has compared its source with the digest that the payload tells of it.
    ///   - isInPlace: Operations write what others read.
    ///   - neighbours: Told of this target.
    init(
        _ partition: PayloadPartition, _ target: InstallTarget, blockSize: UInt64, limitBytes: UInt64,
        options: InstallationOptions, isInPlace: Bool, neighbours: NeighbourTargets
    ) {
        name = partition.name
        newInfo = partition.newInfo
        operations = partition.operations
        self.blockSize = blockSize
        device = target.device
        self.target = WriteBehindDevice(target.device)
        executor = OperationExecutor(
            target: DeviceAccess(partition: partition.name, device: self.target),
            source: target.source.map { source in
                DeviceAccess(
                    partition: partition.name, device: source, verifiedByteCount: partition.oldInfo?.sizeBytes ?? 0)
            },
            blockSize: blockSize, limitBytes: limitBytes, memoryLimit: options.limits.unpackingBytesMax,
            neighbours: neighbours)
        neighbours.add(executor.target)
        readBack = isInPlace ? nil : SettledDigest(target.device)
        readBackIntervalBytes = options.readBackIntervalBytes
    }

    /// Goes on where the first `count` operations were carried out and flushed earlier: what they wrote can be read back.
    func goOn(after count: Int) {
        front.withLock { front in
            for extent in operations.prefix(count).flatMap(\.targetExtents) where !extent.isHole {
                front.add(bytes(of: extent))
            }
        }
    }

    private func bytes(of extent: BlockExtent) -> Range<UInt64> {
        extent.startBlock * blockSize..<extent.endBlock * blockSize
    }

    /// - Parameter blob: The operation's data; its digest has been compared.
    func carryOut(
        _ operation: PayloadOperation, at place: OperationPlace, blob: [UInt8]
    ) throws(InstallationError) {
        if let start = operation.targetExtents.filter({ !$0.isHole }).map(\.startBlock).min() {
            front.withLock { $0.willWrite(at: start * blockSize) }
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
            try checkSources()
            throw .wrongResult(partition: name, expected: expected.digest, actual: actual)
        }
        return expected
    }

    /// Whether the source still is what it was: where it is not, the payload is not to blame for the result.
    private func checkSources() throws(InstallationError) {
        for (index, operation) in operations.enumerated() {
            try executor.checkSource(of: operation, at: OperationPlace(partition: name, index: index))
        }
    }

    private func advance(over extents: [BlockExtent]) {
        let limit = newInfo?.sizeBytes ?? 0
        let accepted = target.acceptedByteCount
        let settled = front.withLock { front -> UInt64 in
            for extent in extents where !extent.isHole {
                front.add(bytes(of: extent))
            }
            return front.mark(upTo: limit, each: readBackIntervalBytes, acceptedByteCount: accepted)
        }
        guard settled > 0 else { return }
        readBack?.written(upTo: settled) { [target] () throws(DeviceError) in try target.flushWritten() }
    }
}
