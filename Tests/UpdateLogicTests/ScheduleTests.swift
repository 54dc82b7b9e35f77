import Testing
import UpdateLogic

/// Repeatable chance (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("The check schedule")
struct ScheduleTests {
    private let schedule = CheckSchedule.stock

    @Test("a normal wait lies within half the jitter around the interval", arguments: 0..<50)
    func normal(chance: UInt64) {
        var generator = Seeded(state: chance)
        let delay = schedule.nextDelay(failuresInRow: 0, requested: nil, using: &generator)
        #expect(delay >= .seconds(2400) && delay <= .seconds(3000))
    }

    @Test("failures double the wait, up to the longest")
    func backOff() {
        var generator = Seeded(state: 7)
        let one = schedule.nextDelay(failuresInRow: 1, requested: nil, using: &generator)
        #expect(one >= .seconds(2700) && one <= .seconds(8100))
        for failures in [5, 100, .max] {
            let many = schedule.nextDelay(failuresInRow: failures, requested: nil, using: &generator)
            #expect(many >= .seconds(7200) && many <= .seconds(21600))
        }
    }

    @Test("a server can ask for patience, not for haste, and not for more than the longest wait")
    func requested() {
        var generator = Seeded(state: 7)
        let hasty = schedule.nextDelay(failuresInRow: 0, requested: .seconds(1), using: &generator)
        #expect(hasty >= .seconds(2400))
        let patient = schedule.nextDelay(failuresInRow: 0, requested: .seconds(10_000_000), using: &generator)
        #expect(patient <= .seconds(21600))
    }

    @Test("no delay is ever negative", arguments: 0..<50)
    func positive(seed: UInt64) {
        var generator = Seeded(state: seed)
        let tight = CheckSchedule(
            initialDelay: .zero, interval: .milliseconds(100), jitter: .seconds(9), intervalMax: .seconds(1))
        #expect(tight.firstDelay(using: &generator) >= .zero)
        #expect(tight.nextDelay(failuresInRow: 3, requested: nil, using: &generator) >= .zero)
    }
}

@Suite("The transfer limit")
struct TransferLimiterTests {
    @Test("over any long run the rate is exact")
    func exact() {
        var now = Duration.zero
        var limiter = TransferLimiter(bytesPerSecond: 1_000_000, now: now)
        for _ in 0..<1000 { now += limiter.received(65_536, now: now) }
        let expected = Duration.seconds(65.536)
        #expect(now > expected * 0.99 && now < expected * 1.01)
    }

    @Test("idle time is worth a tenth of a second at most")
    func burst() {
        var limiter = TransferLimiter(bytesPerSecond: 1000, now: .zero)
        #expect(limiter.received(100, now: .seconds(3600)) == .zero)
        #expect(limiter.received(100, now: .seconds(3600)) == .milliseconds(100))
    }

    @Test("no limit, no wait")
    func unlimited() {
        var limiter = TransferLimiter(bytesPerSecond: 0, now: .zero)
        #expect(limiter.received(.max, now: .zero) == .zero)
    }
}

@Suite("The watch for connections that stall or drip")
struct StallWatchTests {
    @Test("silence of the whole limit is a stall, less is not")
    func silence() {
        var watch = StallWatch(limit: .seconds(90))
        watch.waitBegan(now: .seconds(5))
        #expect(!watch.isStalled(now: .seconds(94)))
        #expect(watch.isStalled(now: .seconds(95)))
    }

    @Test("less than ten bytes a second over the limit is a stall; ten are enough")
    func drip() {
        for (bytes, isStalled) in [(9, true), (10, false)] {
            var watch = StallWatch(limit: .seconds(90))
            for second in 0..<90 {
                watch.waitBegan(now: .seconds(second))
                watch.waitEnded(bringing: bytes, now: .seconds(second + 1))
            }
            #expect(watch.isStalled(now: .seconds(90)) == isStalled, "\(bytes) bytes a second")
        }
    }

    @Test("time that is spent elsewhere does not count")
    func elsewhere() {
        var watch = StallWatch(limit: .seconds(90))
        watch.waitBegan(now: .zero)
        watch.waitEnded(bringing: 1, now: .seconds(1))
        #expect(!watch.isStalled(now: .seconds(10_000)))
    }
}
