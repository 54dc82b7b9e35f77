import FleetDemo
import FoundationEssentials
import SlotDevice
import Testing
import UpdateModel

@Suite("A kernel file of the demo")
struct KernelFileTests {
    private func file() throws -> [UInt8] {
        let program = Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        return [UInt8](KernelFile.build(kernel: KernelFile.standIn(for: program), version: try Version("2.0.0")))
    }

    private func flaw(in bytes: [UInt8]) throws -> String? {
        let device = MemoryBlockDevice(sizeBytes: UInt64(bytes.count))
        try device.write(bytes, at: 0)
        return try KernelFile.flaw(in: device)
    }

    @Test("loads when it is whole")
    func whole() throws {
        #expect(try flaw(in: file()) == nil)
    }

    @Test("is refused wherever it is cut off")
    func torn() throws {
        let whole = try file()
        for count in stride(from: 0, to: whole.count, by: 97) {
            #expect(try flaw(in: Array(whole.prefix(count))) != nil, "cut off after \(count) bytes")
        }
    }

    @Test("is refused whichever sector was not written")
    func missingSector() throws {
        let whole = try file()
        for sector in 0..<whole.count / 512 {
            var bytes = whole
            bytes.replaceSubrange(sector * 512..<(sector + 1) * 512, with: [UInt8](repeating: 0, count: 512))
            guard bytes != whole else { continue }
            #expect(try flaw(in: bytes) != nil, "sector \(sector) is zero")
        }
    }

    @Test("differs between releases that share a kernel")
    func versionsDiffer() throws {
        let kernel = KernelFile.standIn(for: Data([1, 2, 3]))
        let first = KernelFile.build(kernel: kernel, version: try Version("1.0.0"))
        let second = KernelFile.build(kernel: kernel, version: try Version("2.0.0"))
        #expect(first != second)
    }
}
