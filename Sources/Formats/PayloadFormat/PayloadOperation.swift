public import UpdateModel

/// One step of making a partition.
public struct PayloadOperation: Hashable, Sendable {
    public var kind: OperationKind
    /// Where the blob begins, counted from ``PayloadHeader/blobsOffset``; it counts only when there is a blob.
    public var dataOffset: UInt64
    /// The blob's size in bytes; 0 for none.
    public var dataLength: UInt64
    /// SHA-256 of the blob as it stands in the file.
    public var dataDigest: SHA256Digest?
    public var sourceExtents: [BlockExtent]
    public var targetExtents: [BlockExtent]
    /// How many bytes of the source extents count; `nil`: all.
    public var sourceLength: UInt64?
    /// How many bytes the operation makes; `nil`: not told.
    public var targetLength: UInt64?
    /// SHA-256 of the bytes that the source extents must hold.
    public var sourceDigest: SHA256Digest?
    /// Blocks of the target that earlier operations wrote, and that the blob of ``OperationKind/zstd``,
    /// ``OperationKind/sourcePatch`` or ``OperationKind/packedPatch`` refers back to.
    public var writtenExtents: [BlockExtent]

    public init(
        kind: OperationKind, dataOffset: UInt64 = 0, dataLength: UInt64 = 0, dataDigest: SHA256Digest? = nil,
        sourceExtents: [BlockExtent] = [], targetExtents: [BlockExtent], sourceLength: UInt64? = nil,
        targetLength: UInt64? = nil, sourceDigest: SHA256Digest? = nil, writtenExtents: [BlockExtent] = []
    ) {
        self.kind = kind
        self.dataOffset = dataOffset
        self.dataLength = dataLength
        self.dataDigest = dataDigest
        self.sourceExtents = sourceExtents
        self.targetExtents = targetExtents
        self.sourceLength = sourceLength
        self.targetLength = targetLength
        self.sourceDigest = sourceDigest
        self.writtenExtents = writtenExtents
    }

    /// Whether the operation needs the source device.
    public var readsSource: Bool { kind.readsSource || kind == .zstd && !sourceExtents.isEmpty }
}
