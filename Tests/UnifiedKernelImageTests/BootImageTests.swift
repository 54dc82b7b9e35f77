import FleetTestKit
import SlotDevice
import Testing
import UnifiedKernelImage

private let rootHash = String(repeating: "0123456789abcdef", count: 4)
private let commandLine = "roothash=\(rootHash) martlet.verity=26000:aabb console=ttyS0 panic=3 ro"

/// The sections of a reference image, in its order.
private let sections: [(name: String, content: [UInt8])] = [
    (".text", [0xCC]), (".osrel", Array("PRETTY_NAME=\"Martlet 1.0.0\"\n# no more\nHOME_URL='x'\n".utf8)),
    (".cmdline", Array("\(commandLine)\n\0".utf8)), (".initrd", [UInt8](repeating: 7, count: 1500)),
    (".linux", [UInt8](repeating: 9, count: 700)),
]

private func image(_ bytes: [UInt8]) throws -> BootImage { try BootImage(MemoryBlockDevice(bytes)) }

@Suite struct BootImageTests {
    @Test("Sections are found by name, without the zeros that fill them up")
    func findsSections() throws {
        let image = try image(BootImageMaker.image(sections))
        #expect(image.sections.map(\.name) == sections.map(\.name))
        let kernel = try image.requiredContent(of: ".linux")
        #expect(try kernel.read(at: 0, count: Int(kernel.sizeBytes)) == sections[4].content)
        let disk = try #require(try image.content(of: ".initrd"))
        #expect(disk.sizeBytes == 1500)
        #expect(disk.startBytes % 512 == 0)
        #expect(try image.content(of: ".splash") == nil)
        #expect(throws: BootImageError.sectionMissing(".dtb")) { try image.requiredContent(of: ".dtb") }
    }

    @Test("The command line names the root, and nothing of the filling is part of it")
    func commandLineIsRead() throws {
        let image = try image(BootImageMaker.image(sections))
        #expect(try image.commandLine() == commandLine)
        let root = try image.rootParameters()
        #expect(root.rootHash == rootHash)
        #expect(root.dataBlockCount == 26000)
        #expect(root.salt == [0xAA, 0xBB])
        #expect(try RootParameters(commandLine: "ro martlet.verity=1:- roothash=\(rootHash)").salt == [])
    }

    @Test("A command line that is not sure about its root is refused", arguments: [
        ("roothash", "ro"), ("roothash", "roothash= martlet.verity=1:-"),
        ("roothash", "roothash=12 martlet.verity=1:-"),
        ("roothash", "roothash=\(rootHash)a martlet.verity=1:-"),
        ("roothash", "roothash=\(rootHash.uppercased()) martlet.verity=1:-"),
        ("roothash", "roothash=\(rootHash.dropLast())g martlet.verity=1:-"),
        ("roothash", "roothash=\(rootHash) martlet.verity=1:- roothash=\(rootHash)"),
        ("martlet.verity", "roothash=\(rootHash)"), ("martlet.verity", "roothash=\(rootHash) martlet.verity=1"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=0:-"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=-1:-"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=+1:-"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=1:a"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=1:"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=1:aa:bb"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=99999999999999999999:-"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=9223372036854775807:-"),
        ("martlet.verity", "roothash=\(rootHash) martlet.verity=1:\(String(repeating: "aa", count: 257))"),
    ])
    func badCommandLines(parameter: String, text: String) {
        #expect(throws: BootImageError.commandLine(parameter: parameter)) { try RootParameters(commandLine: text) }
    }

    @Test("An image is ordered by its file's name only without a sort key and with a title")
    func ordering() throws {
        func check(_ release: String) throws {
            try image(BootImageMaker.image([(".osrel", Array(release.utf8))])).checkOrderedByName()
        }
        try check("PRETTY_NAME=\"Martlet 1.0.0\"\n")
        try check("NAME=Martlet\nVERSION=2")
        #expect(throws: BootImageError.self) { try check("PRETTY_NAME=x\nID=debian\n") }
        #expect(throws: BootImageError.self) { try check("PRETTY_NAME=x\nIMAGE_ID=y\n") }
        #expect(throws: BootImageError.self) { try check("VERSION=2\n") }
        #expect(throws: BootImageError.self) { try image(BootImageMaker.image([])).checkOrderedByName() }
        #expect(try image(BootImageMaker.image(sections)).osRelease()["PRETTY_NAME"] == "Martlet 1.0.0")
        #expect(try image(BootImageMaker.image(sections)).osRelease()["HOME_URL"] == "x")
    }

    @Test("Texts are bounded, are texts, and are there once")
    func oddTexts() throws {
        let large = [UInt8](repeating: 0x61, count: BootImage.textBytesMax + 1)
        #expect(throws: BootImageError.sectionTooLarge(".cmdline", limitBytes: BootImage.textBytesMax)) {
            try image(BootImageMaker.image([(".cmdline", large)])).commandLine()
        }
        for odd in [[0xFF, 0x61], [0x61, 0x00, 0x62]] as [[UInt8]] {
            #expect(throws: BootImageError.notText(section: ".cmdline")) {
                try image(BootImageMaker.image([(".cmdline", odd)])).commandLine()
            }
        }
        let twice = try image(BootImageMaker.image([(".cmdline", [0x61]), (".cmdline", [0x62])]))
        #expect(throws: BootImageError.duplicateSection(".cmdline")) { try twice.commandLine() }
        #expect(throws: BootImageError.sectionMissing(".cmdline")) { try image(BootImageMaker.image([])).commandLine() }
    }

    @Test("Whatever is cut off or changed, reading ends with a value or an error")
    func mutations() throws {
        let whole = BootImageMaker.image(sections)
        for count in 0..<min(whole.count, 700) { readAll(Array(whole.prefix(count))) }
        #expect(throws: BootImageError.self) { try image(Array(whole.prefix(100))) }
        var random = SeededRandom(text: nil)
        var accepted = 0
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let extremes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
                let place = Int.random(in: 0..<500, using: &random)
                bytes[place] = extremes.randomElement(using: &random) ?? 0
            }
            if readAll(bytes) { accepted += 1 }
        }
        print("\(accepted) of 5000 changed images had a table, \(random)")
        #expect(accepted > 0 && accepted < 5_000)
    }

    /// Returns whether there was a table of sections.
    @discardableResult private func readAll(_ bytes: [UInt8]) -> Bool {
        guard let image = try? image(bytes) else { return false }
        _ = try? image.rootParameters()
        try? image.checkOrderedByName()
        for section in image.sections {
            guard let content = try? image.content(of: section.name) else { continue }
            #expect((try? content.read(at: 0, count: Int(content.sizeBytes))) != nil)
        }
        return true
    }
}
