package import ContentTrust
package import PayloadFormat
package import SlotDevice
package import UpdateModel

/// Who signs a payload.
package enum PayloadSigner: Sendable {
    case nobody
    /// Each key makes one signature; the last is the one that old clients of format 1 take.
    case keys([SigningKey])
    /// Signatures made elsewhere over the digests of ``PayloadComposer``.
    case detached(payload: [[UInt8]], metadata: [[UInt8]])

    fileprivate func signPayload(_ digest: SHA256Digest) throws(PayloadBuildError) -> [[UInt8]] {
        if case .detached(let signatures, _) = self { return signatures }
        return try sign(digest)
    }

    fileprivate func signMetadata(_ digest: SHA256Digest) throws(PayloadBuildError) -> [[UInt8]] {
        if case .detached(_, let signatures) = self { return signatures }
        return try sign(digest)
    }

    private func sign(_ digest: SHA256Digest) throws(PayloadBuildError) -> [[UInt8]] {
        guard case .keys(let keys) = self else { return [] }
        var signatures: [[UInt8]] = []
        for key in keys {
            do throws(KeyError) { signatures.append(try key.sign(digest)) } catch { throw .key(error) }
        }
        return signatures
    }
}

/// Puts a payload together: metadata, blobs and signatures.
package struct PayloadComposer: Sendable {
    private let envelope: PayloadEnvelope
    private let blobs: any BlockDevice
    private let blobsOffset: UInt64
    private let blobsLength: UInt64
    private let signatureBlobSize: UInt64

    /// - Parameters:
    ///   - blobs: The device that holds the blobs, `blobsLength` bytes from `blobsOffset` on.
    package init(
        _ envelope: PayloadEnvelope, blobs: any BlockDevice, blobsOffset: UInt64 = 0, blobsLength: UInt64
    ) throws(PayloadBuildError) {
        self.envelope = envelope
        self.blobs = blobs
        self.blobsOffset = blobsOffset
        self.blobsLength = blobsLength
        let dummies = envelope.signatureSizes.map { [UInt8](repeating: 0, count: $0) }
        self.signatureBlobSize = UInt64(
            try PayloadBuildError.attempt { () throws(PayloadError) in try envelope.signatureBlob(dummies).count })
    }

    /// Of the whole file.
    package var sizeBytes: UInt64 { envelope.header.blobsOffset + blobsLength + signatureBlobSize }

    /// What the metadata signature of format 2 is made over.
    package var metadataDigest: SHA256Digest { envelope.metadataDigest }

    /// What the payload signature is made over: metadata, without its signature, and all blobs.
    package func payloadDigest() throws(PayloadBuildError) -> SHA256Digest {
        var digest = StreamDigest()
        digest.update(envelope.metadata)
        try forEachPiece { (piece, _) throws(PayloadBuildError) in digest.update(piece) }
        return digest.finalized()
    }

    /// Writes the whole payload; durable on return.
    ///
    /// - Parameter output: Exactly ``sizeBytes`` long.
    /// - Returns: The SHA-256 of the file.
    package func write(to output: any BlockDevice, signer: PayloadSigner) throws(PayloadBuildError) -> SHA256Digest {
        var fileDigest = StreamDigest()
        var signedDigest = StreamDigest()
        let metadataSignature = try metadataSignatureBlob(signer)
        signedDigest.update(envelope.metadata)
        let opening = envelope.metadata + metadataSignature
        fileDigest.update(opening)
        try write(opening, to: output, at: 0)
        let start = UInt64(opening.count)
        try forEachPiece { (piece, offset) throws(PayloadBuildError) in
            fileDigest.update(piece)
            signedDigest.update(piece)
            try write(piece, to: output, at: start + offset)
        }
        let signatures = try signer.signPayload(signedDigest.finalized())
        let signature = try PayloadBuildError.attempt { () throws(PayloadError) in
            try envelope.signatureBlob(signatures)
        }
        fileDigest.update(signature)
        try write(signature, to: output, at: start + blobsLength)
        try PayloadBuildError.attempt { () throws(DeviceError) in try output.flush() }
        return fileDigest.finalized()
    }

    private func metadataSignatureBlob(_ signer: PayloadSigner) throws(PayloadBuildError) -> [UInt8] {
        guard envelope.header.format == .two else { return [] }
        let signatures = try signer.signMetadata(envelope.metadataDigest)
        return try PayloadBuildError.attempt { () throws(PayloadError) in try envelope.signatureBlob(signatures) }
    }

    private func write(_ bytes: [UInt8], to output: any BlockDevice, at offset: UInt64) throws(PayloadBuildError) {
        try PayloadBuildError.attempt { () throws(DeviceError) in try output.write(bytes, at: offset) }
    }

    private func forEachPiece(
        _ body: ([UInt8], UInt64) throws(PayloadBuildError) -> Void
    ) throws(PayloadBuildError) {
        var offset: UInt64 = 0
        while offset < blobsLength {
            let count = Int(min(UInt64(DeviceAccess.pieceByteCount), blobsLength - offset))
            let piece = try PayloadBuildError.attempt { () throws(DeviceError) in
                try blobs.read(at: blobsOffset + offset, count: count)
            }
            try body(piece, offset)
            offset += UInt64(count)
        }
    }
}
