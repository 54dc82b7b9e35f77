import BinaryDelta
import CompressionCodecs
import ContentTrust
import Testing
import UpdateModel

@Suite struct BSDiffPatchTests {
    /// Made with bsdiff from “hello world”; gives “hello swift!”.
    static let hello =
        Hexadecimal.decode(
            "42534449464634302b0000000000000025000000000000000c00000000000000425a6839314159265359a2cb66a7000008c0"
                + "40590040002000212006682a60a9b7177245385090a2cb66a7425a6839314159265359c585438d0000004000500020002100"
                + "8283177245385090c585438d425a68393141592653596407e61c0000019180200001200c80200021800c02cd2ee2ee48a70a"
                + "120c80fcc380") ?? []

    @Test("a small patch that bspatch applies gives the same here")
    func helloSwift() throws {
        let patch = try BSDiffPatch(Self.hello, newSizeLimit: 12)
        #expect(patch.newSize == 12)
        #expect(String(decoding: try apply(Self.hello, to: Array("hello world".utf8)), as: UTF8.self) == "hello swift!")
    }

    @Test(
        "patches made by bsdiff give the new data",
        arguments: [("edited", 120_000), ("same", 120_000), ("large", 400_000)])
    func foreignPatches(name: String, oldCount: Int) throws {
        let output = try apply(Vectors.bytes("\(name).patch"), to: Vectors.oldText(count: oldCount))
        let wanted = String(decoding: try Vectors.bytes("\(name).sha256"), as: UTF8.self)
        #expect(StreamDigest.digest(of: output).hexadecimal + "\n" == wanted)
    }

    @Test("output comes in whole pieces of 128 KiB, the last one shorter")
    func pieces() throws {
        let old = Vectors.oldText(count: 400_000)
        var counts: [Int] = []
        let patch = try BSDiffPatch(Vectors.bytes("large.patch"), newSizeLimit: .max)
        try patch.apply(
            oldSize: UInt64(old.count), readOld: { Array(old[Int($0)..<Int($0) + $1]) },
            write: { counts.append($0.count) })
        #expect(counts == [131_072, 131_072, 131_072, 131_072, 131_072, 23_640])
    }

    @Test("the form BSDF2 with bzip2 parts is applied")
    func bsdf2() throws {
        let patch = Array("BSDF2".utf8) + [1, 1, 1] + Self.hello.dropFirst(8)
        #expect(String(decoding: try apply(patch, to: Array("hello world".utf8)), as: UTF8.self) == "hello swift!")
    }

    @Test("BSDF2 parts that are not bzip2 are refused by name", arguments: [5, 6, 7], [0, 2, 3] as [UInt8])
    func otherCompressors(position: Int, compressor: UInt8) {
        var patch = Array("BSDF2".utf8) + [1, 1, 1] + Self.hello.dropFirst(8)
        patch[position] = compressor
        #expect(throws: BinaryDeltaError.unsupportedCompressor(identifier: compressor)) {
            try BSDiffPatch(patch, newSizeLimit: 12)
        }
        let line = BinaryDeltaError.unsupportedCompressor(identifier: compressor).userMessage.line
        #expect(line.contains(["nothing", "", "brotli", "method 3"][Int(compressor)]))
    }

    @Test("bytes are added modulo 256, and old data outside counts as zeros on both sides")
    func outsideOldData() throws {
        let patch = HandmadePatch(
            triples: [(0, 0, -2), (6, 1, -100), (1, 0, 100_000), (1, 0, 0)],
            diff: [1, 1, 1, 1, 1, 1, 7, 9], extra: [42], newSize: 9)
        #expect(try apply(patch.bytes(), to: [255, 10]) == [1, 1, 0, 11, 1, 1, 42, 7, 9])
        #expect(try apply(patch.bytes(), to: []) == [1, 1, 1, 1, 1, 1, 42, 7, 9])
    }

    @Test("a patch that makes nothing makes nothing")
    func emptyOutput() throws {
        #expect(try apply(HandmadePatch(newSize: 0).bytes(), to: [1]) == [])
    }

    @Test("what the reader or the writer throws comes through")
    func foreignErrors() throws {
        let patch = try BSDiffPatch(Self.hello, newSizeLimit: 12)
        #expect(throws: OutsideOldData.self) {
            try patch.apply(oldSize: 11, readOld: { _, _ in throw OutsideOldData() }, write: { _ in })
        }
        #expect(throws: OutsideOldData.self) {
            try patch.apply(
                oldSize: 11, readOld: { [UInt8](repeating: 0, count: $1) }, write: { _ in throw OutsideOldData() })
        }
        #expect(throws: BinaryDeltaError.oldDataTooShort(offsetBytes: 0)) {
            try patch.apply(oldSize: 11, readOld: { _, _ in [1] }, write: { _ in })
        }
    }
}
