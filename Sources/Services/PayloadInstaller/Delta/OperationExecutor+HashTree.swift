internal import PayloadFormat
internal import Synchronization

/// The targets of all partitions that are being installed, by name: a tree of hashes may stand on another partition than the
/// data that it is made over.
final class NeighbourTargets: Sendable {
    private let targets = Mutex<[String: DeviceAccess]>([:])

    func add(_ target: DeviceAccess) { targets.withLock { $0[target.partition] = target } }

    func target(_ partition: String) -> DeviceAccess? { targets.withLock { $0[partition] } }
}

extension OperationExecutor {
    /// Hashes what earlier operations wrote.
    func makeHashTree(
        _ operation: PayloadOperation, _ place: OperationPlace, _ blob: [UInt8]
    ) throws(InstallationError) {
        guard let recipe = HashTreeRecipe(decoding: blob), operation.targetExtents.count == 1,
            let extent = operation.targetExtents.first, !extent.isHole, blockSize == HashTree.blockSize,
            extent.blockCount == recipe.tree.blockCount
        else { throw .badRecipe(place) }
        guard let data = recipe.partition.map({ neighbours.target($0) }) ?? target else {
            throw .sourceMissing(partition: recipe.partition ?? place.partition)
        }
        let dataBytes = recipe.dataBlockCount * blockSize
        let start = extent.startBlock * blockSize
        // A tree over itself would be made of what it is about to overwrite.
        guard dataBytes <= data.sizeBytes.roundedUp(toBlocksOf: blockSize),
            recipe.partition != nil || dataBytes <= start, extent.endBlock * blockSize <= limitBytes
        else { throw .outOfRange(place) }
        try recipe.tree.make(
            readData: { (offset, count) throws(InstallationError) in try data.readPadded(at: offset, count: count) },
            readTree: { (offset, count) throws(InstallationError) in
                try target.readPadded(at: start + offset, count: count)
            },
            write: { (bytes, offset) throws(InstallationError) in
                try target.writeClipped(bytes[...], at: start + offset)
            })
    }
}
