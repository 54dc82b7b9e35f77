import BootControl
import BootEntries
import UpdateModel

extension SystemdBootControl {
    /// A serial number above all that are there, so that the entry that gets it comes first.
    ///
    /// When the numbers run out, after a million activations or because of an odd name, the entries of the slots are
    /// numbered anew from below, in an order that never changes which one comes first.
    /// - Throws: ``BootControlError/unreadable(reason:)`` when a file that belongs to no slot claims the last number.
    func nextSerial() throws(BootControlError) -> Int {
        if let serial = try read().nextSerial { return serial }
        for slot in Slot.allCases { try retireAllButFirst(of: slot) }
        try renumber()
        if let serial = try read().nextSerial { return serial }
        let stranger = try read().entries.first { BootEntryName($0) == nil && BootEntryName.isDefault($0) }
        throw .unreadable(reason: "the boot file \(stranger?.text ?? "") comes before every other")
    }

    /// Gives the entries of the slots the lowest numbers that keep their order at every step.
    private func renumber() throws(BootControlError) {
        let directory = try read()
        let entries = Slot.allCases.flatMap { directory.entries(of: $0) }
        var (before, given) = (0, 0)
        for entry in entries.sorted(by: { $0.name.serial < $1.name.serial }) {
            let serial = entry.name.serial
            given = serial == before ? given : min(serial, given + 1)
            before = serial
            guard serial != given else { continue }
            let wanted = BootEntryName(serial: given, slot: entry.name.slot, counter: entry.name.counter)
            try rename(entry.file.text, to: try read().free(wanted))
        }
    }

    /// Marks all entries of the slot bad, except the one that the loader prefers, last ones first.
    func retireAllButFirst(of slot: Slot) throws(BootControlError) {
        for entry in try read().entries(of: slot).dropFirst().reversed() { try retire(entry) }
    }

    /// Leaves an entry no try. It keeps its place behind all good ones, and its content.
    func retire(_ entry: EntryDirectory.SlotEntry) throws(BootControlError) {
        guard entry.name.state != .bad else { return }
        let done = min((entry.name.counter?.done ?? 0) + 1, BootCounter.valueMax)
        let spent = BootEntryName(
            serial: entry.name.serial, slot: entry.name.slot, counter: BootCounter(left: 0, done: done))
        try rename(entry.file.text, to: try read().free(spent))
    }
}

extension EntryDirectory {
    /// `nil` when the highest number is in use.
    var nextSerial: Int? {
        let highest = entries.compactMap { BootEntryName.claimedSerial(of: $0) }.max() ?? 0
        return highest < BootEntryName.serialMax ? highest + 1 : nil
    }

    /// `name`, or when it is in use the next one that differs only in the tries done.
    func free(_ name: BootEntryName) -> BootEntryName {
        var name = name
        while contains(name.description), let counter = name.counter {
            name = BootEntryName(
                serial: name.serial, slot: name.slot,
                counter: BootCounter(left: counter.left, done: (counter.done + 1) % BootCounter.valueMax))
        }
        return name
    }
}
