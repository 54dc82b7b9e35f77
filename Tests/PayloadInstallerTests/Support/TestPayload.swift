import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice

/// Payloads made in memory.
enum TestPayload {
    /// A full payload of `images`, as the builder makes it.
    static func full(
        _ format: FormatVersion, _ images: [(String, [UInt8])], keys: [SigningKey] = [], blockSize: UInt64 = 4096,
        compression: PayloadBuilder.Compression = .zstd
    ) async throws -> [UInt8] {
        let builder = try PayloadBuilder(
            format: format, blockSize: blockSize, compression: compression,
            images: images.map { .init(partition: $0, content: MemoryBlockDevice($1)) })
        let scratch = MemoryBlockDevice(sizeBytes: builder.imageBytes)
        let manifest = try await builder.build(onto: scratch)
        return try compose(manifest, blobs: scratch, keys: keys)
    }

    /// A payload of hand-made operations, whose offsets and digests are filled in.
    static func handMade(
        _ format: FormatVersion, blockSize: UInt64 = 512, _ partitions: [PayloadPartition],
        blobs: [[UInt8]], keys: [SigningKey] = []
    ) throws -> [UInt8] {
        var rest = blobs[...]
        var offset: UInt64 = 0
        var completed = partitions
        for partition in partitions.indices {
            for index in partitions[partition].operations.indices {
                guard takesBlob(partitions[partition].operations[index].kind), let blob = rest.popFirst() else {
                    continue
                }
                completed[partition].operations[index].dataOffset = offset
                completed[partition].operations[index].dataLength = UInt64(blob.count)
                completed[partition].operations[index].dataDigest = StreamDigest.digest(of: blob)
                offset += UInt64(blob.count)
            }
        }
        let manifest = PayloadManifest(format: format, blockSize: blockSize, partitions: completed)
        return try compose(manifest, blobs: MemoryBlockDevice(blobs.flatMap { $0 }), keys: keys)
    }

    static func compose(
        _ manifest: PayloadManifest, blobs: any BlockDevice, keys: [SigningKey]
    ) throws -> [UInt8] {
        let envelope = try PayloadEnvelope(manifest, signatureSizes: keys.map(\.verificationKey.modulusByteCount))
        return try compose(
            PayloadComposer(envelope, blobs: blobs, blobsLength: manifest.blobsLength),
            keys.isEmpty ? .nobody : .keys(keys))
    }

    static func compose(_ composer: PayloadComposer, _ signer: PayloadSigner) throws -> [UInt8] {
        let output = MemoryBlockDevice(sizeBytes: composer.sizeBytes)
        let digest = try composer.write(to: output, signer: signer)
        precondition(digest == StreamDigest.digest(of: output.bytes))
        return output.bytes
    }

    static func info(_ bytes: [UInt8]) -> ContentInfo {
        ContentInfo(sizeBytes: UInt64(bytes.count), digest: StreamDigest.digest(of: bytes))
    }

    private static func takesBlob(_ kind: OperationKind) -> Bool {
        switch kind {
        case .move, .sourceCopy, .zero, .discard: false
        default: true
        }
    }
}

extension SignaturePolicy {
    static func trusting(_ keys: SigningKey...) -> SignaturePolicy {
        .trusted(TrustedKeys(keys: keys.map(\.verificationKey)))
    }
}

/// Applies `payload` to targets in memory.
@discardableResult
func install(
    _ payload: [UInt8], onto targets: [String: InstallTarget], policy: SignaturePolicy = .unverified,
    expectation: PayloadExpectation = PayloadExpectation(), limits: PayloadLimits = .standard, chunk: Int = 65_536,
    readBackIntervalBytes: UInt64 = 4 << 20
) throws(InstallationError) -> InstallationResult {
    var options = InstallationOptions(policy: policy, expectation: expectation, limits: limits)
    options.readBackIntervalBytes = readBackIntervalBytes
    var installation = PayloadInstallation(options: options) { (_) throws(InstallationError) in targets }
    for start in stride(from: 0, to: payload.count, by: chunk) {
        try installation.consume(payload[start..<min(start + chunk, payload.count)])
    }
    return try installation.finish()
}

/// Bytes that look like nothing in particular, the same for the same seed.
/// - Parameter mask: Which bits of each byte may be set: fewer bits compress better.
func noise(_ count: Int, seed: UInt64, mask: UInt32 = .max) -> [UInt8] {
    var state = seed
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 4)
    while bytes.count < count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let word = UInt32(truncatingIfNeeded: state >> 32) & mask
        bytes += [UInt8(word & 255), UInt8(word >> 8 & 255), UInt8(word >> 16 & 255), UInt8(word >> 24)]
    }
    return Array(bytes.prefix(count))
}

/// Bytes of which some compress, some do not, and some are zeros.
func mixedImage(_ count: Int, seed: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var part: UInt64 = 0
    while bytes.count < count {
        let size = min(count - bytes.count, 700_001)
        switch part % 3 {
        case 0: bytes += noise(size, seed: seed &+ part)
        case 1: bytes += noise(size, seed: seed &+ part, mask: 0x0303_0303)
        default: bytes += [UInt8](repeating: 0, count: size)
        }
        part += 1
    }
    return bytes
}
