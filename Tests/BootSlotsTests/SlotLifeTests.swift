import BootSlots
import Testing

@Suite struct SlotLifeTests {
    @Test(
        "A slot's life follows from what is durable",
        arguments: [
            (0, 0, false, false, .none, .empty),
            (0, 0, false, false, .writing, .writing),
            (0, 0, false, false, .written, .written),
            (2, 1, false, false, .activated, .trying),
            (2, 0, false, true, .activated, .trying),
            (2, 0, false, false, .activated, .bad),
            (2, 0, true, true, .activated, .good),
            (1, 0, true, false, .none, .good),
            (0, 0, false, false, .rejected, .bad),
            (2, 0, false, false, .none, .bad),
            (2, 0, false, true, .none, .trying),
        ] as [(Int, Int, Bool, Bool, SlotRecord, SlotLife)])
    func life(
        priority: Int, tries: Int, isSuccessful: Bool, isRunning: Bool, record: SlotRecord, life: SlotLife
    ) {
        let facts = SlotFacts(
            priority: priority, triesLeft: tries, isSuccessful: isSuccessful, isRunning: isRunning, record: record)
        #expect(facts.life == life)
    }

    @Test(
        "Power lost between a record and its act leaves the older or the newer life, never nonsense",
        arguments: [
            // Noted, not yet invalidated: not a byte has been written.
            (1, 0, true, .writing, .good),
            // Activated, not yet noted.
            (2, 1, false, .written, .trying),
            // Activated anew after a rejection, not yet noted.
            (2, 1, false, .rejected, .trying),
            // Invalidated for a new image, the old record still there.
            (0, 0, false, .activated, .bad),
        ] as [(Int, Int, Bool, SlotRecord, SlotLife)])
    func betweenRecordAndAct(priority: Int, tries: Int, isSuccessful: Bool, record: SlotRecord, life: SlotLife) {
        let facts = SlotFacts(
            priority: priority, triesLeft: tries, isSuccessful: isSuccessful, isRunning: false, record: record)
        #expect(facts.life == life)
    }

    @Test("What may boot is never called bad, empty or unfinished")
    func bootableIsTryingOrGood() {
        for record in SlotRecord.allCases {
            for isRunning in [false, true] {
                for (tries, isSuccessful) in [(1, false), (0, true), (3, true)] {
                    let facts = SlotFacts(
                        priority: 1, triesLeft: tries, isSuccessful: isSuccessful, isRunning: isRunning, record: record)
                    #expect(facts.life == (isSuccessful ? .good : .trying))
                }
            }
        }
    }
}
