import FleetTestKit
import PartitionTable
import Testing
import UpdateModel

@Suite struct GUIDTests {
    @Test("The first three groups are little-endian on disk, the last two are not")
    func mixedEndian() throws {
        let usr = try guid("5DFBF5F4-2848-4bac-aa5e-0d9a20b745a6")
        #expect(Hexadecimal.encode(usr.diskBytes) == "f4f5fb5d4828ac4baa5e0d9a20b745a6")
        #expect(usr.description == "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6")
        #expect(GUID(diskBytes: usr.diskBytes) == usr)
    }

    @Test("Any bytes survive being printed and parsed, and random ones say that they are random")
    func roundTrip() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            let identifier = try #require(GUID(diskBytes: random.bytes(16)))
            #expect(GUID(identifier.description) == identifier)
            #expect(GUID(diskBytes: identifier.diskBytes) == identifier)
            let made = GUID.random(using: &random).description
            #expect(made.dropFirst(14).first == "4")
            #expect("89ab".contains(made.dropFirst(19).prefix(1)))
        }
        #expect(GUID.zero.description == "00000000-0000-0000-0000-000000000000")
    }

    @Test(
        "What is not 8-4-4-4-12 hexadecimal digits is no GUID",
        arguments: [
            "", "5dfbf5f4", "5dfbf5f428484bacaa5e0d9a20b745a6", "{5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6}",
            "5dfbf5f4-2848-4bac-aa5e-0d9a20b745ag", "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6-",
            "+dfbf5f4-2848-4bac-aa5e-0d9a20b745a6",
            "5dfbf5f-42848-4bac-aa5e-0d9a20b745a6", "５dfbf5f4-2848-4bac-aa5e-0d9a20b745a6",
        ])
    func refusesOtherShapes(_ text: String) {
        #expect(GUID(text) == nil)
    }

    @Test("Only sixteen bytes are a GUID")
    func refusesOtherCounts() {
        #expect(GUID(diskBytes: [UInt8](repeating: 0, count: 15)) == nil)
        #expect(GUID(diskBytes: [UInt8](repeating: 0, count: 17)) == nil)
    }
}

@Suite struct CRC32Tests {
    @Test("The checksum of 123456789 is the well-known one")
    func checkValue() {
        #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
    }
}

@Suite struct PartitionAttributesTests {
    @Test(
        "Priority, tries and successful lie where boot loaders look for them",
        arguments: [
            (PartitionAttributes(priority: 1, isSuccessful: true), 0x0101_0000_0000_0000),
            (PartitionAttributes(priority: 2, triesLeft: 1), 0x0012_0000_0000_0000),
            (PartitionAttributes(priority: 2), 0x0002_0000_0000_0000),
            (PartitionAttributes(priority: 2, isSuccessful: true), 0x0102_0000_0000_0000),
            (PartitionAttributes(priority: 15, triesLeft: 15), 0x00FF_0000_0000_0000),
        ] as [(PartitionAttributes, UInt64)])
    func knownWords(_ attributes: PartitionAttributes, word: UInt64) {
        #expect(attributes.rawValue == word)
    }

    @Test("Setting one field keeps every other bit")
    func keepsOtherBits() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<200 {
            let before = PartitionAttributes(rawValue: random.next())
            var after = before
            after.priority = Int.random(in: -3...20, using: &random)
            #expect((0...15).contains(after.priority))
            #expect((after.rawValue ^ before.rawValue) & ~(15 << 48) == 0)
            after = before
            after.triesLeft = 9
            after.triesLeft = before.triesLeft
            after.isSuccessful.toggle()
            after.isSuccessful.toggle()
            after.isRequired.toggle()
            after.isRequired.toggle()
            #expect(after == before)
        }
    }
}
