/// What a payload says it does: values that have passed every check that can be made without the disk.
///
/// A manifest that came from outside is made by ``init(decoding:header:limits:)``, which bounds it; nothing in it can
/// overflow afterwards.
public struct PayloadManifest: Hashable, Sendable {
    public let format: FormatVersion
    /// The unit of extents: a power of two from 512 bytes to 64 KiB.
    public let blockSize: UInt64
    /// Format 2: 0 for a full payload, otherwise which kinds of operations a delta may use. 0 in format 1.
    public let minorVersion: UInt32
    /// In the order in which they are applied.
    public let partitions: [PayloadPartition]
    /// Where the payload signature stands, counted from ``PayloadHeader/blobsOffset``; `nil` when there is none.
    public let signaturesOffset: UInt64?
    /// The payload signature's size in bytes; 0 when there is none.
    public let signaturesSize: UInt64

    /// A manifest of our own making; unsigned until ``PayloadEnvelope`` makes room.
    public init(
        format: FormatVersion, blockSize: UInt64 = 4096, minorVersion: UInt32 = 0, partitions: [PayloadPartition],
        signaturesOffset: UInt64? = nil, signaturesSize: UInt64 = 0
    ) {
        self.format = format
        self.blockSize = blockSize
        self.minorVersion = minorVersion
        self.partitions = partitions
        self.signaturesOffset = signaturesOffset
        self.signaturesSize = signaturesSize
    }

    /// Whether any partition can only be made from another one.
    public var isDelta: Bool { partitions.contains { $0.isDelta } }

    /// Bytes of all blobs.
    public var blobsLength: UInt64 { partitions.reduce(0) { $0 &+ $1.dataLength } }

    /// Bytes from the first blob to the end of the payload.
    public var bodyLength: UInt64 { blobsLength &+ signaturesSize }

    public var operationCount: Int { partitions.reduce(0) { $0 + $1.operations.count } }

    public func partition(named name: String) -> PayloadPartition? { partitions.first { $0.name == name } }

    /// Whether the partition's operations read what they, or others, overwrite, and leave alone what stays: the target
    /// must hold a copy of the source first, and cannot be taken up in the middle. So it is with deltas of format 1.
    public func isAppliedInPlace(_ partition: PayloadPartition) -> Bool { format == .one && partition.isDelta }

    /// The room that a target file needs while the operations run: its new size, and where it is patched in place also
    /// the old content and whatever blocks the operations use beyond. Afterwards the file is cut to its new size.
    public func workingSizeBytes(of partition: PayloadPartition) -> UInt64 {
        let newSize = partition.newInfo?.sizeBytes ?? 0
        guard isAppliedInPlace(partition) else { return newSize }
        let lastBlock =
            partition.operations.filter { $0.kind.isInPlace }
            .flatMap { $0.sourceExtents + $0.targetExtents }.map(\.endBlock).max() ?? 0
        return max(newSize, partition.oldInfo?.sizeBytes ?? 0, lastBlock &* blockSize)
    }
}
