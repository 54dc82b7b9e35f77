package import PayloadFormat
package import SlotDevice

/// Makes payloads that hold a delta for every partition whose old content is at hand, and all of the others.
package struct DeltaPayloadBuilder: Sendable {
    /// What one partition will hold, and held.
    package struct Image: Sendable {
        package let partition: String
        package let content: any BlockDevice
        package let source: (any BlockDevice)?

        package init(partition: String, content: any BlockDevice, source: (any BlockDevice)?) {
            self.partition = partition
            self.content = content
            self.source = source
        }
    }

    private let format: FormatVersion
    private let effort: PayloadBuilder.Effort
    private let images: [Image]

    /// - Parameters:
    ///   - format: Stock clients know 1, which is larger, and applied onto a copy of the source.
    ///   - images: In the order in which they will be applied. Format 1 takes `system` and `kernel` only.
    package init(
        format: FormatVersion = .two, effort: PayloadBuilder.Effort = .best, images: [Image]
    ) throws(PayloadBuildError) {
        _ = try PayloadBuilder(
            format: format, images: images.map { PayloadBuilder.Image(partition: $0.partition, content: $0.content) })
        self.format = format
        self.effort = effort
        self.images = images
    }

    /// All images together.
    package var imageBytes: UInt64 { images.reduce(0) { $0 + $1.content.sizeBytes } }

    /// The room that the blobs may take: what cannot be packed grows by its headers.
    package var scratchBytes: UInt64 { imageBytes + imageBytes / 8 + 16 << 20 }

    /// Deltas need zeros and source digests: what other programs call by this number knows both.
    private static let minorVersion: UInt32 = 4

    /// - Parameters:
    ///   - scratch: At least ``scratchBytes`` long; what it held is overwritten.
    ///   - progress: Told how many of ``imageBytes`` are done.
    /// - Returns: The manifest whose blobs now stand on `scratch`.
    package func build(
        onto scratch: any BlockDevice, progress: (UInt64) -> Void = { _ in }
    ) async throws(PayloadBuildError) -> PayloadManifest {
        var partitions: [PayloadPartition] = []
        var blobBytes: UInt64 = 0
        var bytesBefore: UInt64 = 0
        for (index, image) in images.enumerated() {
            let made = try await build(image, after: images[..<index], onto: scratch, from: blobBytes) {
                progress(bytesBefore + $0)
            }
            blobBytes += made.dataLength
            partitions.append(made)
            bytesBefore += image.content.sizeBytes
        }
        if format == .one, blobBytes > UInt64(UInt32.max) { throw .tooLargeForFormat1(blobBytes: blobBytes) }
        return PayloadManifest(
            format: format, minorVersion: format == .two && partitions.contains { $0.isDelta } ? Self.minorVersion : 0,
            partitions: partitions)
    }

    private func build(
        _ image: Image, after earlier: ArraySlice<Image>, onto scratch: any BlockDevice, from offset: UInt64,
        progress: (UInt64) -> Void
    ) async throws(PayloadBuildError) -> PayloadPartition {
        if let source = image.source, format == .one {
            return try await InPlaceDeltaBuilder().build(
                partition: image.partition, from: source, to: image.content, onto: scratch, blobsOffset: offset,
                progress: progress)
        }
        if let source = image.source {
            let tree = try HashTreeSearch.find(on: image.content, earlier: Array(earlier))
            return try await DeltaBuilder(effort: effort).build(
                partition: image.partition, from: source, to: image.content, onto: scratch, blobsOffset: offset,
                tree: tree, progress: progress
            ).partition
        }
        let full = try PayloadBuilder(
            format: format, effort: effort, images: [.init(partition: image.partition, content: image.content)])
        let room = try PayloadBuildError.attempt { () throws(DeviceError) in
            try DeviceRegion(of: scratch, startBytes: offset, sizeBytes: scratch.sizeBytes - offset)
        }
        var partition = try await full.build(onto: room, progress: progress).partitions[0]
        for index in partition.operations.indices where partition.operations[index].dataLength > 0 {
            partition.operations[index].dataOffset += offset
        }
        return partition
    }
}
