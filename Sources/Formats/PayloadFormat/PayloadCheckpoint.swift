public import UpdateModel

/// A place between two operations from which reading a payload can go on, in another process too.
///
/// It is written by ``PayloadStreamParser`` and means something only together with the payload's metadata.
public struct PayloadCheckpoint: Hashable, Sendable, Codable {
    /// This layout's number.
    public static let currentVersion = 1

    public let version: Int
    /// SHA-256 of everything before the first blob.
    public let metadataDigest: SHA256Digest
    /// How many operations are done, counted over all partitions.
    public let nextOperation: Int
    /// How many bytes of blobs are done.
    public let nextDataOffset: UInt64
    /// Where to go on in the payload's file, in bytes from its start.
    public let nextByteOffset: UInt64
    /// Digest of the file so far, as hexadecimal digits of `StreamDigest.savedState`.
    public let fileDigestState: String
    /// The same over the signed bytes.
    public let signedDigestState: String
}
