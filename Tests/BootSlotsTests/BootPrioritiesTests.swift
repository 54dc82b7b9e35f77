import BootSlots
import FleetTestKit
import PartitionTable
import Testing

private func slot(_ priority: Int, _ tries: Int, _ isSuccessful: Int) -> PartitionAttributes {
    PartitionAttributes(priority: priority, triesLeft: tries, isSuccessful: isSuccessful == 1)
}

@Suite struct BootPrioritiesTests {
    @Test(
        "The loader takes the highest priority that may boot, and of equals the first",
        arguments: [
            ([], nil),
            ([slot(0, 0, 0), slot(0, 0, 0)], nil),
            ([slot(0, 15, 1), slot(0, 0, 1)], nil),
            ([slot(1, 0, 1), slot(0, 0, 0)], 0),
            ([slot(1, 0, 1), slot(2, 1, 0)], 1),
            ([slot(1, 0, 1), slot(2, 0, 0)], 0),
            ([slot(2, 0, 1), slot(2, 0, 1)], 0),
            ([slot(1, 1, 0), slot(2, 0, 1)], 1),
            ([slot(15, 0, 0), slot(1, 1, 0), slot(1, 2, 1)], 1),
            ([slot(3, 0, 0), slot(2, 0, 0)], nil),
        ] as [([PartitionAttributes], Int?)])
    func next(_ slots: [PartitionAttributes], chosen: Int?) {
        #expect(BootPriorities.next(slots) == chosen)
    }

    @Test("Taking a slot uses up one try, if there is one")
    func afterLoaderTook() {
        #expect(BootPriorities.afterLoaderTook(slot(2, 1, 0)) == slot(2, 0, 0))
        #expect(BootPriorities.afterLoaderTook(slot(2, 3, 1)) == slot(2, 2, 1))
        #expect(BootPriorities.afterLoaderTook(slot(1, 0, 1)) == slot(1, 0, 1))
    }

    @Test(
        "Putting a slot first renumbers the rest as cgpt does",
        arguments: [
            ([slot(1, 0, 1), slot(0, 0, 0)], 1, [1, 2]),
            ([slot(1, 0, 1), slot(2, 0, 0)], 0, [2, 1]),
            ([slot(1, 0, 1), slot(0, 0, 0)], 0, [1, 0]),
            ([slot(0, 0, 0), slot(0, 0, 0)], 1, [0, 1]),
            ([slot(15, 0, 1), slot(14, 0, 1)], 1, [1, 2]),
            ([slot(9, 0, 1), slot(4, 0, 1), slot(9, 0, 1), slot(0, 0, 0)], 3, [2, 1, 2, 3]),
        ] as [([PartitionAttributes], Int, [Int])])
    func prioritizing(_ slots: [PartitionAttributes], index: Int, priorities: [Int]) {
        #expect(BootPriorities.prioritizing(index, among: slots).map(\.priority) == priorities)
    }

    @Test("The whole journey of an update looks on disk as Flatcar's own does")
    func journey() {
        var slots = [slot(1, 0, 1), slot(0, 0, 0)]
        slots = BootPriorities.activating(1, tries: 1, among: slots)
        #expect(slots.map(\.rawValue) == [0x0101_0000_0000_0000, 0x0012_0000_0000_0000])
        slots[1] = BootPriorities.afterLoaderTook(slots[1])
        #expect(slots[1].rawValue == 0x0002_0000_0000_0000)
        #expect(BootPriorities.next(slots) == 0)
        let confirmed = BootPriorities.confirming(1, among: slots)
        #expect(confirmed.map(\.rawValue) == [0x0101_0000_0000_0000, 0x0102_0000_0000_0000])
        #expect(BootPriorities.disabling(1, among: slots)[1].rawValue == 0)
    }

    @Test("From any state, an activated slot is first, the others keep their order and their right to boot")
    func activationProperties() {
        var random = SeededRandom(seed: 99)
        for _ in 0..<2000 {
            let count = Int.random(in: 2...20, using: &random)
            let slots = (0..<count).map { _ in PartitionAttributes(rawValue: random.next()) }
            let index = Int.random(in: 0..<count, using: &random)
            let changed = BootPriorities.activating(index, tries: 3, among: slots)
            #expect(BootPriorities.next(changed) == index)
            #expect(changed[index].triesLeft == 3 && !changed[index].isSuccessful)
            for other in slots.indices where other != index {
                #expect(BootPriorities.isBootable(changed[other]) == BootPriorities.isBootable(slots[other]))
                #expect(changed[other].priority < changed[index].priority)
                for third in slots.indices where third != index && slots[other].priority < slots[third].priority {
                    #expect(changed[other].priority <= changed[third].priority)
                }
            }
            let namedBits: UInt64 = 0x1FF << 48
            #expect(zip(slots, changed).allSatisfy { ($0.rawValue ^ $1.rawValue) & ~namedBits == 0 })
        }
    }
}
