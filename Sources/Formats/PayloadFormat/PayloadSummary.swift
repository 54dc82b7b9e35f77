public import ContentTrust
public import UpdateModel

/// What is known of a payload that has been read to its end.
public struct PayloadSummary: Hashable, Sendable {
    public let header: PayloadHeader
    public let sizeBytes: UInt64
    /// SHA-256 of the whole file.
    public let digest: SHA256Digest
    /// SHA-256 of the bytes that the payload signature covers.
    public let signedDigest: SHA256Digest
    public let signatures: [PayloadSignature]
    /// The trusted key that made one of ``signatures``; `nil` when nobody asked.
    public let signer: VerificationKey?
}
