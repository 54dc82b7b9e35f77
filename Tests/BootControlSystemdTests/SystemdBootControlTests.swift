import BootControl
import BootControlSystemd
import BootEntries
import FleetTestKit
import Foundation
import HostLinux
import SlotDevice
import Synchronization
import Testing
import UpdateModel

@Suite struct SystemdBootControlTests {
    @Test("It keeps every promise of the port", arguments: Slot.allCases)
    func contract(booted: Slot) throws {
        let files = try memoryFolder(["martlet-1-\(booted).efi"])
        try BootControlContract.check(SystemdBootControl(files: files, booted: booted)) { slot in
            try TestImage.write("\(slot)", as: BootEntryName.stagedName(of: slot), to: files)
        }
        guard case .booted(let name) = try SystemdBootModel(files).boot() else {
            Issue.record("nothing boots")
            return
        }
        #expect(name.hasSuffix("-\(booted.other)+2-1.efi"), "the loader agrees")
    }

    @Test("It keeps them in a folder of the host")
    func contractOnHost() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "entries-\(UUID())").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = try DirectoryFileArea(path: folder)
        try TestImage.write("a", as: "martlet-1-a.efi", to: files)
        try BootControlContract.check(SystemdBootControl(files: files, booted: .a)) { slot in
            try TestImage.write("\(slot)", as: BootEntryName.stagedName(of: slot), to: files)
        }
        #expect(try files.names().count == 2)
    }

    @Test("An update's life in names")
    func life() throws {
        let files = try memoryFolder(["martlet-4-a.efi", "martlet-3-b.efi"])
        let control = SystemdBootControl(files: files, booted: .a)
        try control.invalidate(.b)
        #expect(try files.names() == ["martlet-4-a.efi"])
        #expect(throws: BootControlError.nothingToBoot(.b)) { try control.activate(.b, tries: 3) }
        try TestImage.write("new", as: "martlet-b.new", to: files)
        try control.activate(.b, tries: 3)
        #expect(try files.names() == ["martlet-4-a.efi", "martlet-5-b+3-0.efi"])
        #expect(try control.status(of: .b) == SlotBootStatus(priority: 2, triesLeft: 3, isSuccessful: false))
        #expect(try SystemdBootModel(files).boot() == .booted("martlet-5-b+2-1.efi"))
        let running = SystemdBootControl(files: files, booted: .b)
        try running.confirm(.b)
        #expect(try files.names() == ["martlet-4-a.efi", "martlet-5-b.efi"])
        try running.confirm(.b)
        #expect(try files.names() == ["martlet-4-a.efi", "martlet-5-b.efi"], "confirming twice changes nothing")
        try running.confirm(.a)
        #expect(try files.names() == ["martlet-5-b.efi", "martlet-6-a.efi"], "a rollback is a new activation")
        try running.reject(.b)
        #expect(try files.names() == ["martlet-5-b+0-1.efi", "martlet-6-a.efi"])
        #expect(try running.status(of: .b) == SlotBootStatus(priority: 1, triesLeft: 0, isSuccessful: false))
    }

    @Test("Tries that were used up show, and the other slot is next")
    func triesRunOut() throws {
        let files = try memoryFolder(["martlet-4-a.efi", "martlet-5-b+2-0.efi"])
        let control = SystemdBootControl(files: files, booted: .a)
        let loader = SystemdBootModel(files)
        #expect(try loader.boot() == .booted("martlet-5-b+1-1.efi"))
        #expect(try loader.boot() == .booted("martlet-5-b+0-2.efi"))
        #expect(try control.status(of: .b) == SlotBootStatus(priority: 1, triesLeft: 0, isSuccessful: false))
        #expect(try control.next() == .a)
        #expect(try loader.boot() == .booted("martlet-4-a.efi"))
    }

    @Test("A boot past the loader uses the tries, and is confirmed under the same number")
    func kexec() throws {
        let files = try memoryFolder(["martlet-4-a.efi", "martlet-5-b+3-0.efi"])
        try SystemdBootControl(files: files, booted: .a).spendTries(of: .b)
        #expect(try files.names() == ["martlet-4-a.efi", "martlet-5-b+0-1.efi"])
        try SystemdBootControl(files: files, booted: .b).confirm(.b)
        #expect(try SystemdBootModel(files).boot() == .booted("martlet-6-b.efi"))
    }

    @Test("What a person or a cut left behind never boots before what was activated, and goes with its slot")
    func superfluousEntries() throws {
        let files = try memoryFolder([
            "martlet-4-a.efi", "martlet-5-b+3-0.efi", "martlet-5-b+2-1.efi", "martlet-3-b.efi", "martlet-b.new",
        ])
        let control = SystemdBootControl(files: files, booted: .a)
        #expect(try control.status(of: .b).triesLeft == 3)
        try control.activate(.b, tries: 2)
        #expect(
            try files.names() == [
                "martlet-3-b+0-1.efi", "martlet-4-a.efi", "martlet-5-b+0-1.efi", "martlet-5-b+0-2.efi",
                "martlet-6-b+2-0.efi",
            ])
        try control.invalidate(.b)
        #expect(try files.names() == ["martlet-4-a.efi"])
    }

    @Test("What is removed is bad before: a cut may leave it without content")
    func removesOnlyBadEntries() throws {
        let files = WatchedFolder(try memoryFolder(["martlet-4-a.efi", "martlet-5-b+3-0.efi", "martlet-3-b.efi"]))
        try SystemdBootControl(files: files, booted: .a).invalidate(.b)
        let removed = files.removed.withLock { $0 }
        #expect(Set(removed) == ["martlet-5-b+0-1.efi", "martlet-3-b+0-1.efi"])
        #expect(try files.names() == ["martlet-4-a.efi"])
    }

    @Test("A name in use is never taken: what it names would be freed")
    func noNameIsTaken() throws {
        let files = try memoryFolder([
            "martlet-4-a.efi", "martlet-5-b+2-1.efi", "MARTLET-5-B.EFI", "martlet-5-b+0-1.efi",
        ])
        let control = SystemdBootControl(files: files, booted: .b)
        try control.confirm(.b)
        let names = ["martlet-4-a.efi", "martlet-5-b+0-1.efi", "martlet-5-b+0-2.efi", "martlet-5-b.efi"]
        #expect(try files.names() == names)
        _ = try files.create("martlet-6-a.efi", sizeBytes: 0)
        try files.rename("martlet-5-b.efi", to: "martlet-6-b+1-2.efi")
        _ = try files.create("martlet-6-b.efi", sizeBytes: 0)
        try control.confirm(.b)
        #expect(try SystemdBootModel(files).boot() == .booted("martlet-7-b.efi"))
        #expect(try files.names().contains("martlet-6-b.efi"))
    }

    @Test("An entry that a repair of the file system emptied is none")
    func hollowEntries() throws {
        let files = try memoryFolder(["martlet-4-a.efi", "martlet-5-b.efi"])
        _ = try files.create("martlet-9-b.efi", sizeBytes: 0)
        _ = try files.create("martlet-b.new", sizeBytes: 0)
        let control = SystemdBootControl(files: files, booted: .a)
        #expect(try control.next() == .b)
        try control.activate(.b, tries: 1)
        #expect(try SystemdBootModel(files).boot() == .booted("martlet-6-b+0-1.efi"))
        try control.invalidate(.b)
        #expect(try files.names() == ["martlet-4-a.efi", "martlet-b.new"], "what is being written stays")
    }

    @Test("Names of strangers are left alone, and an activation comes before them")
    func strangers() throws {
        let strangers = ["debian-99.efi", "martlet-70-c.efi", "martlet-rescue.efi", "notes.txt"]
        let files = try memoryFolder(strangers + ["martlet-4-a.efi"])
        let control = SystemdBootControl(files: files, booted: .a)
        #expect(try control.next() == nil, "the loader would take the stranger's 70")
        try control.confirm(.a)
        #expect(try control.next() == .a)
        #expect(try files.names() == ["debian-99.efi", "martlet-70-c.efi", "martlet-71-a.efi"] + strangers[2...])
    }

    @Test("When the numbers run out they begin anew, and the order stays", arguments: [
        ["martlet-999998-a.efi", "martlet-999999-b+2-1.efi"],
        ["martlet-999999-a.efi", "martlet-99999999999999999999999999-b.efi", "martlet-2147483647-b+1-2.efi"],
        ["martlet-0-a.efi", "martlet-0999999-b.efi", "martlet-999999-b+0-1.efi"],
    ])
    func numbersRunOut(names: [String]) throws {
        let files = try memoryFolder(names)
        let control = SystemdBootControl(files: files, booted: .b)
        #expect(try control.next() == .b)
        try control.activate(.a, tries: 3)
        #expect(try control.next() == .a)
        #expect(try control.status(of: .b).isBootable)
        let choice = try #require(try SystemdBootModel.choice(among: files.names()))
        let first = try #require(BootEntryName(choice))
        #expect(first.serial < 9)
        #expect(first.slot == .a)
    }

    @Test("A stranger with the last number is named")
    func lastNumber() throws {
        let control = SystemdBootControl(files: try memoryFolder(["martlet-4-a.efi", "martlet-999999.efi"]), booted: .a)
        #expect(
            throws: BootControlError.unreadable(reason: "the boot file martlet-999999.efi comes before every other")
        ) { try control.confirm(.a) }
    }

    @Test("Names made by chance never trap, and a change that succeeds does what it says")
    func oddNames() throws {
        var random = SeededRandom(text: nil)
        let pieces = ["martlet-", "a", "b", "-a", "-b", "+", "3-0", "0-1", "99999999999", "7", ".new", ".efi", "é", "-"]
        for _ in 0..<2_000 {
            let names = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                    .joined() + (Bool.random(using: &random) ? ".efi" : "")
            }
            let files = try memoryFolder(names + ["martlet-4-a.efi"])
            let control = SystemdBootControl(files: files, booted: .a)
            do {
                _ = try (control.status(of: .a), control.status(of: .b), control.next())
                try control.invalidate(.b)
                try control.confirm(.a)
                #expect(try control.next() == .a, "\(names), \(random)")
                try TestImage.write("b", as: "martlet-b.new", to: files)
                try control.activate(.b, tries: 2)
                #expect(try control.next() == .b, "\(names), \(random)")
            } catch let error as BootControlError {
                guard case .unreadable = error else { throw error }
            }
        }
    }
}
