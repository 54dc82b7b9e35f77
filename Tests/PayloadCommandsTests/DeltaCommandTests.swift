import CompressionCodecs
import FoundationEssentials
import Testing

@Suite("Applying a delta of the other implementation")
struct DeltaCommandTests {
    private func vector(_ name: String) throws -> [UInt8] {
        var file = URL(filePath: #filePath)
        for _ in 0..<2 { file.deleteLastPathComponent() }
        return Array(try Data(contentsOf: file.appending(path: "Vectors/crau/\(name)")))
    }

    private func folder() throws -> CommandFolder {
        let folder = try CommandFolder()
        for name in ["old.img", "old.kernel"] {
            let packed = try vector(name + ".xz")
            try folder.write(try DecompressionReader.decompress(.xz, packed[...], outputLimit: 64 << 20), name)
        }
        try folder.write(try vector("delta-kernel-2sig.crau"), "delta.crau")
        try folder.write(try vector("test_key.pub.pem"), "pub.pem")
        return folder
    }

    @Test("makes the new image and kernel and leaves the old ones as they were")
    func apply() async throws {
        let folder = try folder()
        let (image, kernel) = (try folder.read("old.img"), try folder.read("old.kernel"))
        try await folder.payload(
            "apply", "-q", "@delta.crau", "--source", "@old.img", "--target", "@new.img", "--kernel-source",
            "@old.kernel", "--kernel-target", "@new.kernel", "--key", "@pub.pem", "--json")
        #expect(try folder.read("new.img").count == 14_680_064)
        #expect(try folder.read("new.kernel").count == 650_016, "cut to its new size")
        #expect(try folder.read("old.img") == image)
        #expect(try folder.read("old.kernel") == kernel)
    }

    @Test("without its source, with a wrong one, or onto its source, is refused")
    func sources() async throws {
        let folder = try folder()
        try folder.write([UInt8](repeating: 0, count: 14_680_064), "zeros.img")
        let before = try folder.names
        let missing = await folder.exitCode {
            try await $0.payload("apply", "-q", "@delta.crau", "--target", "@new.img", "--key", "@pub.pem")
        }
        #expect(missing == 65)
        let wrong = await folder.exitCode {
            try await $0.payload(
                "apply", "-q", "@delta.crau", "--source", "@zeros.img", "--target", "@new.img", "--key", "@pub.pem")
        }
        #expect(wrong == 65)
        let onto = await folder.exitCode {
            try await $0.payload(
                "apply", "-q", "@delta.crau", "--source", "@old.img", "--target", "@old.img", "--key", "@pub.pem")
        }
        #expect(onto == 64)
        #expect(try folder.names == before)
    }
}
