/// Checks a decoded manifest as a stranger's: every rule that needs neither the disk nor the blobs.
struct ManifestCheck {
    private let manifest: PayloadManifest
    private let limits: PayloadLimits

    init(_ manifest: PayloadManifest, limits: PayloadLimits) {
        self.manifest = manifest
        self.limits = limits
    }

    func run() throws(PayloadError) {
        let blockSize = manifest.blockSize
        guard (512...65_536).contains(blockSize), blockSize.nonzeroBitCount == 1 else {
            throw .malformedManifest(.blockSize(blockSize))
        }
        try checkPartitions()
        var blobsLength: UInt64 = 0
        for partition in manifest.partitions {
            var work = WorkBudget(for: partition)
            for (index, operation) in partition.operations.enumerated() {
                let place = OperationPlace(partition: partition.name, index: index)
                try checkData(of: operation, at: place, after: &blobsLength)
                try checkExtents(of: operation, at: place)
                try checkLengths(of: operation, at: place)
                guard work.covers(operation, blockSize: blockSize) else { throw .malformedManifest(.work(place)) }
            }
            try WrittenBlocks.check(partition)
        }
        try checkSignature(after: blobsLength)
    }

    private func checkPartitions() throws(PayloadError) {
        var names: Set<String> = []
        for partition in manifest.partitions {
            guard names.insert(partition.name).inserted else {
                throw .malformedManifest(.duplicatePartition(partition.name))
            }
            for info in [partition.oldInfo, partition.newInfo] {
                try PayloadError.check(info?.sizeBytes ?? 0, .partitionBytes, max: limits.partitionBytesMax)
            }
        }
    }

    /// Blobs stand in the order of their operations without gap, each with a digest.
    private func checkData(
        of operation: PayloadOperation, at place: OperationPlace, after blobsLength: inout UInt64
    ) throws(PayloadError) {
        let hasBlob = operation.dataLength > 0
        if let expected = operation.kind.hasBlob, expected != hasBlob {
            throw .malformedManifest(.unexpectedData(place))
        }
        guard hasBlob else { return }
        guard operation.dataOffset == blobsLength else { throw .malformedManifest(.dataOffset(place)) }
        try PayloadError.check(operation.dataLength, .blobBytes, max: limits.blobBytesMax)
        guard operation.dataDigest != nil else { throw .blobDigestMissing(place) }
        // Neither term nears 2^63: each blob is bounded, and so is their number.
        blobsLength += operation.dataLength
    }

    private func checkExtents(of operation: PayloadOperation, at place: OperationPlace) throws(PayloadError) {
        if manifest.format == .two, operation.kind.isInPlace { throw .malformedManifest(.inPlace(place)) }
        guard let source = totalBytes(operation.sourceExtents), let target = totalBytes(operation.targetExtents),
            let written = totalBytes(operation.writtenExtents)
        else { throw .malformedManifest(.extent(place)) }
        if manifest.format == .one, OperationKind.ownNumbers.contains(operation.kind.rawNumber) {
            throw .malformedManifest(.foreignFields(.one))
        }
        if operation.kind == .zstd {
            try PayloadError.check(
                (operation.sourceLength ?? source) + written, .unpackingBytes, max: limits.unpackingBytesMax)
        } else if written > 0, operation.kind != .sourcePatch, operation.kind != .packedPatch {
            throw .malformedManifest(.writtenBlocks(place))
        }
        if operation.kind == .move || operation.kind == .sourceCopy, source != target {
            throw .malformedManifest(.lengths(place))
        }
        if operation.kind.isSupported, operation.targetExtents.isEmpty {
            throw .malformedManifest(.extent(place))
        }
    }

    /// `nil` when an extent is empty, or reaches beyond the largest partition, or all are more than that.
    private func totalBytes(_ extents: [BlockExtent]) -> UInt64? {
        let blocksMax = limits.partitionBytesMax / manifest.blockSize
        var blocks: UInt64 = 0
        for extent in extents {
            guard extent.blockCount > 0, extent.blockCount <= blocksMax else { return nil }
            guard extent.isHole || extent.startBlock <= blocksMax - extent.blockCount else { return nil }
            blocks += extent.blockCount
            guard blocks <= blocksMax else { return nil }
        }
        return blocks * manifest.blockSize
    }

    private func checkLengths(of operation: PayloadOperation, at place: OperationPlace) throws(PayloadError) {
        let source = totalBytes(operation.sourceExtents) ?? 0
        let target = totalBytes(operation.targetExtents) ?? 0
        guard operation.sourceLength ?? 0 <= source, operation.targetLength ?? 0 <= target else {
            throw .malformedManifest(.lengths(place))
        }
        switch operation.kind {
        case .move, .bsdiff, .sourceBSDIFF:
            // These are done in memory, whole.
            try PayloadError.check(max(source, target), .blobBytes, max: limits.operationBytesMax)
        default:
            break
        }
    }

    private func checkSignature(after blobsLength: UInt64) throws(PayloadError) {
        try PayloadError.check(manifest.signaturesSize, .signatureBytes, max: limits.signatureBytesMax)
        guard manifest.signaturesSize > 0 || manifest.signaturesOffset != nil else { return }
        guard manifest.signaturesOffset == blobsLength else { throw .malformedManifest(.signaturePlace) }
    }
}

/// How much reading and writing a partition's size excuses, so that a few bytes of manifest cannot keep a disk busy for
/// days. Real payloads write each block once, or twice where blocks serve as scratch.
private struct WorkBudget {
    /// A last chunk may declare more blocks than there are.
    private static let slackBytes: UInt64 = 64 << 20

    private var readBytes: UInt64
    private var writeBytes: UInt64

    init(for partition: PayloadPartition) {
        let size = max(partition.newInfo?.sizeBytes ?? .max >> 8, partition.oldInfo?.sizeBytes ?? 0)
        readBytes = size * 32 + Self.slackBytes
        writeBytes = size * 2 + Self.slackBytes
    }

    /// Spends what `operation` costs; `false` when that is more than is left.
    mutating func covers(_ operation: PayloadOperation, blockSize: UInt64) -> Bool {
        let read = (operation.sourceExtents + operation.writtenExtents).reduce(0) { $0 + $1.blockCount * blockSize }
        // Bytes that fall into holes have to be made too.
        let write = operation.targetExtents.reduce(0) { $0 + $1.blockCount * blockSize }
        guard read <= readBytes, write <= writeBytes else { return false }
        readBytes -= read
        writeBytes -= write
        return true
    }
}
