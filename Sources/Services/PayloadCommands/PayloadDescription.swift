internal import PayloadFormat
internal import PayloadInstaller
internal import UpdateModel

/// What `inspect` tells of a payload.
struct PayloadDescription: Encodable {
    struct Content: Encodable {
        let size: UInt64
        let sha256: SHA256Digest

        init?(_ info: ContentInfo?) {
            guard let info else { return nil }
            size = info.sizeBytes
            sha256 = info.digest
        }
    }

    struct Partition: Encodable {
        let name: String
        let operations: Int
        let kinds: [String: Int]
        let dataBytes: UInt64
        let old: Content?
        let new: Content?
    }

    struct Signature: Encodable {
        let version: UInt32?
        let bits: Int
    }

    let file: String
    let format: Int
    let kind: String
    let size: UInt64
    let sha256: SHA256Digest
    let contentDigest: SHA256Digest
    let signedDigest: SHA256Digest
    let metadataSize: UInt64
    let metadataSignatureSize: UInt64
    let blockSize: UInt64
    let minorVersion: UInt32
    let partitions: [Partition]
    let signatures: [Signature]

    init(file: String, _ scan: PayloadScan) {
        self.file = file
        format = Int(scan.header.format.rawValue)
        kind = scan.manifest.isDelta ? "delta" : "full"
        size = scan.summary.sizeBytes
        sha256 = scan.summary.digest
        contentDigest = scan.manifest.contentDigest
        signedDigest = scan.summary.signedDigest
        metadataSize = scan.header.metadataSize
        metadataSignatureSize = scan.header.metadataSignatureSize
        blockSize = scan.manifest.blockSize
        minorVersion = scan.manifest.minorVersion
        partitions = scan.manifest.partitions.map { partition in
            Partition(
                name: partition.name, operations: partition.operations.count,
                kinds: Dictionary(partition.operations.map { ($0.kind.label, 1) }, uniquingKeysWith: +),
                dataBytes: partition.dataLength, old: Content(partition.oldInfo), new: Content(partition.newInfo))
        }
        signatures = scan.summary.signatures.map { Signature(version: $0.version, bits: $0.bytes.count * 8) }
    }

    /// The same for people.
    var lines: [String] {
        var lines = [
            "\(file): \(kind) payload, format \(format), \(ByteCount.text(size))",
            "  SHA-256         \(sha256)",
            "  content digest  \(contentDigest)",
            "  metadata        \(metadataSize) bytes"
                + (metadataSignatureSize > 0 ? ", signature \(metadataSignatureSize) bytes" : ""),
            "  block size      \(blockSize)" + (minorVersion > 0 ? ", minor version \(minorVersion)" : ""),
            "  signatures      "
                + (signatures.isEmpty ? "none" : signatures.map(\.text).joined(separator: ", ")),
        ]
        for partition in partitions { lines += partition.lines }
        return lines
    }
}

extension PayloadDescription.Signature {
    fileprivate var text: String { "RSA-\(bits)" + (version.map { " (version \($0))" } ?? "") }
}

extension PayloadDescription.Partition {
    fileprivate var lines: [String] {
        let kinds = kinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        var lines = ["  partition \(name): \(operations) operations (\(kinds)), \(ByteCount.text(dataBytes)) of data"]
        if let old { lines.append("    from  \(old.size) bytes, SHA-256 \(old.sha256)") }
        if let new { lines.append("    to    \(new.size) bytes, SHA-256 \(new.sha256)") }
        return lines
    }
}

extension OperationKind {
    fileprivate var label: String { isSupported ? name : "\(name) [\(rawNumber)]" }
}
