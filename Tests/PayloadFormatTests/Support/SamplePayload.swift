import ContentTrust
import PayloadFormat
import UpdateModel

/// Small payloads put together in memory, step by step as the format's description says.
struct SamplePayload {
    let manifest: PayloadManifest
    let blobs: [UInt8]
    let envelope: PayloadEnvelope
    let bytes: [UInt8]

    var policyExpectation: PayloadExpectation {
        PayloadExpectation(sizeBytes: UInt64(bytes.count), digest: StreamDigest.digest(of: bytes))
    }

    /// Two partitions, blocks of 512 bytes, five operations; one of them without data.
    init(format: FormatVersion, keys: [SigningKey]) throws {
        let texts = ["first", "second block", "third", "kernel"].map { Array($0.utf8) }
        blobs = texts.flatMap { $0 }
        var offset: UInt64 = 0
        var operations: [PayloadOperation] = []
        for (index, text) in texts.enumerated() {
            operations.append(
                PayloadOperation(
                    kind: .replace, dataOffset: offset, dataLength: UInt64(text.count),
                    dataDigest: StreamDigest.digest(of: text),
                    targetExtents: [BlockExtent(startBlock: index == 3 ? 0 : UInt64(index), blockCount: 1)]))
            offset += UInt64(text.count)
        }
        operations.insert(
            PayloadOperation(kind: .zero, targetExtents: [BlockExtent(startBlock: 3, blockCount: 1)]), at: 2)
        let system = SamplePayload.blocks(texts[0], texts[1], texts[2], [])
        let kernel = texts[3]
        manifest = PayloadManifest(
            format: format, blockSize: 512,
            partitions: [
                PayloadPartition(
                    name: "system", operations: Array(operations.prefix(4)), newInfo: SamplePayload.info(system)),
                PayloadPartition(
                    name: "kernel", operations: Array(operations.suffix(1)), newInfo: SamplePayload.info(kernel)),
            ])
        envelope = try PayloadEnvelope(manifest, signatureSizes: keys.map(\.verificationKey.modulusByteCount))
        bytes = try SamplePayload.file(envelope, blobs: blobs, keys: keys)
    }

    static func file(_ envelope: PayloadEnvelope, blobs: [UInt8], keys: [SigningKey]) throws -> [UInt8] {
        let digest = StreamDigest.digest(of: envelope.metadata + blobs)
        let metadataSignatures = try keys.map { try $0.sign(envelope.metadataDigest) }
        let signatures = try keys.map { try $0.sign(digest) }
        let metadataBlob = envelope.header.format == .two ? try envelope.signatureBlob(metadataSignatures) : []
        return envelope.metadata + metadataBlob + blobs + (try envelope.signatureBlob(signatures))
    }

    static func info(_ bytes: [UInt8]) -> ContentInfo {
        ContentInfo(sizeBytes: UInt64(bytes.count), digest: StreamDigest.digest(of: bytes))
    }

    static func blocks(_ contents: [UInt8]...) -> [UInt8] {
        contents.flatMap { $0 + [UInt8](repeating: 0, count: 512 - $0.count) }
    }
}

extension PayloadStreamParser {
    /// Feeds `bytes` in chunks and collects what comes out.
    mutating func read(_ bytes: [UInt8], chunk: Int = 4096) throws(PayloadError) -> [Event] {
        var events: [Event] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            append(bytes[start..<min(start + chunk, bytes.count)])
            while let event = try next() { events.append(event) }
        }
        return events
    }
}

extension SignaturePolicy {
    static func trusting(_ keys: SigningKey...) -> SignaturePolicy {
        .trusted(TrustedKeys(keys: keys.map(\.verificationKey)))
    }
}
