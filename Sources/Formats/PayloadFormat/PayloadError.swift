public import UpdateModel

/// Where in a payload an operation stands, for messages.
public struct OperationPlace: Hashable, Sendable, CustomStringConvertible {
    public let partition: String
    /// Counted from 0 within the partition.
    public let index: Int

    public init(partition: String, index: Int) {
        self.partition = partition
        self.index = index
    }

    public var description: String { "operation \(index) of partition “\(partition)”" }
}

/// A payload is not what it claims to be, or not signed by anyone we trust.
public enum PayloadError: Error, Hashable {
    /// What may be cut short.
    public enum Part: String, Sendable {
        case header, manifest, blobs = "data", signature
        case metadataSignature = "metadata signature"
    }

    /// What may be more than we are willing to hold.
    public enum Limit: String, Sendable {
        case manifestBytes = "a manifest in bytes"
        case signatureBytes = "a signature in bytes"
        case blobBytes = "the data of one operation in bytes"
        case unpackingBytes = "the memory to unpack one operation in bytes"
        case operations = "operations"
        case extents = "extents"
        case partitions = "partitions"
        case partitionBytes = "a partition in bytes"
        case signatures = "signatures"
    }

    /// The first bytes are not `CrAU`: often a proxy's page, or a compressed file.
    case notAPayload
    case unsupportedFormat(UInt64)
    /// The bytes end inside `part`.
    case truncated(part: Part)
    /// Bytes follow the end that the manifest declares.
    case trailingBytes
    case overLimit(Limit, value: UInt64, max: UInt64)
    case malformedManifest(ManifestFault)
    /// Format 2 without a signature over its metadata.
    case metadataSignatureMissing
    case metadataSignatureInvalid
    case signatureMissing
    case signatureInvalid
    /// The signature's own message cannot be parsed.
    case signatureMalformed
    case blobDigestMissing(OperationPlace)
    case blobDigestMismatch(OperationPlace)
    /// The whole payload is not as long as was promised.
    case sizeMismatch(expected: UInt64, actual: UInt64)
    /// The whole payload is not the one that was promised.
    case digestMismatch(expected: SHA256Digest, actual: SHA256Digest)
    /// A saved state belongs to another payload or another program.
    case checkpointMismatch

    static func check(_ value: UInt64, _ limit: Limit, max: UInt64) throws(PayloadError) {
        guard value <= max else { throw .overLimit(limit, value: value, max: max) }
    }
}

/// What is wrong with a manifest.
public enum ManifestFault: Hashable, Sendable {
    /// Not a protobuf message of this schema.
    case undecodable
    case blockSize(UInt64)
    /// Fields of the other format version.
    case foreignFields(FormatVersion)
    case partitionName(String)
    case duplicatePartition(String)
    /// A size without a digest of 32 bytes, or a digest without a size.
    case info(partition: String)
    /// Blobs do not follow each other without gap.
    case dataOffset(OperationPlace)
    case digestSize(OperationPlace)
    /// An extent without blocks, or one that ends beyond every disk.
    case extent(OperationPlace)
    /// A kind without a blob has one, or the reverse.
    case unexpectedData(OperationPlace)
    /// Lengths and extents contradict each other.
    case lengths(OperationPlace)
    /// An in-place kind in format 2, where source and target are different partitions.
    case inPlace(OperationPlace)
    case signaturePlace
    /// An operation refers back to blocks of the target that nothing has written by then, or that are written twice.
    case writtenBlocks(OperationPlace)
    /// Far more reading or writing than the partition's size explains.
    case work(OperationPlace)
}

extension ManifestFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .undecodable: "it is not a valid message"
        case .blockSize(let size): "its block size is \(size)"
        case .foreignFields(let format): "it uses fields that format \(format.rawValue) does not have"
        case .partitionName(let name): "“\(name.prefix(64))” cannot name a partition"
        case .duplicatePartition(let name): "the partition “\(name)” is there twice"
        case .info(let partition): "size and digest of partition “\(partition)” are not complete"
        case .dataOffset(let place): "the data of \(place) is not where it should be"
        case .digestSize(let place): "a digest of \(place) has the wrong size"
        case .extent(let place): "an extent of \(place) is impossible"
        case .unexpectedData(let place): "\(place) has data but should not, or the reverse"
        case .lengths(let place): "the lengths of \(place) contradict each other"
        case .inPlace(let place): "\(place) works in place, which format 2 does not have"
        case .writtenBlocks(let place):
            "\(place) refers to blocks that do not hold for sure what it was made with"
        case .signaturePlace: "the signature is not where it should be"
        case .work(let place): "with \(place) its operations touch far more bytes than the partition has"
        }
    }
}
