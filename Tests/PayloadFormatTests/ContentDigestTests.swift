import ContentTrust
import PayloadFormat
import Testing
import UpdateModel

@Suite("The content digest")
struct ContentDigestTests {
    @Test("is the same for every payload that makes the same slot")
    func independentOfCarrier() throws {
        let one = try SamplePayload(format: .one, keys: []).manifest
        let two = try SamplePayload(format: .two, keys: [SampleKeys.first]).manifest
        let reversed = PayloadManifest(format: .two, blockSize: 4096, partitions: one.partitions.reversed())
        #expect(one.contentDigest == two.contentDigest)
        #expect(one.contentDigest == reversed.contentDigest)
    }

    @Test("differs as soon as a byte, a size or a name differs")
    func sensitive() {
        func digest(_ name: String, _ bytes: [UInt8]) -> String {
            let info = SamplePayload.info(bytes)
            let partition = PayloadPartition(name: name, operations: [], newInfo: info)
            return PayloadManifest(format: .two, partitions: [partition]).contentDigest.hexadecimal
        }
        #expect(Set([digest("a", [1]), digest("a", [2]), digest("b", [1]), digest("a", [1, 0])]).count == 4)
    }

    @Test("is made over the bytes that its description names")
    func documentedBytes() {
        let info = SamplePayload.info([1, 2, 3])
        let partition = PayloadPartition(name: "usr", operations: [], newInfo: info)
        let bytes =
            Array("martlet content\n".utf8) + [0, 0, 0, 3] + Array("usr".utf8) + [0, 0, 0, 0, 0, 0, 0, 3]
            + info.digest.bytes
        let manifest = PayloadManifest(format: .one, partitions: [partition])
        #expect(manifest.contentDigest == StreamDigest.digest(of: bytes))
    }
}
