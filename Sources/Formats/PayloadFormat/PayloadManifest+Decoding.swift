internal import FoundationEssentials
internal import SwiftProtobuf
internal import UpdateModel

extension PayloadManifest {
    /// Decodes and checks a manifest that may come from anyone.
    ///
    /// - Throws: ``PayloadError/overLimit(_:value:max:)``, ``PayloadError/malformedManifest(_:)``,
    ///   ``PayloadError/blobDigestMissing(_:)``.
    public init(
        decoding bytes: ArraySlice<UInt8>, format: FormatVersion, limits: PayloadLimits = .standard
    ) throws(PayloadError) {
        let message = try Schema.decodeManifest(bytes, limits: limits)
        try self.init(message, format: format)
        try ManifestCheck(self, limits: limits).run()
    }

    private init(_ message: Schema.Manifest, format: FormatVersion) throws(PayloadError) {
        let partitions: [PayloadPartition]
        switch format {
        case .one:
            guard message.partitions.isEmpty else { throw .malformedManifest(.foreignFields(format)) }
            partitions = try Self.partitionsOfFormat1(message)
        case .two:
            guard message.partitionOperations.isEmpty, message.procedures.isEmpty else {
                throw .malformedManifest(.foreignFields(format))
            }
            partitions = try Self.partitionsOfFormat2(message)
        }
        self.init(
            format: format, blockSize: message.hasBlockSize ? UInt64(message.blockSize) : 4096,
            minorVersion: message.minorVersion, partitions: partitions,
            signaturesOffset: message.hasSignaturesOffset ? message.signaturesOffset : nil,
            signaturesSize: message.signaturesSize)
    }

    private static func partitionsOfFormat1(_ message: Schema.Manifest) throws(PayloadError) -> [PayloadPartition] {
        let name = PayloadPartition.systemName
        let system = PayloadPartition(
            name: name, operations: try message.partitionOperations.values(in: name),
            oldInfo: try message.hasOldPartitionInfo ? message.oldPartitionInfo.value(of: name) : nil,
            newInfo: try message.hasNewPartitionInfo ? message.newPartitionInfo.value(of: name) : nil)
        var partitions = system.operations.isEmpty && system.newInfo == nil ? [] : [system]
        for procedure in message.procedures {
            let name = procedureName(procedure.type)
            partitions.append(
                PayloadPartition(
                    name: name, operations: try procedure.operations.values(in: name),
                    oldInfo: try procedure.hasOldInfo ? procedure.oldInfo.value(of: name) : nil,
                    newInfo: try procedure.hasNewInfo ? procedure.newInfo.value(of: name) : nil))
        }
        return partitions
    }

    private static func partitionsOfFormat2(_ message: Schema.Manifest) throws(PayloadError) -> [PayloadPartition] {
        var partitions: [PayloadPartition] = []
        for update in message.partitions {
            let name = update.partitionName
            guard isName(name) else { throw .malformedManifest(.partitionName(name)) }
            partitions.append(
                PayloadPartition(
                    name: name, operations: try update.operations.values(in: name),
                    oldInfo: try update.hasOldPartitionInfo ? update.oldPartitionInfo.value(of: name) : nil,
                    newInfo: try update.hasNewPartitionInfo ? update.newPartitionInfo.value(of: name) : nil))
        }
        return partitions
    }

    /// Names become part of messages and of file names, so only plain ones pass: 1–64 of `[A-Za-z0-9._-]`, no dot first.
    public static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.first != "."
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2E || byte == 0x5F || byte == 0x2D
            }
    }
}

extension Sequence where Element == Schema.Operation {
    fileprivate func values(in partition: String) throws(PayloadError) -> [PayloadOperation] {
        var operations: [PayloadOperation] = []
        for message in self {
            let place = OperationPlace(partition: partition, index: operations.count)
            operations.append(try message.value(at: place))
        }
        return operations
    }
}

extension Schema.Operation {
    fileprivate func value(at place: OperationPlace) throws(PayloadError) -> PayloadOperation {
        guard hasType else { throw .malformedManifest(.undecodable) }
        return PayloadOperation(
            kind: OperationKind(rawNumber: type), dataOffset: dataOffset, dataLength: dataLength,
            dataDigest: try hasDataSha256Hash ? digest(dataSha256Hash, at: place) : nil,
            sourceExtents: srcExtents.map(\.value), targetExtents: dstExtents.map(\.value),
            sourceLength: hasSrcLength ? srcLength : nil, targetLength: hasDstLength ? dstLength : nil,
            sourceDigest: try hasSrcSha256Hash ? digest(srcSha256Hash, at: place) : nil,
            writtenExtents: writtenExtents.map(\.value))
    }

    private func digest(_ bytes: Data, at place: OperationPlace) throws(PayloadError) -> SHA256Digest {
        guard let digest = SHA256Digest(bytes: bytes) else { throw .malformedManifest(.digestSize(place)) }
        return digest
    }
}

extension Schema.Extent {
    fileprivate var value: BlockExtent { BlockExtent(startBlock: startBlock, blockCount: numBlocks) }
}

extension Schema.Info {
    fileprivate func value(of partition: String) throws(PayloadError) -> ContentInfo {
        guard hasSize, let digest = SHA256Digest(bytes: hash) else {
            throw .malformedManifest(.info(partition: partition))
        }
        return ContentInfo(sizeBytes: size, digest: digest)
    }
}
