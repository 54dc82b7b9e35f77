/// A run of blocks of a partition.
public struct BlockExtent: Hashable, Sendable {
    /// The start that marks a hole.
    public static let holeStart = UInt64.max

    public let startBlock: UInt64
    public let blockCount: UInt64

    public init(startBlock: UInt64, blockCount: UInt64) {
        self.startBlock = startBlock
        self.blockCount = blockCount
    }

    /// Whether bytes that fall into this run are dropped on writing and zero on reading.
    public var isHole: Bool { startBlock == Self.holeStart }

    /// The block after the last one; 0 for a hole. Meaningful once the manifest has been checked.
    public var endBlock: UInt64 { isHole ? 0 : startBlock &+ blockCount }

    /// Whether both name a block in common.
    public func overlaps(_ other: BlockExtent) -> Bool {
        !isHole && !other.isHole && startBlock < other.endBlock && other.startBlock < endBlock
    }
}
