import BootEntries
import Testing
import UpdateModel

@Suite struct LoaderFileNameTests {
    @Test("The last plus sign counts, in every form of the specification", arguments: [
        ("x+3.efi", "x", 3, 0), ("x+3-0.efi", "x", 3, 0), ("x+2-1.efi", "x", 2, 1), ("x+0-3.efi", "x", 0, 3),
        ("x+1+2-3.efi", "x+1", 2, 3), ("x+007-010.efi", "x", 7, 10), ("+1.efi", "", 1, 0),
        ("x+2147483647-2147483647.efi", "x", 2_147_483_647, 2_147_483_647),
        ("x+00000000000000000003-0.efi", "x", 3, 0), ("X-B+3-0.EFI", "x-b", 3, 0),
    ])
    func counted(text: String, stem: String, left: Int, done: Int) throws {
        let name = try #require(LoaderFileName(text))
        #expect(name.stem == stem)
        #expect(name.counter == BootCounter(left: left, done: done))
        #expect(name.state == (left == 0 ? .bad : .counted(left: left)))
    }

    @Test("Anything else between the plus sign and the suffix counts nothing", arguments: [
        "x.efi", "x+.efi", "x+a.efi", "x+3-.efi", "x+-3.efi", "x+3-0-1.efi", "x+3-0 .efi", "x+2147483648.efi",
        "x+3-2147483648.efi", "x+99999999999999999999999.efi", "x+3.tmp.efi", "x+3+.efi", "x+٣.efi", "x+3-0.x.efi",
    ])
    func uncounted(text: String) throws {
        let name = try #require(LoaderFileName(text))
        #expect(name.counter == nil)
        #expect(name.state == .good)
        #expect(name.id == text)
    }

    @Test("Files that the loader passes over are no entries", arguments: [
        "", "efi", "martlet-a.new", "x.conf", ".x.efi", ".efi", "auto-windows.efi", "x.efi.new", "x+3-0",
    ])
    func passedOver(text: String) { #expect(LoaderFileName(text) == nil) }

    @Test("A boot takes one try, and a bad entry only grows its other number")
    func bootsCount() {
        #expect(BootCounter(left: 3, done: 0).afterBoot == BootCounter(left: 2, done: 1))
        #expect(BootCounter(left: 0, done: 3).afterBoot == BootCounter(left: 0, done: 4))
        let last = BootCounter.valueMax
        #expect(BootCounter(left: 1, done: last).afterBoot == BootCounter(left: 0, done: last))
    }
}

@Suite struct BootEntryNameTests {
    @Test("Names of slots' entries are read and printed", arguments: [
        ("martlet-4-a.efi", BootEntryName(serial: 4, slot: .a)),
        ("martlet-5-b+3-0.efi", BootEntryName(serial: 5, slot: .b, counter: BootCounter(left: 3, done: 0))),
        ("martlet-9999-b+0-12.efi", BootEntryName(serial: 9999, slot: .b, counter: BootCounter(left: 0, done: 12))),
        ("martlet-0-a.efi", BootEntryName(serial: 0, slot: .a)),
    ])
    func roundTrip(text: String, name: BootEntryName) {
        #expect(BootEntryName(text) == name)
        #expect(name.description == text)
    }

    @Test("The longest name that is given takes two long-name records of FAT")
    func shortNames() {
        let counter = BootCounter(left: 15, done: 99)
        #expect(BootEntryName(serial: BootEntryName.serialMax, slot: .a, counter: counter).description.count == 26)
        #expect(BootEntryName.stagedName(of: .b) == "martlet-b.new")
        #expect(BootEntryName.stagedName(of: .b).count <= 13)
    }

    @Test("Other names are a stranger's", arguments: [
        "martlet.efi", "martlet-.efi", "martlet-4.efi", "martlet-4-c.efi", "martlet-4-ab.efi", "martlet-4-a-b.efi",
        "martlet-a-4.efi", "martlet--4-a.efi", "martlet-4x-a.efi", "martlet-٤-a.efi", "martlet-4-a+x.efi",
        "martlet-a.efi", "debian-4-a.efi", "martlet-a.new", "martlet-4-a",
    ])
    func foreign(text: String) { #expect(BootEntryName(text) == nil) }

    @Test("Odd spellings of a number are understood, and a number without end stays one")
    func oddSerials() {
        #expect(BootEntryName("martlet-007-a.efi")?.serial == 7)
        #expect(BootEntryName("MARTLET-7-A+1.EFI")?.serial == 7)
        let endless = "martlet-" + String(repeating: "9", count: 200) + "-a.efi"
        #expect(BootEntryName(endless)?.serial == BootCounter.valueMax)
    }

    @Test("A stranger's number is known, so that an activation can come before it", arguments: [
        ("martlet-7.efi", 7), ("martlet-7x-a.efi", 7), ("martlet-12-c.efi", 12), ("martlet-rescue.efi", nil),
        ("martlet--9.efi", nil), ("debian-7.efi", nil),
    ])
    func claims(text: String, serial: Int?) throws {
        let file = try #require(LoaderFileName(text))
        #expect(BootEntryName.claimedSerial(of: file) == serial)
        let next = try #require(LoaderFileName("martlet-\((serial ?? 0) + 1)-a+3-0.efi"))
        let isFirst = systemdBootDefault([LoaderEntry(file), LoaderEntry(next)])?.name == next
        #expect(isFirst)
    }
}
