internal import ContentTrust
internal import SwiftProtobuf
public import UpdateModel

/// Everything of a payload but its blobs: header, manifest, and room for signatures of known sizes.
///
/// The sizes must be known before anything is signed, because the manifest and the header of format 2 tell them and are
/// themselves signed. So a signer off-line and a key at hand give the same bytes:
///
/// 1. An envelope is made for the signatures' sizes.
/// 2. ``metadataDigest`` (format 2) and the digest of ``metadata`` followed by all blobs are signed.
/// 3. The file is: ``metadata``, ``signatureBlob(_:)`` of the metadata (format 2), the blobs, ``signatureBlob(_:)``.
public struct PayloadEnvelope: Sendable {
    public let header: PayloadHeader
    /// Header and manifest as they stand in the file.
    public let metadata: [UInt8]
    /// The size in bytes of each signature there is room for; empty for an unsigned payload.
    public let signatureSizes: [Int]

    /// The envelope of a manifest of our own making.
    public init(_ manifest: PayloadManifest, signatureSizes: [Int]) throws(PayloadError) {
        try self.init(
            manifest.schemaMessage(), format: manifest.format, blobsLength: manifest.blobsLength,
            signatureSizes: signatureSizes)
    }

    /// The envelope that signs somebody's payload anew. Fields of the manifest that are not known here are kept.
    ///
    /// - Parameter manifestBytes: The encoded manifest of the payload, signed or not.
    public init(
        resigning manifestBytes: ArraySlice<UInt8>, format: FormatVersion, signatureSizes: [Int],
        limits: PayloadLimits = .standard
    ) throws(PayloadError) {
        let manifest = try PayloadManifest(decoding: manifestBytes, format: format, limits: limits)
        var message = try Schema.decodeManifest(manifestBytes, limits: limits)
        message.removeSignatureRoom()
        try self.init(message, format: format, blobsLength: manifest.blobsLength, signatureSizes: signatureSizes)
    }

    private init(
        _ unsigned: Schema.Manifest, format: FormatVersion, blobsLength: UInt64, signatureSizes: [Int]
    ) throws(PayloadError) {
        let blobSize = try SignatureBlob.byteCount(of: signatureSizes, format: format)
        var message = unsigned
        if blobSize > 0 {
            message.addSignatureRoom(offset: blobsLength, size: UInt64(blobSize), format: format)
        }
        let manifestBytes = try message.encodedBytes()
        self.header = PayloadHeader(
            format: format, manifestSize: UInt64(manifestBytes.count), metadataSignatureSize: UInt64(blobSize))
        self.metadata = header.encoded + manifestBytes
        self.signatureSizes = signatureSizes
    }

    /// What the metadata signature of format 2 is made over.
    public var metadataDigest: SHA256Digest { StreamDigest.digest(of: metadata) }

    /// The message that holds `signatures`, as it stands in the file.
    /// - Throws: ``PayloadError/signatureMalformed`` when they are not of the sizes that there is room for.
    public func signatureBlob(_ signatures: [[UInt8]]) throws(PayloadError) -> [UInt8] {
        guard signatures.map(\.count) == signatureSizes else { throw .signatureMalformed }
        return try SignatureBlob.encode(signatures, format: header.format)
    }
}

extension Schema.Manifest {
    /// Format 1 also gets an operation that lets the oldest clients walk over the signature.
    fileprivate mutating func addSignatureRoom(offset: UInt64, size: UInt64, format: FormatVersion) {
        signaturesOffset = offset
        signaturesSize = size
        guard format == .one else { return }
        noopOperations.append(
            .hole(dataOffset: offset, dataLength: size, blockSize: hasBlockSize ? UInt64(blockSize) : 4096))
    }

    fileprivate mutating func removeSignatureRoom() {
        if hasSignaturesOffset {
            let offset = signaturesOffset
            noopOperations.removeAll { $0.dataOffset == offset && !$0.hasDataSha256Hash }
        }
        clearSignaturesOffset()
        clearSignaturesSize()
    }
}
