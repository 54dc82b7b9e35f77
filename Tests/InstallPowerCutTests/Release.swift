import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice
import UpdateLogic
import UpdateModel

/// A tiny operating system: an image for the slot, a kernel, and the signed payload that brings both.
struct Release: Sendable {
    static let imageBytes = 64 << 10
    static let blockBytes: UInt64 = 4096

    let version: Version
    let image: [UInt8]
    let kernel: [UInt8]
    let payload: [UInt8]
    let isHealthy: Bool

    static let key: SigningKey = {
        guard let key = try? SigningKey.generate(.bits2048) else { preconditionFailure("no key") }
        return key
    }()

    /// - Parameter isKernelFirst: whether the payload writes the kernel before the image.
    init(_ version: String, isHealthy: Bool = true, isKernelFirst: Bool = false) throws {
        self.version = try Version(version)
        self.isHealthy = isHealthy
        let text = Array("martlet \(version) ".utf8)
        self.image = (0..<Self.imageBytes).map { text[$0 % text.count] ^ UInt8(truncatingIfNeeded: $0 >> 9) }
        self.kernel = (0..<9000).map { text[$0 % text.count] ^ UInt8(truncatingIfNeeded: $0 >> 6) }
        let partitions = [(PayloadPartition.systemName, image), (PayloadPartition.kernelName, kernel)]
        self.payload = try Self.payload(isKernelFirst ? partitions.reversed() : partitions)
    }

    var offer: UpdateOffer {
        UpdateOffer(
            version: version, payloadDigest: StreamDigest.digest(of: payload), payloadSizeBytes: UInt64(payload.count))
    }

    /// A payload of format 2 with one operation for each 16 KiB.
    private static func payload(_ images: [(name: String, bytes: [UInt8])]) throws -> [UInt8] {
        var blobs: [UInt8] = []
        let partitions = images.map { name, bytes in
            let operations = stride(from: 0, to: bytes.count, by: 16 << 10).map { start in
                let piece = Array(bytes[start..<min(start + 16 << 10, bytes.count)])
                let blocks = (UInt64(piece.count) + blockBytes - 1) / blockBytes
                defer { blobs += piece }
                return PayloadOperation(
                    kind: .replace, dataOffset: UInt64(blobs.count), dataLength: UInt64(piece.count),
                    dataDigest: StreamDigest.digest(of: piece),
                    targetExtents: [BlockExtent(startBlock: UInt64(start) / blockBytes, blockCount: blocks)])
            }
            return PayloadPartition(
                name: name, operations: operations,
                newInfo: ContentInfo(sizeBytes: UInt64(bytes.count), digest: StreamDigest.digest(of: bytes)))
        }
        let manifest = PayloadManifest(format: .two, blockSize: blockBytes, partitions: partitions)
        let envelope = try PayloadEnvelope(manifest, signatureSizes: [key.verificationKey.modulusByteCount])
        let composer = try PayloadComposer(
            envelope, blobs: MemoryBlockDevice(blobs), blobsLength: UInt64(blobs.count))
        let output = MemoryBlockDevice(sizeBytes: composer.sizeBytes)
        _ = try composer.write(to: output, signer: .keys([key]))
        return output.bytes
    }
}
