/// Checks that operations which refer back to blocks of the target find there what they were made with: each such block
/// was written whole by an earlier operation, and no block of the partition is written twice. Then it does not matter
/// where an interrupted installation goes on.
struct WrittenBlocks {
    /// Runs of blocks and who writes them, in the order of the blocks.
    private struct Run {
        let extent: BlockExtent
        let operation: Int
    }

    /// How many runs may be walked over for all references of a partition. Real payloads walk over a few for each.
    private static let stepsMax = 8_388_608

    private let partition: String
    private let runs: [Run]
    private var stepsLeft = stepsMax

    /// - Parameter partition: Its extents have been checked one by one: none is empty, none overflows.
    static func check(_ partition: PayloadPartition) throws(PayloadError) {
        let operations = partition.operations
        guard let first = operations.firstIndex(where: { !$0.writtenExtents.isEmpty }) else { return }
        var blocks = try WrittenBlocks(of: partition)
        for index in first..<operations.count {
            for extent in operations[index].writtenExtents { try blocks.find(extent, before: index) }
        }
    }

    /// - Throws: ``ManifestFault/writtenBlocks(_:)`` when two operations write one block.
    private init(of partition: PayloadPartition) throws(PayloadError) {
        var runs: [Run] = []
        for (index, operation) in partition.operations.enumerated() {
            for extent in operation.targetExtents where !extent.isHole {
                runs.append(Run(extent: extent, operation: index))
            }
        }
        runs.sort { $0.extent.startBlock < $1.extent.startBlock }
        for (one, next) in zip(runs, runs.dropFirst()) where one.extent.overlaps(next.extent) {
            let place = OperationPlace(partition: partition.name, index: max(one.operation, next.operation))
            throw .malformedManifest(.writtenBlocks(place))
        }
        self.partition = partition.name
        self.runs = runs
    }

    /// Walks over the runs that make up `extent`, without gap, all of them earlier than `operation`.
    private mutating func find(_ extent: BlockExtent, before operation: Int) throws(PayloadError) {
        let place = OperationPlace(partition: partition, index: operation)
        guard !extent.isHole else { throw .malformedManifest(.writtenBlocks(place)) }
        var block = extent.startBlock
        var index = firstRun(endingAfter: block)
        while block < extent.endBlock {
            guard index < runs.count, runs[index].extent.startBlock <= block, runs[index].operation < operation else {
                throw .malformedManifest(.writtenBlocks(place))
            }
            guard stepsLeft > 0 else { throw .malformedManifest(.work(place)) }
            stepsLeft -= 1
            block = runs[index].extent.endBlock
            index += 1
        }
    }

    private func firstRun(endingAfter block: UInt64) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].extent.endBlock > block { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
