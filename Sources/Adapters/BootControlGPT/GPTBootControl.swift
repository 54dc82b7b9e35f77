package import BootControl
import BootSlots
package import PartitionTable
package import SlotDevice
package import UpdateModel

/// Steers GRUB's `gptprio.next` through the priority, tries and successful bits of the slots' partition entries.
///
/// Works on one disk and sees no other: the slots of two Flatcar disks bear the same names, so they are told apart only
/// by where they lie. Each change is one ``PartitionedDisk`` transaction.
///
/// Source: `flatcar/update_engine:flatcar-setgoodroot` and `flatcar-postinst`, which this replaces.
package struct GPTBootControl: BootControl {
    package let booted: Slot
    private let disk: PartitionedDisk

    /// - Parameters:
    ///   - device: the whole disk that holds the running system.
    ///   - booted: the slot that is running.
    package init(device: any BlockDevice, booted: Slot) {
        self.booted = booted
        self.disk = PartitionedDisk(device)
    }

    package func status(of slot: Slot) throws(BootControlError) -> SlotBootStatus {
        let attributes = try slots().attributes(of: slot)
        return SlotBootStatus(
            priority: attributes.priority, triesLeft: attributes.triesLeft, isSuccessful: attributes.isSuccessful)
    }

    package func next() throws(BootControlError) -> Slot? { try slots().next }

    package func invalidate(_ slot: Slot) throws(BootControlError) {
        guard slot != booted else { throw .isRunning(slot) }
        try change { slots throws(BootControlError) in slots.disable(slot) }
    }

    package func activate(_ slot: Slot, tries: Int) throws(BootControlError) {
        precondition((1...PartitionAttributes.fieldMax).contains(tries), "tries are 1 to 15")
        try change { slots throws(BootControlError) in slots.activate(slot, tries: tries) }
    }

    package func confirm(_ slot: Slot) throws(BootControlError) {
        try change { slots throws(BootControlError) in slots.confirm(slot) }
    }

    package func reject(_ slot: Slot) throws(BootControlError) {
        try change { slots throws(BootControlError) in
            guard BootPriorities.isBootable(slots.attributes(of: slot.other)) else {
                throw .nothingToFallBackTo(slot.other)
            }
            slots.disable(slot)
        }
    }

    package func spendTries(of slot: Slot) throws(BootControlError) {
        try change { slots throws(BootControlError) in
            guard BootPriorities.isBootable(slots.attributes(of: slot.other)) else {
                throw .nothingToFallBackTo(slot.other)
            }
            slots.spend(slot)
        }
    }

    /// The slot's partition, as a device of its own.
    package func slotDevice(_ slot: Slot) throws(BootControlError) -> DeviceRegion {
        let entry = try slots().entry(of: slot)
        do { return try entry.region(of: disk.device) } catch { throw .device(error) }
    }

    /// The state of the table's two copies, for a report.
    package func tableCondition() throws(BootControlError) -> TableCondition {
        do { return try disk.read().condition } catch { throw BootControlError(error) }
    }

    /// Makes both copies of the table valid and equal; writes nothing when they are.
    package func repairTable() throws(BootControlError) {
        do { try disk.repair() } catch { throw BootControlError(error) }
    }

    private func slots() throws(BootControlError) -> SlotEntries {
        let table: GUIDPartitionTable
        do { table = try disk.read().table } catch { throw BootControlError(error) }
        return try SlotEntries(table)
    }

    private func change(_ body: (inout SlotEntries) throws(BootControlError) -> Void) throws(BootControlError) {
        let result: Result<TableReading, BootControlError>
        do {
            result = try disk.update { table throws(BootControlError) in
                var slots = try SlotEntries(table)
                try body(&slots)
                table = slots.table
            }
        } catch {
            throw BootControlError(error)
        }
        _ = try result.get()
    }
}

extension BootControlError {
    init(_ error: PartitionTableError) {
        switch error {
        case .device(let error): self = .device(error)
        case .noTable, .diskShrunk, .invalid, .noRoom, .notAsWritten:
            self = .unreadable(reason: Self.clause(error.userMessage.text))
        }
    }

    /// A sentence as part of another one.
    private static func clause(_ sentence: String) -> String {
        let bare = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        return bare.prefix(1).lowercased() + bare.dropFirst()
    }
}
