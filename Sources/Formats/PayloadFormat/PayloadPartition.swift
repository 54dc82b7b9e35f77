public import UpdateModel

/// The size and SHA-256 of what a partition or a file holds.
public struct ContentInfo: Hashable, Sendable {
    public let sizeBytes: UInt64
    public let digest: SHA256Digest

    public init(sizeBytes: UInt64, digest: SHA256Digest) {
        self.sizeBytes = sizeBytes
        self.digest = digest
    }
}

/// What a payload does to one partition, or to a file beside it.
public struct PayloadPartition: Hashable, Sendable {
    /// The file-system partition of format 1.
    public static let systemName = "system"
    /// The KERNEL procedure of format 1, and our name for the same file in format 2.
    public static let kernelName = "kernel"
    /// The PCR_POLICY procedure of format 1.
    public static let pcrPolicyName = "pcr-policy"

    /// As in the manifest of format 2. In format 1: ``systemName``, ``kernelName``, ``pcrPolicyName``, or `procedure-N`
    /// for a procedure of the unknown type N.
    public var name: String
    public var operations: [PayloadOperation]
    /// What must be there before; set in deltas.
    public var oldInfo: ContentInfo?
    /// What is there afterwards.
    public var newInfo: ContentInfo?

    public init(
        name: String, operations: [PayloadOperation], oldInfo: ContentInfo? = nil, newInfo: ContentInfo? = nil
    ) {
        self.name = name
        self.operations = operations
        self.oldInfo = oldInfo
        self.newInfo = newInfo
    }

    /// Whether the partition can only be made from another one.
    public var isDelta: Bool {
        oldInfo != nil || operations.contains { $0.kind.isInPlace || $0.readsSource }
    }

    /// Blob bytes of all operations.
    public var dataLength: UInt64 { operations.reduce(0) { $0 &+ $1.dataLength } }
}
