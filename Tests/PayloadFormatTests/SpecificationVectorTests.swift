import ContentTrust
import PayloadFormat
import Testing
import UpdateModel

/// A payload of one operation, decoded and hashed with protoc and sha256sum against Flatcar's schema.
@Suite("The smallest payload of format 1")
struct SpecificationVectorTests {
    private let hello = Array("hello".utf8)
    private let signedOpening =
        "43724155000000000000000100000000000000770a2e08001000180532040800100142202cf24dba5fb0a30e26e83b2ac5b9"
        + "e29e1b161e5c1fa7425e73043362938b9824121608001005188802320d08ffffffffffffffffff0110011880202005288802"
        + "4a250880201220b15056c9a8db77ab5708d19b7f330fe13d88eeae3d0ab271081d3438c0f46264"

    private func manifest() throws -> PayloadManifest {
        let operation = PayloadOperation(
            kind: .replace, dataOffset: 0, dataLength: 5, dataDigest: StreamDigest.digest(of: hello),
            targetExtents: [BlockExtent(startBlock: 0, blockCount: 1)])
        let block = hello + [UInt8](repeating: 0, count: 4091)
        let info = ContentInfo(sizeBytes: 4096, digest: StreamDigest.digest(of: block))
        return PayloadManifest(
            format: .one,
            partitions: [PayloadPartition(name: "system", operations: [operation], newInfo: info)])
    }

    @Test("is written byte for byte")
    func unsigned() throws {
        let envelope = try PayloadEnvelope(try manifest(), signatureSizes: [])
        let file = envelope.metadata + hello
        #expect(file.count == 115)
        #expect(
            StreamDigest.digest(of: file).hexadecimal
                == "0032d71cbd2a19394b1dcf10dde5d7a2050776d20260c8de9d5651c1841dc98a")
    }

    @Test("with room for a signature is written byte for byte, and has the digest to sign")
    func signed() throws {
        let envelope = try PayloadEnvelope(try manifest(), signatureSizes: [256])
        #expect(Hexadecimal.encode(envelope.metadata) == signedOpening)
        #expect(
            StreamDigest.digest(of: envelope.metadata + hello).hexadecimal
                == "3127eaeb20a37e26c30e8ad92dcc20f5c0d1fe5cf064595b0b52b7d2419e24de")
        let signature = try envelope.signatureBlob([[UInt8](repeating: 0, count: 256)])
        #expect(envelope.metadata.count + hello.count + signature.count == 408)
    }

    @Test("reads back as what was written")
    func decoded() throws {
        let bytes = try #require(Hexadecimal.decode(signedOpening))
        let decoded = try PayloadManifest(decoding: bytes.dropFirst(20), format: .one)
        #expect(decoded.partitions == (try manifest().partitions))
        #expect(decoded.signaturesOffset == 5)
        #expect(decoded.signaturesSize == 264)
        #expect(decoded.blockSize == 4096)
    }

    @Test("of signatures is as long as the other implementations make it")
    func signatureSizes() throws {
        let one = try manifest()
        let two = PayloadManifest(format: .two, partitions: one.partitions)
        func length(_ manifest: PayloadManifest, _ sizes: [Int]) throws -> Int {
            let dummies = sizes.map { [UInt8](repeating: 0, count: $0) }
            return try PayloadEnvelope(manifest, signatureSizes: sizes).signatureBlob(dummies).count
        }
        #expect(try length(one, [256]) == 264)
        #expect(try length(one, [256, 256]) == 528)
        #expect(try length(one, [512]) == 520)
        #expect(try length(two, [256]) == 267)
        #expect(try length(two, [512]) == 523)
    }
}
