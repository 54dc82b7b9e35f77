internal import CompressionCodecs
internal import ContentTrust
internal import PayloadFormat
internal import SlotDevice
internal import UpdateModel

/// Makes deltas: operations that turn one image into another, reading the first.
///
/// Right for any bytes. Where both images hold a file system that is known, files are compared with what they were.
/// The same images always give the same payload.
struct DeltaBuilder: Sendable {
    private let effort: PayloadBuilder.Effort

    init(effort: PayloadBuilder.Effort = .best) { self.effort = effort }

    /// One partition's operations, and how many bytes of blobs they have.
    struct Made: Sendable {
        let partition: PayloadPartition
        let blobBytes: UInt64
    }

    /// Makes the operations for one partition on all processors.
    ///
    /// - Parameters:
    ///   - blobs: Where the blobs go, one after the other from `blobsOffset` on.
    ///   - tree: A tree of hashes on the target, which the machine makes.
    ///   - progress: Told how many of the target's bytes are done.
    func build(
        partition: String, from old: any BlockDevice, to new: any BlockDevice, onto blobs: any BlockDevice,
        blobsOffset: UInt64, tree: HashTreeSearch.Found? = nil, progress: (UInt64) -> Void = { _ in }
    ) async throws(PayloadBuildError) -> Made {
        guard new.sizeBytes > 0 else { throw .emptyImage(partition: partition) }
        let (source, target) = (try DeltaImage(old), try DeltaImage(new))
        let steps = try Self.plan(from: source, to: target, leavingOut: tree?.place.span)
        let encoder = DeltaEncoder(target: target, source: source, effort: effort)
        var store = DeltaStore(device: blobs, start: blobsOffset)
        var doneBlocks = 0
        try await EncodingPipeline(encoder).run(steps) { (_, operations) throws(PayloadBuildError) in
            for encoded in operations {
                doneBlocks += Int(encoded.targetExtents.reduce(0) { $0 + $1.blockCount })
                try store.add(encoded)
            }
            progress(min(new.sizeBytes, UInt64(doneBlocks) * DeltaImage.blockSize))
        }
        if let tree {
            try store.add(
                DeltaEncoder.Encoded(
                    kind: .hashTree, blob: HashTreeRecipe(partition: tree.partition, tree: tree.place.tree).encoded,
                    targetExtents: [tree.place.span.extent]))
        }
        return Made(
            partition: PayloadPartition(
                name: partition, operations: store.operations, oldInfo: try Self.info(of: old),
                newInfo: try Self.info(of: new)),
            blobBytes: store.byteCount)
    }

    /// - Parameter span: Blocks that an operation of their own makes.
    static func plan(
        from source: DeltaImage, to target: DeltaImage, leavingOut span: BlockSpan?
    ) throws(PayloadBuildError) -> [DeltaPlan.Step] {
        var plan = DeltaPlan(
            target: target, targetDigests: try BlockDigests(of: target), source: source,
            sourceDigests: try BlockDigests(of: source),
            similar: try SimilarContent(source: source, target: target),
            gzip: (try GzipFiles(of: target), try GzipFiles(of: source)))
        if let span { plan.leaveOut(span) }
        return try plan.steps(encoder: try target.packedEncoder())
    }

    /// The size and the digest of all that `device` holds.
    static func info(of device: any BlockDevice) throws(PayloadBuildError) -> ContentInfo {
        var digest = StreamDigest()
        try PayloadBuildError.attempt { () throws(DeviceError) in
            for start in stride(from: UInt64(0), to: device.sizeBytes, by: 1 << 20) {
                digest.update(try device.read(at: start, count: Int(min(1 << 20, device.sizeBytes - start))))
            }
        }
        return ContentInfo(sizeBytes: device.sizeBytes, digest: digest.finalized())
    }
}
