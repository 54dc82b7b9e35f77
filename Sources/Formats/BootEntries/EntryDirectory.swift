package import SlotDevice
package import UpdateModel

/// What `EFI/Linux` holds, as the loader sees it at one moment.
package struct EntryDirectory: Hashable, Sendable {
    /// One of a slot's entries.
    package struct SlotEntry: Hashable, Sendable {
        package let file: LoaderFileName
        package let name: BootEntryName
    }

    /// All entries in the loader's order, ours and others.
    package let entries: [LoaderFileName]
    /// Everything in the directory, in lower case: FAT knows no other.
    private let taken: Set<String>
    private let stagedSlots: Set<Slot>
    /// Names of slots under which nothing lies: what a repair of the file system leaves behind.
    package let hollow: [SlotEntry]

    /// - Parameters:
    ///   - names: of all files.
    ///   - hollowNames: of those that are empty. The loader passes over them.
    package init(names: [String], hollowNames: Set<String> = []) {
        let files = names.compactMap(LoaderFileName.init)
        self.entries = systemdBootOrder(files.filter { !hollowNames.contains($0.text) }.map { LoaderEntry($0) })
            .map(\.name)
        self.hollow = files.filter { hollowNames.contains($0.text) }.compactMap(Self.slotEntry)
        self.taken = Set(names.map(\.lowercasedASCII))
        let whole = Set(names.filter { !hollowNames.contains($0) }.map(\.lowercasedASCII))
        self.stagedSlots = Set(Slot.allCases.filter { whole.contains(BootEntryName.stagedName(of: $0)) })
    }

    package init(reading files: any FileArea) throws(DeviceError) {
        let names = try files.names()
        var hollowNames: Set<String> = []
        for name in names where LoaderFileName(name) != nil || name.hasSuffix(".new") {
            if try files.open(name)?.sizeBytes ?? 0 == 0 { hollowNames.insert(name) }
        }
        self.init(names: names, hollowNames: hollowNames)
    }

    /// The entries of a slot in the loader's order: the first is the one that counts. More than one is left over from a
    /// power cut, or was put there by a person.
    package func entries(of slot: Slot) -> [SlotEntry] {
        entries.compactMap(Self.slotEntry).filter { $0.name.slot == slot }
    }

    /// What the loader boots now.
    package var choice: LoaderFileName? { systemdBootDefault(entries.map { LoaderEntry($0) })?.name }

    /// Whether an image for the slot lies there that no activation has made an entry yet.
    package func isStaged(_ slot: Slot) -> Bool { stagedSlots.contains(slot) }

    /// Whether the name is in use.
    package func contains(_ name: String) -> Bool { taken.contains(name.lowercasedASCII) }

    private static func slotEntry(_ file: LoaderFileName) -> SlotEntry? {
        BootEntryName(file).map { SlotEntry(file: file, name: $0) }
    }
}

extension BootEntryName {
    /// The file that `slot` boots from now; `nil` when it has none.
    package static func current(of slot: Slot, in files: any FileArea) throws(DeviceError) -> String? {
        try EntryDirectory(reading: files).entries(of: slot).first?.file.text
    }
}
