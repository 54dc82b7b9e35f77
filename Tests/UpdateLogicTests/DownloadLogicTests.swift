import Testing
import UpdateLogic

@Suite("Limits by the hour")
struct TransferLimitsTests {
    private func rate(_ hours: String, _ days: String, _ day: Weekday, _ time: String) throws -> UInt64 {
        let rule = TransferLimits.Rule(
            hours: try #require(DaySpan(hours)), days: try #require(Weekday.days(days)), bytesPerSecond: 7)
        let parts = time.split(separator: ":").compactMap { Int($0) }
        let moment = LocalTime(weekday: day, sinceMidnight: .seconds(parts[0] * 3600 + parts[1] * 60 + parts[2]))
        return TransferLimits(standard: 1, rules: [rule]).bytesPerSecond(at: moment)
    }

    @Test(
        "begin and end on the second, on their days only",
        arguments: [
            ("08:00-18:00", "mon-fri", Weekday.monday, "08:00:00", true),
            ("08:00-18:00", "mon-fri", .monday, "07:59:59", false),
            ("08:00-18:00", "mon-fri", .friday, "17:59:59", true),
            ("08:00-18:00", "mon-fri", .friday, "18:00:00", false),
            ("08:00-18:00", "mon-fri", .saturday, "12:00:00", false),
            ("22:00-06:00", "fri", .friday, "23:00:00", true), ("22:00-06:00", "fri", .saturday, "05:59:59", true),
            ("22:00-06:00", "fri", .friday, "05:00:00", false), ("22:00-06:00", "fri", .saturday, "22:00:00", false),
            ("00:00-24:00", "sat,sun", .sunday, "23:59:59", true),
            ("10:00-11:00", "sun-mon", .monday, "10:30:00", true),
            ("22:00-06:00", "sun", .monday, "03:00:00", true), ("12:30-00:00", "mon", .monday, "23:59:59", true),
        ])
    func hours(hours: String, days: String, day: Weekday, time: String, counts: Bool) throws {
        #expect(try rate(hours, days, day, time) == (counts ? 7 : 1))
    }

    @Test(
        "that make no sense are none",
        arguments: ["", "8-18", "08:00-08:00", "24:00-01:00", "08:60-09:00", "08:00-25:00"])
    func badHours(text: String) { #expect(DaySpan(text) == nil) }

    @Test("of days that make no sense are none", arguments: ["", "mo", "mon-", "mon,", "mon-tue-wed", "1-5"])
    func badDays(text: String) { #expect(Weekday.days(text) == nil) }

    @Test("the next minute is at most a minute away")
    func nextMinute() {
        #expect(LocalTime(weekday: .monday, sinceMidnight: .seconds(59.5)).untilNextMinute == .seconds(0.5))
        #expect(LocalTime(weekday: .monday, sinceMidnight: .seconds(60)).untilNextMinute == .seconds(60))
    }
}

@Suite("The transfer limit that changes")
struct ChangingLimitTests {
    @Test("keeps what is owed, and counts it at the new rate")
    func owed() {
        var limiter = TransferLimiter(bytesPerSecond: 1000, now: .zero)
        #expect(limiter.received(10_000, now: .zero) == .seconds(10))
        limiter.setRate(2000, now: .seconds(4))
        #expect(limiter.wait(now: .seconds(4)) == .seconds(3))
        limiter.setRate(0, now: .seconds(5))
        #expect(limiter.wait(now: .seconds(5)) == .zero)
        limiter.setRate(1000, now: .seconds(6))
        #expect(limiter.received(500, now: .seconds(6)) == .milliseconds(500))
    }

    @Test("is exact to the last attosecond over odd rates and odd pieces", arguments: [1, 3, 7, 999_983] as [UInt64])
    func exact(rate: UInt64) {
        var limiter = TransferLimiter(bytesPerSecond: rate, now: .zero)
        var now = Duration.zero
        var bytes: Int128 = 0
        for piece in 1...2000 {
            bytes += Int128(piece)
            now += limiter.received(piece, now: now)
        }
        let second: Int128 = 1_000_000_000_000_000_000
        #expect(now.attoseconds == (bytes * second + Int128(rate) - 1) / Int128(rate))
    }
}

@Suite("The choice of a mirror")
struct MirrorChoiceTests {
    private func choice(
        _ mirrors: [String], _ failures: MirrorFailures = .init(), attempts: Int = 100
    ) -> MirrorChoice {
        MirrorChoice(mirrors: mirrors, failures: failures, attempts: attempts, pauseMax: .seconds(60))
    }

    private func next(_ choice: MirrorChoice, at now: Duration = .zero) -> Int? {
        choice.next(now: now, wallClock: 1000)?.mirror
    }

    private func fail(
        _ mirror: Int, _ choice: inout MirrorChoice, _ fault: MirrorChoice.Fault = .passing(retryAfter: nil),
        fruitful: Bool = false, at now: Duration = .zero, chance: Double = 1
    ) {
        choice.failed(mirror, fault, wasFruitful: fruitful, now: now, wallClock: 1000, chance: chance)
    }

    @Test("keeps the offered order, and puts whoever failed last")
    func order() {
        var choice = choice(["a", "b", "c"])
        var asked: [Int] = []
        for _ in 0..<6 {
            guard let mirror = next(choice) else { break }
            asked.append(mirror)
            fail(mirror, &choice)
        }
        #expect(asked == [0, 1, 2, 0, 1, 2])
    }

    @Test("remembers failures for the next download, for a day; success clears them, and a wrong clock too")
    func memory() {
        var failures = MirrorFailures()
        failures.failed("a", now: 1000)
        func first(at now: Int64) -> Int? { choice(["a", "b"], failures).next(now: .zero, wallClock: now)?.mirror }
        #expect(first(at: 1000) == 1)
        #expect(first(at: 1000 + MirrorFailures.secondsMax) == 0)
        #expect(first(at: 0) == 0)
        failures.succeeded("a")
        #expect(first(at: 1000) == 0)
    }

    @Test("waits twice as long with each failure of the same mirror, spread over half of it, up to the longest")
    func pauses() {
        for (chance, parts) in [(0.0, 0.5), (1.0, 1.0)] {
            var choice = choice(["a"])
            for expected in [0.25, 0.5, 1, 2, 4, 8, 16, 32, 60, 60] {
                fail(0, &choice, chance: chance)
                #expect(choice.next(now: .zero, wallClock: 1000)?.wait == .seconds(expected * parts))
            }
        }
    }

    @Test("does not wait for one mirror before another was asked, and heeds Retry-After within reason")
    func retryAfter() {
        var choice = choice(["a", "b"])
        fail(0, &choice, .passing(retryAfter: .seconds(30)))
        #expect(choice.next(now: .zero, wallClock: 1000) == .init(mirror: 1, wait: .zero))
        fail(1, &choice, .passing(retryAfter: .seconds(100_000)))
        #expect(choice.next(now: .seconds(10), wallClock: 1000) == .init(mirror: 0, wait: .seconds(20)))
        fail(0, &choice, .lasting)
        #expect(choice.next(now: .zero, wallClock: 1000)?.wait == MirrorChoice.retryAfterMax)
    }

    @Test("ends after so many fruitless tries in a row, but not before each mirror had one")
    func attempts() {
        var two = choice(["a", "b"], attempts: 1)
        fail(0, &two)
        #expect(next(two) == 1)
        fail(1, &two)
        #expect(next(two) == nil)
        var one = choice(["a"], attempts: 3)
        for _ in 0..<50 { fail(0, &one, fruitful: true) }
        #expect(next(one) == 0)
        fail(0, &one)
        fail(0, &one)
        #expect(next(one) == nil)
    }

    @Test("leaves out who is of no use, and tells mirrors of one host apart")
    func useless() {
        var choice = choice(["a", "a"])
        fail(0, &choice, fruitful: true)
        #expect(next(choice) == 1)
        fail(1, &choice, .lasting)
        #expect(next(choice) == 0 && !choice.hasOthers(than: 0))
        fail(0, &choice, .lasting)
        #expect(next(choice) == nil)
    }
}
