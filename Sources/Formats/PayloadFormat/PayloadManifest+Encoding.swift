internal import FoundationEssentials
internal import SwiftProtobuf
internal import UpdateModel

extension PayloadManifest {
    /// The message without room for a signature; ``PayloadEnvelope`` adds it.
    func schemaMessage() -> Schema.Manifest {
        var message = Schema.Manifest()
        message.blockSize = UInt32(truncatingIfNeeded: blockSize)
        switch format {
        case .one:
            for partition in partitions { partition.addAsFormat1(to: &message) }
        case .two:
            message.minorVersion = minorVersion
            message.partitions = partitions.map(\.schemaUpdate)
        }
        return message
    }

    static func procedureName(_ type: UInt32) -> String {
        switch type {
        case 0: PayloadPartition.kernelName
        case 1: PayloadPartition.pcrPolicyName
        default: "procedure-\(type)"
        }
    }

    /// `nil` for a name that format 1 has no procedure for.
    static func procedureType(_ name: String) -> UInt32? {
        if name == PayloadPartition.kernelName { return 0 }
        if name == PayloadPartition.pcrPolicyName { return 1 }
        guard name.hasPrefix("procedure-") else { return nil }
        return UInt32(name.dropFirst("procedure-".count))
    }
}

extension PayloadPartition {
    fileprivate func addAsFormat1(to message: inout Schema.Manifest) {
        guard let type = PayloadManifest.procedureType(name) else {
            message.partitionOperations = operations.map(\.schemaOperation)
            if let oldInfo { message.oldPartitionInfo = oldInfo.schemaInfo }
            if let newInfo { message.newPartitionInfo = newInfo.schemaInfo }
            return
        }
        var procedure = Schema.Procedure()
        procedure.type = type
        procedure.operations = operations.map(\.schemaOperation)
        if let oldInfo { procedure.oldInfo = oldInfo.schemaInfo }
        if let newInfo { procedure.newInfo = newInfo.schemaInfo }
        message.procedures.append(procedure)
        message.noopOperations += operations.filter { $0.dataLength > 0 }
            .map { $0.schemaNoop(blockSize: UInt64(message.blockSize)) }
    }

    fileprivate var schemaUpdate: Schema.PartitionUpdate {
        var update = Schema.PartitionUpdate()
        update.partitionName = name
        if let oldInfo { update.oldPartitionInfo = oldInfo.schemaInfo }
        if let newInfo { update.newPartitionInfo = newInfo.schemaInfo }
        update.operations = operations.map(\.schemaOperation)
        return update
    }
}

extension PayloadOperation {
    fileprivate var schemaOperation: Schema.Operation {
        var message = Schema.Operation()
        message.type = kind.rawNumber
        if dataLength > 0 {
            message.dataOffset = dataOffset
            message.dataLength = dataLength
        }
        message.srcExtents = sourceExtents.map(\.schemaExtent)
        if let sourceLength { message.srcLength = sourceLength }
        message.dstExtents = targetExtents.map(\.schemaExtent)
        if let targetLength { message.dstLength = targetLength }
        if let dataDigest { message.dataSha256Hash = Data(dataDigest.bytes) }
        if let sourceDigest { message.srcSha256Hash = Data(sourceDigest.bytes) }
        message.writtenExtents = writtenExtents.map(\.schemaExtent)
        return message
    }

    /// What lets the oldest clients, which know no procedures, walk over a procedure's blob.
    fileprivate func schemaNoop(blockSize: UInt64) -> Schema.Operation {
        var message = Schema.Operation.hole(dataOffset: dataOffset, dataLength: dataLength, blockSize: blockSize)
        if let dataDigest { message.dataSha256Hash = Data(dataDigest.bytes) }
        return message
    }
}

extension Schema.Operation {
    /// A REPLACE that writes nowhere.
    static func hole(dataOffset: UInt64, dataLength: UInt64, blockSize: UInt64) -> Schema.Operation {
        var message = Schema.Operation()
        message.type = OperationKind.replace.rawNumber
        message.dataOffset = dataOffset
        message.dataLength = dataLength
        let blocks = (dataLength + blockSize - 1) / blockSize
        message.dstExtents = [BlockExtent(startBlock: BlockExtent.holeStart, blockCount: blocks).schemaExtent]
        return message
    }
}

extension BlockExtent {
    fileprivate var schemaExtent: Schema.Extent {
        var message = Schema.Extent()
        message.startBlock = startBlock
        message.numBlocks = blockCount
        return message
    }
}

extension ContentInfo {
    fileprivate var schemaInfo: Schema.Info {
        var message = Schema.Info()
        message.size = sizeBytes
        message.hash = Data(digest.bytes)
        return message
    }
}
