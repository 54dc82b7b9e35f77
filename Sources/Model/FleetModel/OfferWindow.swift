/// Hours of the week in which offers may be made.
public struct OfferWindow: Hashable, Sendable, Codable {
    /// The days on which it begins; empty is every day.
    public var days: [Weekday]
    /// Minutes after midnight, 0 to 1439.
    public var fromMinute: Int
    /// Minutes after midnight, 1 to 1440; at or before ``fromMinute`` it is the next day.
    public var toMinute: Int
    /// A name of the IANA database such as `Europe/Berlin`, or `UTC`.
    public var zone: String

    public init(days: [Weekday] = [], fromMinute: Int, toMinute: Int, zone: String = "UTC") {
        self.days = days
        self.fromMinute = fromMinute
        self.toMinute = toMinute
        self.zone = zone
    }
}

/// A day of the week, in the order of ISO 8601.
public enum Weekday: String, CaseIterable, Hashable, Sendable, Codable {
    case monday = "mon"
    case tuesday = "tue"
    case wednesday = "wed"
    case thursday = "thu"
    case friday = "fri"
    case saturday = "sat"
    case sunday = "sun"

    /// - Parameter days: since 1970-01-01, which was a Thursday.
    public init(daysSinceEpoch days: Int64) {
        let index = Int(((days + 3) % 7 + 7) % 7)
        self = Self.allCases[index]
    }
}

extension OfferWindow: CustomStringConvertible {
    /// `mon,tue 22:00-06:00 Europe/Berlin`: what ``init(_:)`` reads.
    public var description: String {
        let names = days.isEmpty ? "daily" : days.map(\.rawValue).joined(separator: ",")
        return "\(names) \(Self.clock(fromMinute))-\(Self.clock(toMinute)) \(zone)"
    }

    /// Reads `[DAYS] HH:MM-HH:MM [ZONE]`, where days are `daily`, or names and ranges such as `mon-fri,sun`.
    /// `nil` for any other text. Whether the zone exists is for the server to see.
    public init?(_ text: String) {
        var parts = text.split(separator: " ", omittingEmptySubsequences: true)
        guard !parts.isEmpty, parts.count <= 3 else { return nil }
        var days: [Weekday] = []
        if !parts[0].contains(":") {
            guard let read = Self.days(parts.removeFirst()) else { return nil }
            days = read
        }
        guard let hours = parts.first, parts.count <= 2 else { return nil }
        let ends = hours.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let from = Self.minute(ends[0]), let to = Self.minute(ends[1]), from < 1440,
            to > 0 || from > 0
        else { return nil }
        self.init(
            days: days, fromMinute: from, toMinute: to == 0 ? 1440 : to,
            zone: parts.count == 2 ? String(parts[1]) : "UTC")
    }

    private static func clock(_ minute: Int) -> String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return two(minute / 60) + ":" + two(minute % 60)
    }

    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour < 24 || (hour == 24 && minute == 0)
        else { return nil }
        return hour * 60 + minute
    }

    private static func days(_ text: Substring) -> [Weekday]? {
        if text == "daily" { return [] }
        var days: [Weekday] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = item.split(separator: "-", omittingEmptySubsequences: false).map {
                Weekday(rawValue: String($0))
            }
            guard ends.count <= 2, let first = ends.first.flatMap({ $0 }), let last = ends.last.flatMap({ $0 }) else {
                return nil
            }
            var day = first
            while true {
                if !days.contains(day) { days.append(day) }
                if day == last { break }
                day = day.next
            }
        }
        return days
    }
}

extension Weekday {
    var next: Weekday {
        let all = Self.allCases
        let index = all.firstIndex(of: self) ?? 0
        return all[(index + 1) % all.count]
    }
}
