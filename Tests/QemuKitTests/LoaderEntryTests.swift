import QemuKit
import Testing
import UpdateModel

@Suite("Names on the boot partition")
struct LoaderEntryTests {
    @Test("are read as the boot loader reads them")
    func states() throws {
        let good = try #require(LoaderEntry(name: "martlet-4-a.efi"))
        #expect((good.serial, good.slot, good.state) == (4, .a, .good))
        let fresh = try #require(LoaderEntry(name: "martlet-15-b+3.efi"))
        #expect((fresh.serial, fresh.slot, fresh.state) == (15, .b, .counted(left: 3, done: 0)))
        #expect(LoaderEntry(name: "martlet-5-b+2-1.efi")?.state == .counted(left: 2, done: 1))
        #expect(LoaderEntry(name: "martlet-5-b+0-3.efi")?.state == .bad(done: 3))
        #expect(LoaderEntry(name: "MARTLET-5-B+02-01.EFI")?.state == .counted(left: 2, done: 1))
    }

    @Test(
        "that are none of ours are passed over",
        arguments: [
            "martlet-b.new", "martlet-a.efi", "martlet-x-a.efi", "martlet-1-c.efi", "martlet-1-a+.efi",
            "martlet-1-a+1-.efi", "martlet-1-a+1-2-3.efi", "martlet-1-a+-1.efi", "martlet-12345678901-a.efi",
            "debian-1-a.efi", "martlet-1-a.conf", "martlet-1-a-2.efi", "", ".efi", "martlet-.efi",
        ])
    func strangers(_ name: String) { #expect(LoaderEntry(name: name) == nil) }

    @Test("come out of mdir's listing")
    func listing() {
        let entries = LoaderEntries(
            listing: "::/EFI/Linux/martlet-2-b.efi\n::/EFI/Linux/martlet-b.new\n::/EFI/Linux/old/\nsome words\n")
        #expect(entries.names == ["martlet-2-b.efi", "martlet-b.new"])
        #expect(entries.entries.map(\.name) == ["martlet-2-b.efi"])
        #expect(entries.state(of: .b) == .good)
        #expect(entries.state(of: .a) == nil)
    }

    @Test(
        "say what boots next: the highest number that is not bad, else the highest",
        arguments: [
            (["martlet-9-a.efi", "martlet-10-b.efi"], "martlet-10-b.efi"),
            (["martlet-2-a.efi", "martlet-3-b+0-3.efi"], "martlet-2-a.efi"),
            (["martlet-2-a.efi", "martlet-3-b+1-0.efi"], "martlet-3-b+1-0.efi"),
            (["martlet-2-a+0-1.efi", "martlet-3-b+0-3.efi"], "martlet-3-b+0-3.efi"),
        ])
    func next(_ names: [String], _ wanted: String) { #expect(LoaderEntries(names: names).next?.name == wanted) }

    @Test("that are none leave nothing to boot")
    func nothing() { #expect(LoaderEntries(names: ["martlet-a.new"]).next == nil) }
}
