import FoundationEssentials
import ImageBuilder
import Testing

@Suite struct FormatTests {
    /// A PE image with the given sections, as little of one as the layout reads.
    private func stub(sections: [(address: UInt32, size: UInt32)]) -> [UInt8] {
        func number(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
        var bytes = [UInt8](repeating: 0, count: 0x3C) + number(0x80, 4)
        bytes += [UInt8](repeating: 0, count: 0x80 - bytes.count)
        bytes += Array("PE\0\0".utf8) + number(0x8664, 2) + number(UInt32(sections.count), 2) + number(0xDEAD_BEEF, 4)
        bytes += number(0, 8) + number(16, 2) + number(0, 2) + [UInt8](repeating: 0, count: 16)
        for section in sections {
            bytes += [UInt8](repeating: 0x2E, count: 8) + number(section.size, 4) + number(section.address, 4)
            bytes += [UInt8](repeating: 0, count: 24)
        }
        return bytes
    }

    @Test("Sections begin on the page behind the stub's last, each on its own")
    func sections() throws {
        let layout = try StubLayout(stub: stub(sections: [(0x4000, 0x1000), (0x19100, 0x34)]), path: "stub")
        #expect(layout.firstAddress == 0x1A000)
        let arguments = layout.arguments(for: [(".osrel", "o", 31), (".initrd", "i", 4096), (".linux", "l", 1)])
        #expect(
            arguments == [
                "--add-section", ".osrel=o", "--change-section-vma", ".osrel=0x1a000",
                "--add-section", ".initrd=i", "--change-section-vma", ".initrd=0x1b000",
                "--add-section", ".linux=l", "--change-section-vma", ".linux=0x1c000",
            ])
    }

    @Test("What is no stub is refused wherever it is cut")
    func cutStub() throws {
        let whole = stub(sections: [(0x4000, 0x1000)])
        for count in 0..<whole.count - 24 {
            #expect(throws: ImageError.self) { try StubLayout(stub: Array(whole.prefix(count)), path: "stub") }
        }
    }

    @Test("The date that objcopy writes is replaced by that of every build")
    func date() throws {
        var bytes = stub(sections: [(0x4000, 0x1000), (0x5000, 0x1000)])
        bytes[0xD8] = 9
        ImageDate.settle(&bytes)
        #expect(Array(bytes[0x88..<0x8C]) == [0x00, 0xF1, 0x53, 0x65])  // 1700000000
        #expect(bytes[0xD8] == 0)  // The checksum was over the date too.
        var none: [UInt8] = [1, 2, 3]
        ImageDate.settle(&none)
        #expect(none == [1, 2, 3])
    }

    @Test("A module brings what it needs, by either of its names")
    func modules() throws {
        let index = ModuleIndex(
            """
            kernel/drivers/md/dm-verity.ko: kernel/drivers/md/dm-bufio.ko kernel/drivers/md/dm-mod.ko
            kernel/drivers/md/dm-mod.ko:
            kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz
            """, kernel: "6.1")
        let expected = [
            "kernel/drivers/md/dm-bufio.ko", "kernel/drivers/md/dm-mod.ko", "kernel/drivers/md/dm-verity.ko",
        ]
        #expect(try index.closure(of: ["dm_verity", "dm-mod"]) == expected)
        #expect(try index.closure(of: ["ext4"]) == ["kernel/fs/ext4/ext4.ko.xz", "kernel/fs/jbd2/jbd2.ko.xz"])
        #expect(throws: ImageError.noSuchModule(name: "nope", kernel: "6.1")) { try index.closure(of: ["nope"]) }
    }

    @Test("The archive is what cpio writes of the same files")
    func archive() {
        var archive = ArchiveWriter(date: 0)
        archive.add("init", mode: 0o100755, content: Array("hello".utf8))
        archive.finish()
        let expected =
            "070701" + "00000001" + "000081ed" + "00000000" + "00000000" + "00000001" + "00000000" + "00000005"
            + "00000000" + "00000000" + "00000000" + "00000000" + "00000005" + "00000000" + "init\0" + "\0"
            + "hello\0\0\0"
            + "070701" + "00000000" + "00000000" + "00000000" + "00000000" + "00000001" + "00000000" + "00000000"
            + "00000000" + "00000000" + "00000000" + "00000000" + "0000000b" + "00000000" + "TRAILER!!!\0"
        #expect(String(decoding: archive.bytes.prefix(expected.utf8.count), as: UTF8.self) == expected)
        #expect(archive.bytes.count % 4 == 0)
    }

    @Test("The root hash is found in what veritysetup prints, and nothing else is taken for one")
    func rootHash() {
        let hash = String(repeating: "ab", count: 32)
        #expect(VerityOutput.rootHash(in: "UUID: \t1\nRoot hash:      \t\(hash)\n") == hash)
        #expect(VerityOutput.rootHash(in: "Root hash: short\n") == nil)
        #expect(VerityOutput.rootHash(in: "Salt: \(hash)\n") == nil)
    }
}
