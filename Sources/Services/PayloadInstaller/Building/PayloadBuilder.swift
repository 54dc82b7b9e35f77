internal import CompressionCodecs
internal import ContentTrust
package import PayloadFormat
package import SlotDevice

/// Makes full payloads: manifests and blobs that turn any slot into the given images.
///
/// The same images always give the same payload. Format 1 comes out byte for byte as Flatcar's own generator makes it.
package struct PayloadBuilder: Sendable {
    /// What one partition will hold.
    package struct Image: Sendable {
        package let partition: String
        package let content: any BlockDevice

        package init(partition: String, content: any BlockDevice) {
            self.partition = partition
            self.content = content
        }
    }

    /// How hard to look for the shortest form. It makes no difference to format 1, which has one compression only.
    package enum Effort: Sendable {
        case best
        /// In a fifth of the time, about a tenth longer.
        case fast
    }

    /// How format 2 packs what is not zeros.
    package enum Compression: Sendable {
        /// Operations of Martlet's own, which refer back to what is already written: small, and quick to apply.
        case zstd
        /// Operations that Android's and ChromeOS' appliers know too.
        case xz
    }

    private let format: FormatVersion
    private let effort: Effort
    private let compression: Compression
    private let blockSize: UInt64
    private let images: [Image]

    /// - Parameter images: In the order in which they will be applied. Format 1 takes `system` and `kernel` only.
    package init(
        format: FormatVersion, blockSize: UInt64 = 4096, effort: Effort = .best, compression: Compression = .zstd,
        images: [Image]
    ) throws(PayloadBuildError) {
        guard (512...65_536).contains(blockSize), blockSize.nonzeroBitCount == 1 else { throw .blockSize(blockSize) }
        var names: Set<String> = []
        for image in images {
            let name = image.partition
            guard PayloadManifest.isName(name) else { throw .partitionName(name) }
            guard names.insert(name).inserted else { throw .duplicatePartition(name) }
            let isOfFormat1 = name == PayloadPartition.systemName || name == PayloadPartition.kernelName
            guard format == .two || isOfFormat1 else { throw .notInFormat1(partition: name) }
            guard image.content.sizeBytes > 0 else { throw .emptyImage(partition: name) }
        }
        self.format = format
        self.blockSize = blockSize
        self.images = images
        self.effort = effort
        self.compression = compression
    }

    /// All images together.
    package var imageBytes: UInt64 { images.reduce(0) { $0 + $1.content.sizeBytes } }

    /// Compresses the images on all processors, and keeps the blobs on `scratch`, one after the other.
    ///
    /// Takes some 150 MiB a processor, as far as ``EncodingQueue/bytesMax`` reaches, and before that up to 1 GiB for
    /// knowing what repeats, whatever the images' sizes.
    /// - Parameters:
    ///   - scratch: At least ``imageBytes`` long; what it held is overwritten.
    ///   - progress: Told how many of ``imageBytes`` are done.
    /// - Returns: The manifest whose blobs now stand on `scratch`.
    package func build(
        onto scratch: any BlockDevice, progress: (UInt64) -> Void = { _ in }
    ) async throws(PayloadBuildError) -> PayloadManifest {
        var store = BlobStore(device: scratch, blockSize: blockSize)
        var partitions: [PayloadPartition] = []
        var bytesBefore: UInt64 = 0
        for image in images {
            let partition = try await build(image, into: &store) { progress(bytesBefore + $0) }
            partitions.append(partition)
            bytesBefore += image.content.sizeBytes
        }
        if format == .one, store.byteCount > UInt64(UInt32.max) {
            throw .tooLargeForFormat1(blobBytes: store.byteCount)
        }
        return PayloadManifest(format: format, blockSize: blockSize, partitions: partitions)
    }

    private func build(
        _ image: Image, into store: inout BlobStore, progress: (UInt64) -> Void
    ) async throws(PayloadBuildError) -> PayloadPartition {
        let plan = try ChunkPlan(of: image.content, style: style, blockSize: blockSize)
        let encoder = ChunkEncoder(style: style, effort: effort, content: image.content)
        var operations: [PayloadOperation] = []
        try await EncodingPipeline(encoder).run(plan.chunks) { (chunk, encoded) throws(PayloadBuildError) in
            for piece in encoded {
                operations.append(try store.add(piece, of: chunk, targetExtent: extent(of: piece.range)))
            }
            progress(chunk.range.upperBound)
        }
        return PayloadPartition(
            name: image.partition, operations: operations,
            newInfo: ContentInfo(sizeBytes: image.content.sizeBytes, digest: plan.digest))
    }

    private var style: ChunkStyle {
        switch (format, compression) {
        case (.one, _): .bzip2
        case (.two, .xz): .xz
        case (.two, .zstd): .zstd
        }
    }

    /// Flatcar's generator declares a whole chunk even where the image ends before.
    private func extent(of range: Range<UInt64>) -> BlockExtent {
        let byteCount = format == .one ? style.chunkBytes : range.upperBound - range.lowerBound
        return BlockExtent(
            startBlock: range.lowerBound / blockSize,
            blockCount: byteCount.roundedUp(toBlocksOf: blockSize) / blockSize)
    }
}

/// Blobs, one after the other on a device.
private struct BlobStore {
    let device: any BlockDevice
    let blockSize: UInt64
    private(set) var byteCount: UInt64 = 0

    init(device: any BlockDevice, blockSize: UInt64) {
        self.device = device
        self.blockSize = blockSize
    }

    mutating func add(
        _ encoded: ChunkEncoder.Encoded, of chunk: ChunkPlan.Chunk, targetExtent: BlockExtent
    ) throws(PayloadBuildError) -> PayloadOperation {
        let blob = encoded.blob
        let hasBlob = !blob.isEmpty
        let operation = PayloadOperation(
            kind: encoded.kind, dataOffset: hasBlob ? byteCount : 0, dataLength: UInt64(blob.count),
            dataDigest: hasBlob ? StreamDigest.digest(of: blob) : nil, targetExtents: [targetExtent],
            writtenExtents: encoded.kind == .zstd ? chunk.references.map(blocks) : [])
        let offset = byteCount
        try PayloadBuildError.attempt { () throws(DeviceError) in try device.write(blob, at: offset) }
        byteCount += UInt64(blob.count)
        return operation
    }

    private func blocks(_ range: Range<UInt64>) -> BlockExtent {
        BlockExtent(
            startBlock: range.lowerBound / blockSize, blockCount: (range.upperBound - range.lowerBound) / blockSize)
    }
}
