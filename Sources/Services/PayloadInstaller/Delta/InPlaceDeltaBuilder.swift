internal import FoundationEssentials
internal import PayloadFormat
internal import SlotDevice
internal import UpdateModel

/// Makes deltas of format 1, which a stock client applies onto a copy of the source: in an order without cycles, and
/// without holes. Right for any images of whole blocks; files are compared with what they were, as in ``DeltaBuilder``.
struct InPlaceDeltaBuilder: Sendable {
    /// - Parameters: As those of ``DeltaBuilder``.
    func build(
        partition: String, from old: any BlockDevice, to new: any BlockDevice, onto blobs: any BlockDevice,
        blobsOffset: UInt64, progress: (UInt64) -> Void = { _ in }
    ) async throws(PayloadBuildError) -> PayloadPartition {
        guard new.sizeBytes > 0 else { throw .emptyImage(partition: partition) }
        // A client knows nothing of what stands behind the source in its last block.
        for image in [old, new] where image.sizeBytes % DeltaImage.blockSize != 0 {
            throw .partialBlock(partition: partition, sizeBytes: image.sizeBytes)
        }
        let (source, target) = (try DeltaImage(old), try DeltaImage(new))
        var order = InPlaceOrder(try Self.steps(from: source, to: target))
        let encoder = InPlaceEncoder(target: target, source: source)
        var store = DeltaStore(device: blobs, start: blobsOffset)
        let steps = order.ordered()
        var doneBlocks = target.blockCount - steps.reduce(0) { $0 + $1.target.blockCount }
        try await EncodingPipeline(encoder).run(steps) { (_, operations) throws(PayloadBuildError) in
            for encoded in operations {
                doneBlocks += Int(encoded.targetExtents.reduce(0) { $0 + $1.blockCount })
                try store.add(encoded)
            }
            progress(min(new.sizeBytes, UInt64(doneBlocks) * DeltaImage.blockSize))
        }
        return PayloadPartition(
            name: partition, operations: store.operations, oldInfo: try DeltaBuilder.info(of: old),
            newInfo: try DeltaBuilder.info(of: new))
    }

    private static func steps(
        from source: DeltaImage, to target: DeltaImage
    ) throws(PayloadBuildError) -> [InPlaceStep] {
        var plan = DeltaPlan(
            target: target, targetDigests: try BlockDigests(of: target), source: source,
            sourceDigests: try BlockDigests(of: source), similar: try SimilarContent(source: source, target: target),
            isInPlace: true)
        return try InPlaceStep.steps(of: plan.steps(encoder: nil), from: source, to: target)
    }
}
