import FleetModel
import RolloutPlanning
import Testing
import UpdateModel

@Suite struct RampTests {
    @Test("a place is the same at every check, another at every release, and evenly spread")
    func placesAreStickyAndEven() {
        let places = (0..<10_000).map { RampPlace.of(machine: "machine-\($0)", version: "2.0.0") }
        #expect(places == (0..<10_000).map { RampPlace.of(machine: "machine-\($0)", version: "2.0.0") })
        #expect(places.allSatisfy { (0..<1).contains($0) })
        for tenth in 0..<10 {
            let count = places.count { Int($0 * 10) == tenth }
            #expect((850...1150).contains(count), "\(count) in tenth \(tenth)")
        }
        let next = (0..<10_000).map { RampPlace.of(machine: "machine-\($0)", version: "2.0.1") }
        let early = zip(places, next).count { $0 < 0.1 && $1 < 0.1 }
        #expect((50...150).contains(early), "\(early) machines are among the first tenth twice")
    }

    @Test(
        "the estimate is the first second at which the share exceeds the place",
        arguments: [
            Ramp.linear(seconds: 3600), .linear(seconds: 7), .linear(seconds: 86_400),
            .steps([
                .init(afterSeconds: 0, percent: 5), .init(afterSeconds: 60, percent: 50),
                .init(afterSeconds: 600, percent: 100),
            ]),
        ])
    func estimatesAreExact(ramp: Ramp) {
        for number in 0..<500 {
            let place = RampPlace.of(machine: "m\(number)", version: "1")
            guard let seconds = ramp.secondsUntil(shareExceeds: place) else {
                Issue.record("no end for \(place)")
                continue
            }
            #expect(ramp.share(after: seconds) > place)
            #expect(seconds == 0 || ramp.share(after: seconds - 1) <= place)
        }
    }

    @Test("a ramp that ends below 100 % has no estimate for those above")
    func unfinishedSteps() {
        let ramp = Ramp.steps([.init(afterSeconds: 10, percent: 20)])
        #expect(ramp.share(after: 9) == 0)
        #expect(ramp.share(after: 10) == 0.2)
        #expect(ramp.secondsUntil(shareExceeds: 0.5) == nil)
    }
}

@Suite struct GrantMeterTests {
    @Test(
        "Invariant 6: no interval of the rate's length holds more grants than its maximum",
        arguments: 0..<20 as Range<UInt64>)
    func neverTooMany(seed: UInt64) {
        var chance = SeededChance(seed: seed)
        let rate = GrantRate(maximum: 1 + chance.below(9), seconds: Int64(1 + chance.below(600)))
        var meter = GrantMeter(rate)
        var now = start
        var grants: [Timestamp] = []
        for _ in 0..<2000 {
            now = Timestamp(microseconds: now.microseconds + Int64(chance.below(20_000_000)))
            let free = meter.nextFree(rate, at: now)
            #expect(free.map { $0 > now } ?? true, "seed \(seed)")
            if free == nil {
                meter.count(rate, at: now)
                grants.append(now)
            }
            if let copy = GrantMeter(text: meter.text) { meter = copy } else { Issue.record("no text, seed \(seed)") }
        }
        let length = rate.seconds * 1_000_000
        for (index, last) in grants.enumerated() {
            let within = grants[...index].reversed().prefix { last.microseconds - $0.microseconds < length }.count
            #expect(within <= rate.maximum, "\(within) of \(rate.maximum), seed \(seed)")
        }
        #expect(grants.count > rate.maximum, "seed \(seed)")
    }

    @Test("the moment that is told is the first at which a grant is made")
    func estimateIsExact() throws {
        let rate = GrantRate(maximum: 2, seconds: 160)
        var meter = GrantMeter(rate)
        meter.count(rate, at: start)
        meter.count(rate, at: start.adding(seconds: 50))
        let free = try #require(meter.nextFree(rate, at: start.adding(seconds: 60)))
        #expect(meter.nextFree(rate, at: Timestamp(microseconds: free.microseconds - 1)) == free)
        #expect(meter.nextFree(rate, at: free) == nil)
        #expect((160...180).contains(free.seconds(since: start)))
    }

    @Test("another interval, and a clock that was set, forget no grant too early")
    func changesAreSafe() {
        var meter = GrantMeter(GrantRate(maximum: 1, seconds: 60))
        meter.count(GrantRate(maximum: 1, seconds: 60), at: start)
        let longer = GrantRate(maximum: 1, seconds: 3600)
        #expect(meter.nextFree(longer, at: start.adding(seconds: 3599)) != nil)
        #expect(meter.nextFree(longer, at: start.adding(seconds: 4200)) == nil)
        let shifted = meter.shifted(seconds: 86_400)
        #expect(shifted.nextFree(GrantRate(maximum: 1, seconds: 60), at: start.adding(seconds: 86_459)) != nil)
        #expect(meter.nextFree(GrantRate(maximum: 1, seconds: 60), at: start.adding(seconds: -86_400)) != nil)
    }
}
