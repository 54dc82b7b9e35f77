internal import ContentTrust
internal import UpdateModel

extension PayloadStreamParser {
    /// Goes on from `checkpoint`: the next bytes appended are those from ``PayloadCheckpoint/nextByteOffset``.
    ///
    /// - Parameter metadata: What ``metadata`` was then. It is checked as if it had just arrived.
    /// - Throws: ``PayloadError/checkpointMismatch`` when both do not belong together; as ``next()`` does.
    public init(
        resuming checkpoint: PayloadCheckpoint, metadata: [UInt8], policy: SignaturePolicy,
        expectation: PayloadExpectation = PayloadExpectation(), limits: PayloadLimits = .standard
    ) throws(PayloadError) {
        self.init(policy: policy, expectation: expectation, limits: limits)
        guard checkpoint.version == PayloadCheckpoint.currentVersion,
            checkpoint.metadataDigest == StreamDigest.digest(of: metadata),
            let fileDigest = StreamDigest(savedHexadecimal: checkpoint.fileDigestState),
            let signedDigest = StreamDigest(savedHexadecimal: checkpoint.signedDigestState)
        else { throw .checkpointMismatch }
        append(metadata[...])
        guard case .header? = try next(), case .manifest(let manifest)? = try next(), let header, !hasUnreadBytes
        else { throw .checkpointMismatch }
        guard let place = manifest.place(ofOperation: checkpoint.nextOperation),
            place.dataOffset == checkpoint.nextDataOffset,
            checkpoint.nextByteOffset == header.blobsOffset + place.dataOffset,
            fileDigest.byteCount == checkpoint.nextByteOffset,
            signedDigest.byteCount == header.metadataSize + place.dataOffset
        else { throw .checkpointMismatch }
        self.fileDigest = fileDigest
        self.signedDigest = signedDigest
        operationsDone = checkpoint.nextOperation
        bytesDone = checkpoint.nextByteOffset
        enterOperation(partition: place.partition, index: place.index, of: manifest)
    }

    /// Where reading stands now; `nil` before the manifest and after the last operation.
    public var checkpoint: PayloadCheckpoint? {
        guard isAtOperation, let header else { return nil }
        return PayloadCheckpoint(
            version: PayloadCheckpoint.currentVersion, metadataDigest: StreamDigest.digest(of: metadata),
            nextOperation: operationsDone, nextDataOffset: bytesDone - header.blobsOffset, nextByteOffset: bytesDone,
            fileDigestState: Hexadecimal.encode(fileDigest.savedState),
            signedDigestState: Hexadecimal.encode(signedDigest.savedState))
    }
}

extension StreamDigest {
    fileprivate init?(savedHexadecimal text: String) {
        guard let bytes = Hexadecimal.decode(text) else { return nil }
        self.init(savedState: bytes)
    }
}

extension PayloadManifest {
    /// Where the operation with a number counted over all partitions stands; `nil` beyond the end.
    fileprivate func place(ofOperation number: Int) -> (partition: Int, index: Int, dataOffset: UInt64)? {
        guard number >= 0 else { return nil }
        var (left, dataOffset) = (number, UInt64(0))
        for (position, partition) in partitions.enumerated() {
            guard left >= partition.operations.count else {
                let before = partition.operations.prefix(left).reduce(0) { $0 + $1.dataLength }
                return (position, left, dataOffset + before)
            }
            left -= partition.operations.count
            dataOffset += partition.dataLength
        }
        return left == 0 ? (partitions.count, 0, dataOffset) : nil
    }
}
