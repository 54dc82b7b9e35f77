package import BootControl
import BootEntries
package import SlotDevice
package import UpdateModel

/// Steers systemd-boot through the names of the files in `EFI/Linux`; ``BootEntryName`` has their form.
///
/// Every change is one rename, or the removal of what does not boot any more. FAT has no journal, but a directory of a
/// few short names lies within one sector, and a rename rewrites that sector: a power cut leaves the old name or the
/// new one. (`DirectoryFileArea` sees to it that the sector is written once, and whole.) Content is flushed before it
/// gets the name of an entry.
///
/// A slot may still be found with two entries: put there by a person, or by a cut where the directory had grown beyond
/// a sector. The two names of such a rename share their clusters, and removing one would free what the other boots
/// from; from the names alone this cannot be told from a copy. So the entry that the loader prefers counts; the others
/// are marked bad, and removed only together with it, when the slot is about to be overwritten. Two names that share
/// clusters always belong to one slot.
package struct SystemdBootControl: BootControl {
    package let booted: Slot
    let files: any FileArea

    /// - Parameters:
    ///   - files: the directory `EFI/Linux` of the EFI system partition.
    ///   - booted: the slot that is running.
    package init(files: any FileArea, booted: Slot) {
        self.booted = booted
        self.files = files
    }

    package func status(of slot: Slot) throws(BootControlError) -> SlotBootStatus {
        let directory = try read()
        guard let entry = directory.entries(of: slot).first else {
            return SlotBootStatus(priority: 0, triesLeft: 0, isSuccessful: false)
        }
        let others = directory.entries(of: slot.other)
        let isFirst = others.isEmpty || directory.order(of: slot) < directory.order(of: slot.other)
        let priority = isFirst && !others.isEmpty ? 2 : 1
        return switch entry.name.state {
        case .good: SlotBootStatus(priority: priority, triesLeft: 0, isSuccessful: true)
        case .counted(let left): SlotBootStatus(priority: priority, triesLeft: left, isSuccessful: false)
        case .bad: SlotBootStatus(priority: 1, triesLeft: 0, isSuccessful: false)
        }
    }

    /// `nil` also when the loader would take a file that belongs to no slot.
    package func next() throws(BootControlError) -> Slot? { try read().next }

    /// Bad first, then gone: the name and the clusters of a file that is removed reach the disk one after the other, in
    /// any order, and a cut between them leaves an entry without content. It must not be one that the loader prefers.
    ///
    /// What is being written under the slot's staged name stays: no loader sees it, and an installation that goes on after
    /// a power cut needs it.
    package func invalidate(_ slot: Slot) throws(BootControlError) {
        guard slot != booted else { throw .isRunning(slot) }
        // What the loader prefers goes last: until then it sees what it saw before.
        for entry in try read().entries(of: slot).reversed() { try retire(entry) }
        let directory = try read()
        let names = (directory.hollow.filter { $0.name.slot == slot } + directory.entries(of: slot)).map(\.file.text)
        for name in names {
            try attempt { () throws(DeviceError) in try files.remove(name) }
        }
    }

    package func activate(_ slot: Slot, tries: Int) throws(BootControlError) {
        precondition((1...15).contains(tries), "tries are 1 to 15")
        let counter = BootCounter(left: tries, done: 0)
        try retireAllButFirst(of: slot)
        let serial = try nextSerial()
        let directory = try read()
        let former = directory.entries(of: slot).first
        let name = BootEntryName(serial: serial, slot: slot, counter: counter)
        guard directory.isStaged(slot) else {
            guard let former else { throw .nothingToBoot(slot) }
            return try rename(former.file.text, to: name)
        }
        try rename(BootEntryName.stagedName(of: slot), to: name)
        if let former { try retire(former) }
    }

    package func confirm(_ slot: Slot) throws(BootControlError) {
        try retireAllButFirst(of: slot)
        let directory = try read()
        guard let entry = directory.entries(of: slot).first else { throw .nothingToBoot(slot) }
        if directory.choice == entry.file {
            guard entry.name.state != .good else { return }
            let name = BootEntryName(serial: entry.name.serial, slot: slot)
            if !directory.contains(name.description) { return try rename(entry.file.text, to: name) }
        }
        let name = BootEntryName(serial: try nextSerial(), slot: slot)
        guard let current = try read().entries(of: slot).first else { throw .nothingToBoot(slot) }
        try rename(current.file.text, to: name)
    }

    package func reject(_ slot: Slot) throws(BootControlError) {
        try requireFallback(for: slot)
        try retireAllButFirst(of: slot)
        if let entry = try read().entries(of: slot).first { try retire(entry) }
    }

    package func spendTries(of slot: Slot) throws(BootControlError) {
        try requireFallback(for: slot)
        try retireAllButFirst(of: slot)
        guard let entry = try read().entries(of: slot).first else { throw .nothingToBoot(slot) }
        try retire(entry)
    }

    func read() throws(BootControlError) -> EntryDirectory {
        try attempt { () throws(DeviceError) in try EntryDirectory(reading: files) }
    }

    /// Never onto a name in use: that would free what it names.
    func rename(_ file: String, to name: BootEntryName) throws(BootControlError) {
        try attempt { () throws(DeviceError) in try files.rename(file, to: name.description) }
    }

    private func requireFallback(for slot: Slot) throws(BootControlError) {
        guard try status(of: slot.other).isBootable else { throw .nothingToFallBackTo(slot.other) }
    }

    private func attempt<Value>(_ body: () throws(DeviceError) -> Value) throws(BootControlError) -> Value {
        do { return try body() } catch { throw .device(error) }
    }
}

extension EntryDirectory {
    /// The slot that the loader starts; `nil` when it finds nothing but bad entries, or prefers a stranger's.
    var next: Slot? {
        guard let choice, choice.state != .bad else { return nil }
        return BootEntryName(choice)?.slot
    }

    /// The place of the slot's entry among all; behind them when it has none.
    func order(of slot: Slot) -> Int {
        entries.firstIndex { BootEntryName($0)?.slot == slot } ?? entries.count
    }
}
