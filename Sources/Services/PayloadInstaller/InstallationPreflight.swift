internal import PayloadFormat
internal import SlotDevice
internal import UpdateModel

/// Everything that is checked before the first write, and what must stand on a target before the first operation.
struct InstallationPreflight {
    let manifest: PayloadManifest
    let targets: [String: InstallTarget]

    private var chosen: [(partition: PayloadPartition, target: InstallTarget)] {
        manifest.partitions.compactMap { partition in targets[partition.name].map { (partition, $0) } }
    }

    /// Whether an interrupted installation must start anew.
    var hasInPlaceTarget: Bool { chosen.contains { manifest.isAppliedInPlace($0.partition) } }

    /// - Parameter readsSources: also reads and hashes what a delta starts from.
    func check(readsSources: Bool = true) throws(InstallationError) {
        guard !chosen.isEmpty else { throw .nothingToInstall }
        for (partition, target) in chosen {
            try checkOperations(of: partition)
            try checkSize(of: target, for: partition)
            if readsSources { try checkSource(of: target, for: partition) }
        }
    }

    /// Copies the source to each target that is patched in place. Durable on return.
    func seed() throws(InstallationError) {
        for (partition, target) in chosen where manifest.isAppliedInPlace(partition) {
            guard let source = target.source else { throw .sourceMissing(partition: partition.name) }
            let device = DeviceAccess(partition: partition.name, device: target.device)
            let byteCount = partition.oldInfo?.sizeBytes ?? source.sizeBytes
            try DeviceAccess(partition: partition.name, device: source).copy(byteCount, to: device)
            try device.flush()
        }
    }

    /// What carries out the operations of each partition that has a target.
    func works(_ options: InstallationOptions) -> [String: PartitionWork] {
        var works: [String: PartitionWork] = [:]
        let neighbours = NeighbourTargets()
        for (partition, target) in chosen {
            works[partition.name] = PartitionWork(
                partition, target, blockSize: manifest.blockSize, limitBytes: limitBytes(of: target, for: partition),
                options: options, isInPlace: manifest.isAppliedInPlace(partition), neighbours: neighbours)
        }
        return works
    }

    /// A partition patched in place may use blocks beyond its new content as scratch; others may not.
    private func limitBytes(of target: InstallTarget, for partition: PayloadPartition) -> UInt64 {
        let size = target.device.sizeBytes.roundedUp(toBlocksOf: manifest.blockSize)
        guard let info = partition.newInfo, !manifest.isAppliedInPlace(partition) else { return size }
        return min(size, info.sizeBytes.roundedUp(toBlocksOf: manifest.blockSize))
    }

    private func checkOperations(of partition: PayloadPartition) throws(InstallationError) {
        guard partition.newInfo != nil else { throw .newInfoMissing(partition: partition.name) }
        guard let index = partition.operations.firstIndex(where: { !$0.kind.isSupported }) else { return }
        throw .unsupportedOperation(
            OperationPlace(partition: partition.name, index: index), partition.operations[index].kind)
    }

    private func checkSize(
        of target: InstallTarget, for partition: PayloadPartition
    ) throws(InstallationError) {
        let needed = partition.newInfo?.sizeBytes ?? 0
        let working = manifest.workingSizeBytes(of: partition)
        let size = target.device.sizeBytes
        guard needed <= size, working <= size.roundedUp(toBlocksOf: manifest.blockSize) else {
            throw .targetTooSmall(partition: partition.name, neededBytes: max(needed, working), sizeBytes: size)
        }
    }

    private func checkSource(
        of target: InstallTarget, for partition: PayloadPartition
    ) throws(InstallationError) {
        guard partition.isDelta else { return }
        guard let source = target.source else { throw .sourceMissing(partition: partition.name) }
        guard let expected = partition.oldInfo else { return }
        guard source.sizeBytes >= expected.sizeBytes else {
            throw .wrongSource(partition: partition.name, expected: expected, actual: nil)
        }
        let actual = try DeviceAccess(partition: partition.name, device: source).digest(ofFirst: expected.sizeBytes)
        guard actual == expected.digest else {
            throw .wrongSource(partition: partition.name, expected: expected, actual: actual)
        }
    }
}
