internal import ContentTrust
public import UpdateModel

/// What is known of a payload before it is read, from whoever offered it.
public struct PayloadExpectation: Hashable, Sendable {
    public let sizeBytes: UInt64?
    public let digest: SHA256Digest?

    public init(sizeBytes: UInt64? = nil, digest: SHA256Digest? = nil) {
        self.sizeBytes = sizeBytes
        self.digest = digest
    }
}

/// Reads a payload as it arrives: feed it with ``append(_:)`` and take what is complete with ``next()``.
///
/// Nothing comes out unchecked. In format 2 the metadata's signature is verified before the manifest is looked at; in
/// format 1, which has none, the manifest is parsed as a stranger's and the signature over everything comes last. Each
/// blob comes out whole, after its digest has been compared. Memory is bounded by the limits and the largest chunk.
public struct PayloadStreamParser: Sendable {
    /// What is complete.
    public enum Event: Sendable {
        case header(PayloadHeader)
        case manifest(PayloadManifest)
        /// An operation that may be carried out now; `blob` is empty for those without data.
        case operation(PayloadOperation, place: OperationPlace, blob: [UInt8])
        /// The payload's end: size, digest and signature are as they should be.
        case end(PayloadSummary)
    }

    private enum State {
        case header
        case metadata(PayloadHeader)
        case operation(partition: Int, index: Int)
        case signature
        case end(PayloadSummary)
    }

    private let policy: SignaturePolicy
    private let expectation: PayloadExpectation
    private let limits: PayloadLimits
    private var state = State.header
    private var queue = ByteQueue()
    var fileDigest = StreamDigest()
    var signedDigest = StreamDigest()
    var operationsDone = 0
    var bytesDone: UInt64 = 0
    private var metadataSigner: VerificationKey?

    public private(set) var header: PayloadHeader?
    public private(set) var manifest: PayloadManifest?
    /// Everything before the first blob, once it is complete: keep it beside a checkpoint.
    public private(set) var metadata: [UInt8] = []

    public init(
        policy: SignaturePolicy, expectation: PayloadExpectation = PayloadExpectation(),
        limits: PayloadLimits = .standard
    ) {
        self.policy = policy
        self.expectation = expectation
        self.limits = limits
    }

    /// Whether the next thing to come is an operation.
    var isAtOperation: Bool {
        if case .operation = state { true } else { false }
    }

    var hasUnreadBytes: Bool { queue.count > 0 }

    /// Takes the next bytes of the payload, any number of them.
    public mutating func append(_ bytes: ArraySlice<UInt8>) {
        queue.append(bytes)
    }

    /// The next complete part; `nil` until more bytes are appended.
    /// - Throws: ``PayloadError``; the parser is of no use afterwards.
    public mutating func next() throws(PayloadError) -> Event? {
        switch state {
        case .header: try parseHeader()
        case .metadata(let header): try parseMetadata(header)
        case .operation(let partition, let index): try parseOperation(partition, index)
        case .signature: try parseSignature()
        case .end:
            if queue.count > 0 { throw .trailingBytes } else { nil }
        }
    }

    /// Says that no more bytes will come.
    /// - Throws: ``PayloadError/truncated(part:)`` unless everything was there; ``PayloadError/trailingBytes``.
    public func finish() throws(PayloadError) -> PayloadSummary {
        switch state {
        case .header: throw queue.count == 0 ? .notAPayload : .truncated(part: .header)
        case .metadata: throw .truncated(part: .manifest)
        case .operation: throw .truncated(part: .blobs)
        case .signature: throw .truncated(part: .signature)
        case .end(let summary):
            guard queue.count == 0 else { throw .trailingBytes }
            return summary
        }
    }
}

extension PayloadStreamParser {
    private mutating func parseHeader() throws(PayloadError) -> Event? {
        let magic = queue.peek(min(queue.count, PayloadHeader.magic.count)) ?? []
        guard PayloadHeader.magic.starts(with: magic) else { throw .notAPayload }
        guard let prefix = queue.peek(PayloadHeader.prefixByteCount) else { return nil }
        let format = try PayloadHeader.format(of: prefix)
        guard let bytes = queue.peek(format.headerByteCount) else { return nil }
        let header = try PayloadHeader(parsing: bytes, limits: limits)
        if let size = expectation.sizeBytes, header.blobsOffset > size {
            throw .sizeMismatch(expected: size, actual: header.blobsOffset)
        }
        self.header = header
        state = .metadata(header)
        return .header(header)
    }

    private mutating func parseMetadata(_ header: PayloadHeader) throws(PayloadError) -> Event? {
        // The header's limits keep both sizes far below Int.max.
        guard let bytes = queue.take(Int(header.blobsOffset)) else { return nil }
        let signed = bytes.prefix(Int(header.metadataSize))
        fileDigest.update(bytes)
        signedDigest.update(signed)
        if header.format == .two {
            metadataSigner = try checkMetadataSignature(bytes.dropFirst(signed.count), of: signed)
        }
        let manifest = try PayloadManifest(
            decoding: signed.dropFirst(header.format.headerByteCount), format: header.format, limits: limits)
        let size = header.blobsOffset + manifest.bodyLength
        if let expected = expectation.sizeBytes, expected != size {
            throw .sizeMismatch(expected: expected, actual: size)
        }
        if manifest.signaturesSize == 0, case .trusted = policy { throw .signatureMissing }
        self.manifest = manifest
        metadata = bytes
        bytesDone = header.blobsOffset
        enterOperation(partition: 0, index: 0, of: manifest)
        return .manifest(manifest)
    }

    private func checkMetadataSignature(
        _ blob: ArraySlice<UInt8>, of signed: ArraySlice<UInt8>
    ) throws(PayloadError) -> VerificationKey? {
        guard case .trusted = policy else { return nil }
        guard !blob.isEmpty else { throw .metadataSignatureMissing }
        return try policy.check(
            SignatureBlob.decode(blob), of: StreamDigest.digest(of: signed), otherwise: .metadataSignatureInvalid)
    }

    /// Goes to the operation, or to the next partition that has one, or to the signature.
    mutating func enterOperation(partition: Int, index: Int, of manifest: PayloadManifest) {
        var (partition, index) = (partition, index)
        while partition < manifest.partitions.count, index >= manifest.partitions[partition].operations.count {
            (partition, index) = (partition + 1, 0)
        }
        state = partition < manifest.partitions.count ? .operation(partition: partition, index: index) : .signature
    }

    private mutating func parseOperation(_ partitionIndex: Int, _ index: Int) throws(PayloadError) -> Event? {
        guard let manifest else { return nil }
        let partition = manifest.partitions[partitionIndex]
        let operation = partition.operations[index]
        let place = OperationPlace(partition: partition.name, index: index)
        // Bounded by limits.blobBytesMax when the manifest was checked.
        guard let blob = queue.take(Int(operation.dataLength)) else { return nil }
        if !blob.isEmpty {
            guard operation.dataDigest == StreamDigest.digest(of: blob) else { throw .blobDigestMismatch(place) }
            fileDigest.update(blob)
            signedDigest.update(blob)
        }
        operationsDone += 1
        bytesDone += operation.dataLength
        enterOperation(partition: partitionIndex, index: index + 1, of: manifest)
        return .operation(operation, place: place, blob: blob)
    }

    private mutating func parseSignature() throws(PayloadError) -> Event? {
        guard let header, let manifest, let blob = queue.take(Int(manifest.signaturesSize)) else { return nil }
        fileDigest.update(blob)
        bytesDone += manifest.signaturesSize
        let digest = fileDigest.finalized()
        if let expected = expectation.digest, expected != digest {
            throw .digestMismatch(expected: expected, actual: digest)
        }
        let signedDigest = signedDigest.finalized()
        let signatures = try decodedSignatures(blob)
        let signer = try policy.check(signatures, of: signedDigest, otherwise: .signatureInvalid)
        let summary = PayloadSummary(
            header: header, sizeBytes: bytesDone, digest: digest, signedDigest: signedDigest, signatures: signatures,
            signer: signer)
        state = .end(summary)
        return .end(summary)
    }

    /// A signature that cannot be parsed matters only when somebody relies on it.
    private func decodedSignatures(_ blob: [UInt8]) throws(PayloadError) -> [PayloadSignature] {
        if case .trusted = policy { return try SignatureBlob.decode(blob[...]) }
        return (try? SignatureBlob.decode(blob[...])) ?? []
    }
}
