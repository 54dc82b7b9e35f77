import BootControl
import BootSlots
import PartitionTable
import UpdateModel

/// The entries of the two slots within a table.
struct SlotEntries {
    private(set) var table: GUIDPartitionTable
    /// Places in the table of everything that the boot loader takes for a slot, in its order.
    private let candidates: [Int]
    /// Places within `candidates`.
    private let slotA: Int
    private let slotB: Int

    /// - Throws: ``BootControlError/unreadable(reason:)`` unless each slot is there exactly once.
    init(_ table: GUIDPartitionTable) throws(BootControlError) {
        self.table = table
        self.candidates = table.entries.indices.filter { table.entries[$0].typeID == FlatcarPartition.usrType }
        self.slotA = try Self.place(of: .a, in: candidates.map { table.entries[$0] })
        self.slotB = try Self.place(of: .b, in: candidates.map { table.entries[$0] })
        guard slotA != slotB else { throw .unreadable(reason: "one partition claims to be both slots") }
    }

    /// By unique id, which is the same in every image and which the boot loader goes by; by label where an installation
    /// has given its partitions ids of their own.
    private static func place(of slot: Slot, in entries: [PartitionEntry]) throws(BootControlError) -> Int {
        let label = FlatcarPartition.usrLabel(of: slot)
        let known = entries.indices.filter { entries[$0].uniqueID == FlatcarPartition.usrUniqueID(of: slot) }
        let found = known.isEmpty ? entries.indices.filter { entries[$0].name == label } : known
        guard let place = found.first else { throw .unreadable(reason: "the disk has no partition \(label)") }
        guard found.count == 1 else { throw .unreadable(reason: "the disk has \(found.count) partitions \(label)") }
        return place
    }

    private func place(of slot: Slot) -> Int { slot == .a ? slotA : slotB }

    func entry(of slot: Slot) -> PartitionEntry { table.entries[candidates[place(of: slot)]] }

    func attributes(of slot: Slot) -> PartitionAttributes { entry(of: slot).attributes }

    /// `nil` when nothing boots, or something that is neither slot.
    var next: Slot? {
        guard let chosen = BootPriorities.next(allAttributes) else { return nil }
        return Slot.allCases.first { place(of: $0) == chosen }
    }

    mutating func activate(_ slot: Slot, tries: Int) {
        replaceAttributes(BootPriorities.activating(place(of: slot), tries: tries, among: allAttributes))
    }

    mutating func confirm(_ slot: Slot) {
        replaceAttributes(BootPriorities.confirming(place(of: slot), among: allAttributes))
    }

    mutating func disable(_ slot: Slot) {
        replaceAttributes(BootPriorities.disabling(place(of: slot), among: allAttributes))
    }

    /// Leaves the slot its priority, and no reason to boot it.
    mutating func spend(_ slot: Slot) {
        var attributes = allAttributes
        attributes[place(of: slot)].triesLeft = 0
        attributes[place(of: slot)].isSuccessful = false
        replaceAttributes(attributes)
    }

    private var allAttributes: [PartitionAttributes] { candidates.map { table.entries[$0].attributes } }

    private mutating func replaceAttributes(_ attributes: [PartitionAttributes]) {
        for (place, value) in zip(candidates, attributes) { table.entries[place].attributes = value }
    }
}
