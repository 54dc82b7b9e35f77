package import PartitionTable

/// The rules by which GRUB's `gptprio.next` chooses among the slots of a disk, and the changes that steer it.
///
/// Each function takes the attributes of all slots in table order and returns the new ones: the caller writes them in
/// one transaction. A change to one slot keeps the order of the others.
///
/// Source: `flatcar/scripts:…/user-patches/sys-boot/grub/grub-2.12-add-gpt-partition-scheme.patch`;
/// `flatcar/seismograph:src/cgpt/cgpt_prioritize.c`.
package enum BootPriorities {
    /// The slot that the loader takes: the highest priority among those with tries left or proven good; of equals the
    /// first. Priority 0 never boots. `nil` when no slot may boot.
    package static func next(_ slots: [PartitionAttributes]) -> Int? {
        var best: Int?
        for (index, slot) in slots.enumerated() where isBootable(slot) {
            if best.map({ slots[$0].priority < slot.priority }) ?? true { best = index }
        }
        return best
    }

    package static func isBootable(_ slot: PartitionAttributes) -> Bool {
        slot.priority > 0 && (slot.triesLeft > 0 || slot.isSuccessful)
    }

    /// What the loader leaves behind in the slot that it takes: one try less, if it had any.
    package static func afterLoaderTook(_ slot: PartitionAttributes) -> PartitionAttributes {
        var taken = slot
        taken.triesLeft = max(0, slot.triesLeft - 1)
        return taken
    }

    /// Puts the slot at `index` first, to be tried `tries` times and not yet good. The others stay as fall-backs.
    package static func activating(
        _ index: Int, tries: Int, among slots: [PartitionAttributes]
    ) -> [PartitionAttributes] {
        var changed = prioritizing(index, among: slots)
        changed[index].triesLeft = tries
        changed[index].isSuccessful = false
        return changed
    }

    /// Marks the slot at `index` good, and puts it first.
    package static func confirming(_ index: Int, among slots: [PartitionAttributes]) -> [PartitionAttributes] {
        var changed = prioritizing(index, among: slots)
        changed[index].triesLeft = 0
        changed[index].isSuccessful = true
        return changed
    }

    /// Makes the slot at `index` unbootable: before it is overwritten, or because it is bad.
    package static func disabling(_ index: Int, among slots: [PartitionAttributes]) -> [PartitionAttributes] {
        var changed = slots
        changed[index].priority = 0
        changed[index].triesLeft = 0
        changed[index].isSuccessful = false
        return changed
    }

    /// Gives the slot at `index` the highest priority and renumbers the rest below it in their order, equals staying
    /// equal, from as low as possible, so that priorities never run out. A slot with priority 0 keeps it.
    package static func prioritizing(_ index: Int, among slots: [PartitionAttributes]) -> [PartitionAttributes] {
        let others = slots.indices.filter { $0 != index && slots[$0].priority > 0 }
        let ranks = Set(others.map { slots[$0].priority }).sorted()
        var changed = slots
        // More ranks than numbers are possible only with sixteen slots and more; the lowest then share priority 1.
        let shift = max(0, ranks.count + 1 - PartitionAttributes.fieldMax)
        for other in others {
            let rank = ranks.firstIndex(of: slots[other].priority) ?? 0
            changed[other].priority = max(1, rank + 1 - shift)
        }
        changed[index].priority = ranks.count + 1
        return changed
    }
}
