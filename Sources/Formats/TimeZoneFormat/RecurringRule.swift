/// Offsets that repeat every year: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// Source: POSIX.1-2017, Base Definitions 8.3, `TZ`; RFC 8536, section 3.3.1, for hours from -167 to 167.
struct RecurringRule: Hashable, Sendable {
    let standard: Int
    let summer: Summer?

    struct Summer: Hashable, Sendable {
        let offset: Int
        let begin: Day
        let end: Day
    }

    /// A day of the year and the time on it, by the clocks before the change.
    struct Day: Hashable, Sendable {
        enum Form: Hashable, Sendable {
            /// Month 1–12, week 1–5 (5 is the last), day of the week with Sunday as 0.
            case month(Int, week: Int, weekday: Int)
            /// 1–365, where 29 February is never counted.
            case julian(Int)
            /// 0–365.
            case ordinal(Int)
        }

        let form: Form
        let seconds: Int
    }

    func offsetSeconds(at moment: Int64) -> Int {
        guard let summer else { return standard }
        let (days, _) = Civil.floorDivide(moment.addingReportingOverflow(Int64(standard)).partialValue, 86_400)
        guard abs(days) < 1_000_000_000 else { return standard }
        let year = Civil.year(of: days)
        let begin = Self.moment(of: summer.begin, in: year) - Int64(standard)
        let end = Self.moment(of: summer.end, in: year) - Int64(summer.offset)
        let isSummer = begin < end ? (begin..<end).contains(moment) : !(end..<begin).contains(moment)
        return isSummer ? summer.offset : standard
    }

    /// In seconds since 1970, as if the local time were universal.
    private static func moment(of day: Day, in year: Int64) -> Int64 {
        let newYear = Civil.days(year: year, month: 1, day: 1)
        let date =
            switch day.form {
            case .ordinal(let number): newYear + Int64(number)
            case .julian(let number): newYear + Int64(number - 1) + (Civil.isLeap(year) && number > 59 ? 1 : 0)
            case .month(let month, let week, let weekday): nth(week, weekday, month, year)
            }
        return date * 86_400 + Int64(day.seconds)
    }

    private static func nth(_ week: Int, _ weekday: Int, _ month: Int, _ year: Int64) -> Int64 {
        let first = Civil.days(year: year, month: Int64(month), day: 1)
        let firstWeekday = Civil.floorDivide(first + 4, 7).1  // 1970-01-01 was a Thursday, 4.
        var date = first + (Int64(weekday) - firstWeekday + 7) % 7 + Int64(week - 1) * 7
        let next =
            month == 12
            ? Civil.days(year: year + 1, month: 1, day: 1)
            : Civil.days(year: year, month: Int64(month) + 1, day: 1)
        while date >= next { date -= 7 }
        return date
    }
}

// The text.
extension RecurringRule {
    init?(posix bytes: [UInt8]) {
        var reader = RuleReader(bytes: bytes)
        guard reader.name(), let standard = reader.time() else { return nil }
        self.standard = -standard
        if reader.isAtEnd {
            summer = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = -standard + 3600
        if reader.next != 0x2C {
            guard let written = reader.time() else { return nil }
            offset = -written
        }
        guard let begin = reader.day(), let end = reader.day(), reader.isAtEnd else { return nil }
        summer = Summer(offset: offset, begin: begin, end: end)
    }
}

private struct RuleReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ byte: Character) -> Bool {
        guard let next, next == byte.asciiValue else { return false }
        position += 1
        return true
    }

    /// `CET`, or anything between `<` and `>`.
    mutating func name() -> Bool {
        let start = position
        if take("<") {
            while let byte = next, byte != 0x3E { _ = byte; position += 1 }
            return take(">")
        }
        while let byte = next, (0x41...0x5A).contains(byte & 0xDF) { position += 1 }
        return position - start >= 3
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    mutating func time() -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(0...167) else { return nil }
        var seconds = hours * 3600
        if take(":") {
            guard let minutes = number(0...59) else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let rest = number(0...59) else { return nil }
                seconds += rest
            }
        }
        return isNegative ? -seconds : seconds
    }

    /// `,M3.5.0/2`, `,J60` or `,60`.
    mutating func day() -> RecurringRule.Day? {
        guard take(","), let form = form() else { return nil }
        guard take("/") else { return RecurringRule.Day(form: form, seconds: 7200) }
        return time().map { RecurringRule.Day(form: form, seconds: $0) }
    }

    private mutating func form() -> RecurringRule.Day.Form? {
        if take("J") { return number(1...365).map { .julian($0) } }
        guard take("M") else { return number(0...365).map { .ordinal($0) } }
        guard let month = number(1...12), take("."), let week = number(1...5), take("."), let weekday = number(0...6)
        else { return nil }
        return .month(month, week: week, weekday: weekday)
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int? {
        var value = 0
        var count = 0
        while let byte = next, (0x30...0x39).contains(byte), count < 4 {
            value = value * 10 + Int(byte - 0x30)
            position += 1
            count += 1
        }
        return count > 0 && range.contains(value) ? value : nil
    }
}

/// Days of the Gregorian calendar, counted from 1970-01-01.
enum Civil {
    static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }

    static func isLeap(_ year: Int64) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    /// Counts in years that begin on 1 March.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let (cycle, yearOfCycle) = floorDivide(marchYear, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
    }

    static func year(of daysSinceEpoch: Int64) -> Int64 {
        let guess = 1970 + floorDivide(daysSinceEpoch * 400, 146_097).0
        if days(year: guess + 1, month: 1, day: 1) <= daysSinceEpoch { return guess + 1 }
        return days(year: guess, month: 1, day: 1) > daysSinceEpoch ? guess - 1 : guess
    }
}
