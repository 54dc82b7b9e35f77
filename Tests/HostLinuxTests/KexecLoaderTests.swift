import FleetTestKit
import HostLinux
import SlotDevice
import Testing
import UnifiedKernelImage
import UpdateModel

private func image(_ sections: [(name: String, content: [UInt8])]) throws -> BootImage {
    try BootImage(MemoryBlockDevice(BootImageMaker.image(sections)))
}

@Suite struct KexecLoaderTests {
    private static let commandLine: (name: String, content: [UInt8]) = (".cmdline", Array("quiet ro\n".utf8))

    @Test("The kernel is told the image's command line and what is added")
    func commandLine() throws {
        let image = try image([Self.commandLine])
        #expect(try KexecLoader.commandLine(of: image, appending: "martlet.slot=b") == "quiet ro martlet.slot=b")
        #expect(try KexecLoader.commandLine(of: image, appending: "") == "quiet ro")
        let room = KexecLoader.commandLineBytesMax - "quiet ro ".utf8.count
        let longest = try KexecLoader.commandLine(of: image, appending: String(repeating: "x", count: room))
        #expect(longest.utf8.count == 2047)
        #expect(throws: KexecError.commandLineTooLong(limitBytes: 2047)) {
            try KexecLoader.commandLine(of: image, appending: String(repeating: "x", count: room + 1))
        }
    }

    @Test("An image without a kernel or a command line is refused before anything is loaded")
    func incompleteImages() throws {
        #expect(throws: KexecError.image(.sectionMissing(".cmdline"))) {
            try KexecLoader.load(image([(".linux", [1])]), appending: "")
        }
        #expect(throws: KexecError.image(.sectionMissing(".linux"))) {
            try KexecLoader.load(image([Self.commandLine]), appending: "")
        }
    }

    @Test("What is no kernel is refused by the system, with a reason, and nothing is loaded")
    func refusedBySystem() throws {
        let wasLoaded = try KexecLoader.isLoaded()
        let sections: [(name: String, content: [UInt8])] = [
            Self.commandLine, (".linux", [UInt8](repeating: 1, count: 4096)), (".initrd", [1, 2, 3]),
        ]
        do {
            try KexecLoader.load(image(sections), appending: "")
            Issue.record("4096 bytes of nothing were taken for a kernel")
        } catch let error as KexecError {
            // Which one depends on the machine that the test runs on: its rights, its kernel, its locks.
            let expected: [KexecError] = [.notPermitted, .notSupported, .notAKernel, .signatureRefused]
            #expect(expected.contains(error), "\(error)")
            #expect(!error.userMessage.text.isEmpty)
        }
        #expect(try KexecLoader.isLoaded() == wasLoaded)
    }
}
