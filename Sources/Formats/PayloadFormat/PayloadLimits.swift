/// How much of a stranger's payload this program is willing to hold or to do.
///
/// Every bound is checked before the memory or the work it bounds is spent.
public struct PayloadLimits: Hashable, Sendable {
    /// The encoded manifest, in bytes.
    public var manifestBytesMax: UInt64 = 64 << 20
    /// The metadata signature of format 2, and the payload signature of both formats, each in bytes.
    public var signatureBytesMax: UInt64 = 64 << 10
    /// The data of one operation, held in memory while it is checked.
    public var blobBytesMax: UInt64 = 64 << 20
    /// What one operation may read or make in memory at once (patches and moves).
    public var operationBytesMax: UInt64 = 256 << 20
    /// The memory that unpacking one operation may take, in bytes: the dictionary of xz, or the window of zstd and all
    /// that its data refers back to.
    public var unpackingBytesMax: UInt64 = 72 << 20
    /// Operations of all partitions together.
    public var operationsMax = 262_144
    /// Extents of all operations together.
    public var extentsMax = 1_048_576
    /// Partitions, or procedures of format 1.
    public var partitionsMax = 64
    /// The size of one partition, in bytes.
    public var partitionBytesMax: UInt64 = 1 << 46

    /// What the programs use.
    public static let standard = PayloadLimits()

    public init() {}
}
