import Testing
import UpdateLogic
import UpdateModel

@Suite("Judging an offer")
struct OfferTests {
    typealias Fixture = EngineFixture

    @Test("a newer release goes to the passive slot")
    func newer() {
        #expect(
            EngineRecord().judge(Fixture.offer(Fixture.two), boot: Fixture.boot(), isForced: false)
                == .install(into: .b))
    }

    @Test("the running version is nothing to do, unless forced")
    func same() {
        let offer = Fixture.offer(Fixture.one)
        #expect(EngineRecord().judge(offer, boot: Fixture.boot(), isForced: false) == .nothingToDo)
        #expect(EngineRecord().judge(offer, boot: Fixture.boot(), isForced: true) == .install(into: .b))
    }

    @Test("an older release is refused, unless forced")
    func downgrade() {
        let boot = Fixture.boot(running: Fixture.two)
        let offer = Fixture.offer(Fixture.one)
        #expect(
            EngineRecord().judge(offer, boot: boot, isForced: false)
                == .refused(.downgrade(offered: Fixture.one, running: Fixture.two)))
        #expect(EngineRecord().judge(offer, boot: boot, isForced: true) == .install(into: .b))
    }

    @Test(
        "invariant 4: nothing is written while the running boot is unproven, not even by force",
        arguments: [false, true])
    func unproven(isForced: Bool) {
        let boot = Fixture.boot(a: Fixture.tried)
        #expect(
            EngineRecord().judge(Fixture.offer(Fixture.two), boot: boot, isForced: isForced)
                == .refused(.bootUnproven(.a)))
    }

    @Test("invariant 5: what failed here is held by its payload and by its content, and released by force")
    func failedHere() {
        var record = EngineRecord()
        let hold = HeldRelease(
            version: Fixture.two, contentDigest: Fixture.digest(2), payloadDigest: Fixture.digest(0xAA),
            cause: .failedHere, reason: "it hung")
        record.held = [hold]
        #expect(
            record.judge(Fixture.offer(Fixture.two), boot: Fixture.boot(), isForced: false) == .refused(.held(hold)))
        #expect(record.hold(contentDigest: Fixture.digest(2)) == hold)
        #expect(record.hold(contentDigest: Fixture.digest(3)) == nil)
        let rebuilt = Fixture.offer(Fixture.two, payload: 0xBB)
        #expect(record.judge(rebuilt, boot: Fixture.boot(), isForced: false) == .install(into: .b))
        #expect(record.judge(Fixture.offer(Fixture.two), boot: Fixture.boot(), isForced: true) == .install(into: .b))
    }

    @Test("invariant 5: a version that a person left is held until a newer one comes")
    func rolledBack() {
        var record = EngineRecord()
        record.held = [
            HeldRelease(
                version: Fixture.two, contentDigest: nil, payloadDigest: nil, cause: .rolledBack, reason: "a person")
        ]
        let rebuilt = Fixture.offer(Fixture.two, payload: 0xBB)
        #expect(record.judge(rebuilt, boot: Fixture.boot(), isForced: false) != .install(into: .b))
        let newer = Fixture.offer(Fixture.three, payload: 0xCC)
        #expect(record.judge(newer, boot: Fixture.boot(), isForced: false) == .install(into: .b))
    }

    @Test("an image that calls itself something else than the server does is not fetched again and again")
    func misnamed() {
        var record = EngineRecord()
        record.slots[.a] = SlotContent(life: .good, version: Fixture.one, payloadDigest: Fixture.digest(0xAA))
        #expect(record.judge(Fixture.offer(Fixture.two), boot: Fixture.boot(), isForced: false) == .nothingToDo)
    }

    @Test("versions that cannot be ordered are taken")
    func unordered() {
        let offer = Fixture.offer(Fixture.version("nightly"))
        #expect(EngineRecord().judge(offer, boot: Fixture.boot(), isForced: false) == .install(into: .b))
    }

    @Test("what is staged already is not fetched again; another payload replaces it")
    func staged() {
        let record = Fixture.staged().record
        let boot = Fixture.boot(b: Fixture.fresh)
        #expect(record.judge(Fixture.offer(Fixture.two), boot: boot, isForced: false) == .nothingToDo)
        #expect(
            record.judge(Fixture.offer(Fixture.three, payload: 3), boot: boot, isForced: false) == .install(into: .b))
    }
}
