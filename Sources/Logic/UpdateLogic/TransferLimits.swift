/// A moment as the clock on the wall shows it.
public struct LocalTime: Hashable, Sendable {
    public var weekday: Weekday
    /// As the clock shows it, whatever was skipped or repeated on that day.
    public var sinceMidnight: Duration

    public init(weekday: Weekday, sinceMidnight: Duration) {
        self.weekday = weekday
        self.sinceMidnight = max(.zero, sinceMidnight)
    }

    /// 0…1439
    public var minuteOfDay: Int { Int(clamping: min(sinceMidnight.components.seconds / 60, 1439)) }

    /// Rules change on whole minutes, so nothing needs to look earlier than this again. Never zero.
    public var untilNextMinute: Duration {
        let minute = Duration.seconds(60)
        return minute - (sinceMidnight - minute * (sinceMidnight.components.seconds / 60))
    }
}

public enum Weekday: String, Hashable, Sendable, CaseIterable {
    case monday = "mon"
    case tuesday = "tue"
    case wednesday = "wed"
    case thursday = "thu"
    case friday = "fri"
    case saturday = "sat"
    case sunday = "sun"

    /// Days on, over the week's end.
    func advanced(by days: Int) -> Weekday {
        let all = Self.allCases
        let place = (all.firstIndex(of: self) ?? 0) + days
        return all[(place % all.count + all.count) % all.count]
    }
}

/// How fast downloads may be: a rate for always, and others for hours of the day.
public struct TransferLimits: Hashable, Sendable {
    /// Bytes a second where no rule fits; 0: no limit.
    public var standard: UInt64
    /// The first that fits counts.
    public var rules: [Rule]

    public struct Rule: Hashable, Sendable {
        public var hours: DaySpan
        /// On which the hours begin.
        public var days: Set<Weekday>
        /// 0: no limit.
        public var bytesPerSecond: UInt64

        public init(hours: DaySpan, days: Set<Weekday>, bytesPerSecond: UInt64) {
            self.hours = hours
            self.days = days
            self.bytesPerSecond = bytesPerSecond
        }
    }

    public init(standard: UInt64 = 0, rules: [Rule] = []) {
        self.standard = standard
        self.rules = rules
    }

    public func bytesPerSecond(at time: LocalTime) -> UInt64 {
        rules.first { $0.covers(time) }?.bytesPerSecond ?? standard
    }
}

extension TransferLimits.Rule {
    /// Hours that run over midnight belong to the day on which they begin.
    func covers(_ time: LocalTime) -> Bool {
        let minute = time.minuteOfDay
        guard hours.end <= hours.start else {
            return days.contains(time.weekday) && minute >= hours.start && minute < hours.end
        }
        return minute >= hours.start && days.contains(time.weekday)
            || minute < hours.end && days.contains(time.weekday.advanced(by: -1))
    }
}

/// From one minute of the day to another, over midnight if the end comes first.
public struct DaySpan: Hashable, Sendable {
    /// The first minute of the day that counts.
    public let start: Int
    /// The first that counts no more; 1440 for the day's end.
    public let end: Int
    public static let wholeDay = DaySpan(start: 0, end: 1440)

    private init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }

    /// Parses `08:00-18:00`; `24:00` is the day's end. `nil` for anything else, and for no time at all.
    public init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.minute)
        guard ends.count == 2, let start = ends[0], let end = ends[1], start != end, start < 1440 else {
            return nil
        }
        self.init(start: start, end: end)
    }

    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isDigits = parts.allSatisfy { $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }
        guard parts.count == 2, isDigits,
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= 1440
        else { return nil }
        return hour * 60 + minute
    }
}

extension Weekday {
    /// Parses `mon-fri`, `sat,sun`, `fri-mon,wed`; `nil` for anything else.
    public static func days(_ text: String) -> Set<Weekday>? {
        var days: Set<Weekday> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { Weekday(rawValue: $0.filter { $0 != " " }.lowercased()) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else { return nil }
            var day = first
            days.insert(day)
            while day != last {
                day = day.advanced(by: 1)
                days.insert(day)
            }
        }
        return days
    }
}
