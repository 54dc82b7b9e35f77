package import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice
package import UpdateLogic
package import UpdateModel

/// A tiny operating system: an image for the slot, a kernel, and the payload that brings both.
package struct TestRelease: Sendable {
    /// How the payload of a release is made.
    package struct Recipe: Sendable {
        package var imageBytes = 64 << 10
        package var kernelBytes = 9000
        /// Of image or kernel, made by one operation.
        package var operationBytes = 16 << 10
        /// Whether the payload writes the kernel before the image.
        package var isKernelFirst = false
        package var hasKernel = true
        /// None: unsigned.
        package var keys = [TestRelease.key]

        package init() {}
    }

    private static let blockBytes: UInt64 = 4096
    /// What the machines of the tests trust.
    package static let key = makeKey()
    /// What they do not.
    package static let strangersKey = makeKey()

    package let version: Version
    package let image: [UInt8]
    package let kernel: [UInt8]
    /// Format 2.
    package let payload: [UInt8]
    /// Whether its boot passes the health gate.
    package let isHealthy: Bool

    package init(_ version: String, isHealthy: Bool = true, recipe: Recipe = Recipe()) throws {
        self.version = try Version(version)
        self.isHealthy = isHealthy
        self.image = Self.content("image of \(version) ", count: recipe.imageBytes)
        self.kernel = Self.content("kernel of \(version) ", count: recipe.kernelBytes)
        var partitions = [(PayloadPartition.systemName, image)]
        if recipe.hasKernel { partitions.append((PayloadPartition.kernelName, kernel)) }
        self.payload = try Self.payload(recipe.isKernelFirst ? partitions.reversed() : partitions, recipe)
    }

    /// What a server says about the payload.
    package var offer: UpdateOffer {
        UpdateOffer(
            version: version, payloadDigest: StreamDigest.digest(of: payload), payloadSizeBytes: UInt64(payload.count))
    }

    private static func content(_ words: String, count: Int) -> [UInt8] {
        let text = Array(words.utf8)
        return (0..<count).map { text[$0 % text.count] ^ UInt8(truncatingIfNeeded: $0 >> 9) }
    }

    private static func makeKey() -> SigningKey {
        guard let key = try? SigningKey.generate(.bits2048) else { preconditionFailure("no key can be made") }
        return key
    }

    private static func payload(_ images: [(name: String, bytes: [UInt8])], _ recipe: Recipe) throws -> [UInt8] {
        var blobs: [UInt8] = []
        let partitions = images.map { name, bytes in
            let operations = stride(from: 0, to: bytes.count, by: recipe.operationBytes).map { start in
                let piece = Array(bytes[start..<min(start + recipe.operationBytes, bytes.count)])
                defer { blobs += piece }
                return operation(writing: piece, to: start, dataOffset: blobs.count)
            }
            let info = ContentInfo(sizeBytes: UInt64(bytes.count), digest: StreamDigest.digest(of: bytes))
            return PayloadPartition(name: name, operations: operations, newInfo: info)
        }
        let manifest = PayloadManifest(format: .two, blockSize: blockBytes, partitions: partitions)
        let envelope = try PayloadEnvelope(
            manifest, signatureSizes: recipe.keys.map(\.verificationKey.modulusByteCount))
        let composer = try PayloadComposer(envelope, blobs: MemoryBlockDevice(blobs), blobsLength: UInt64(blobs.count))
        let output = MemoryBlockDevice(sizeBytes: composer.sizeBytes)
        _ = try composer.write(to: output, signer: recipe.keys.isEmpty ? .nobody : .keys(recipe.keys))
        return output.bytes
    }

    private static func operation(writing piece: [UInt8], to start: Int, dataOffset: Int) -> PayloadOperation {
        let blocks = (UInt64(piece.count) + blockBytes - 1) / blockBytes
        return PayloadOperation(
            kind: .replace, dataOffset: UInt64(dataOffset), dataLength: UInt64(piece.count),
            dataDigest: StreamDigest.digest(of: piece),
            targetExtents: [BlockExtent(startBlock: UInt64(start) / blockBytes, blockCount: blocks)])
    }
}
