import PayloadFormat
import Testing
import UpdateModel

/// Manifests of another implementation, compared with what protoc wrote of them.
@Suite("A manifest reads as protoc shows it")
struct ManifestTextTests {
    @Test("for the delta with two signatures, which differs from the text in the signature's size only")
    func delta() throws {
        let text = try TextMessage(
            parsing: String(decoding: VectorFiles.unpacked("delta-kernel-signed.manifest.txt"), as: UTF8.self))
        let payload = try VectorFiles.bytes("delta-kernel-2sig.crau")
        let header = try PayloadHeader(parsing: payload[...])
        let manifest = try PayloadManifest(decoding: payload[20..<Int(header.blobsOffset)], format: .one)
        try expectSame(manifest, text)
        #expect(manifest.isDelta)
        #expect(manifest.signaturesOffset == text.number("signatures_offset"))
        #expect(manifest.signaturesSize == 528)
        #expect(Set(manifest.partitions.flatMap(\.operations).map(\.kind)) == [.move, .bsdiff, .replace, .replaceBZ])
    }

    private func expectSame(_ manifest: PayloadManifest, _ text: TextMessage) throws {
        #expect(manifest.blockSize == text.number("block_size"))
        let system = try #require(manifest.partition(named: "system"))
        let operations = text.messages("partition_operations")
        #expect(system.operations.count == operations.count)
        for (operation, expected) in zip(system.operations, operations) { expectSame(operation, expected) }
        expectSame(system.oldInfo, text.messages("old_partition_info").first)
        expectSame(system.newInfo, text.messages("new_partition_info").first)
        let kernel = try #require(manifest.partition(named: "kernel"))
        let procedure = try #require(text.messages("procedures").first)
        for (operation, expected) in zip(kernel.operations, procedure.messages("operations")) {
            expectSame(operation, expected)
        }
        expectSame(kernel.oldInfo, procedure.messages("old_info").first)
        expectSame(kernel.newInfo, procedure.messages("new_info").first)
    }

    private func expectSame(_ operation: PayloadOperation, _ text: TextMessage) {
        #expect(operation.kind.name == text.words("type").first)
        #expect(operation.dataLength == text.number("data_length") ?? 0)
        #expect(operation.dataOffset == text.number("data_offset") ?? 0)
        #expect(operation.sourceLength == text.number("src_length"))
        #expect(operation.targetLength == text.number("dst_length"))
        #expect(operation.dataDigest?.bytes == text.data("data_sha256_hash"))
        #expect(operation.sourceExtents == text.messages("src_extents").map(\.extent))
        #expect(operation.targetExtents == text.messages("dst_extents").map(\.extent))
    }

    private func expectSame(_ info: ContentInfo?, _ text: TextMessage?) {
        #expect(info?.sizeBytes == text?.number("size"))
        #expect(info?.digest.bytes == text?.data("hash"))
    }
}

extension TextMessage {
    fileprivate var extent: BlockExtent {
        BlockExtent(startBlock: number("start_block") ?? 0, blockCount: number("num_blocks") ?? 0)
    }
}
