package import FleetModel
package import TimeZoneFormat

/// The hours in which a group's offers may be made, with the rules of their time zones.
package struct OfferCalendar: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        let window: OfferWindow
        let rules: ZoneRules
    }

    private let entries: [Entry]
    /// No window is given: always open.
    private let isAlwaysOpen: Bool

    package static let always = OfferCalendar([]) { _ in nil }

    /// - Parameter rules: of a zone by its name. A window whose zone is unknown never opens.
    package init(_ windows: [OfferWindow], rules: (String) -> ZoneRules?) {
        isAlwaysOpen = windows.isEmpty
        entries = windows.compactMap { window in rules(window.zone).map { Entry(window: window, rules: $0) } }
    }

    package func isOpen(at now: Timestamp) -> Bool {
        isAlwaysOpen || spans(around: now).contains { $0.contains(now) }
    }

    /// When it opens next; `nil` where it is open or never opens.
    package func nextOpening(after now: Timestamp) -> Timestamp? {
        if isOpen(at: now) { return nil }
        return spans(around: now).map(\.lowerBound).filter { $0 > now }.min()
    }

    /// Every span that begins from yesterday until next week, in universal time.
    private func spans(around now: Timestamp) -> [Range<Timestamp>] {
        entries.flatMap { entry in
            let today = Self.floorDivide(
                now.seconds(since: .epoch) + Int64(entry.rules.offsetSeconds(at: now.seconds(since: .epoch))))
            return (today - 1...today + 8).compactMap { Self.span(entry, on: $0) }
        }
    }

    private static func span(_ entry: Entry, on day: Int64) -> Range<Timestamp>? {
        let window = entry.window
        guard window.days.isEmpty || window.days.contains(Weekday(daysSinceEpoch: day)) else { return nil }
        let endDay = window.toMinute <= window.fromMinute ? day + 1 : day
        let begin = moment(day * 86_400 + Int64(window.fromMinute) * 60, entry.rules)
        let end = moment(endDay * 86_400 + Int64(window.toMinute) * 60, entry.rules)
        return begin < end ? begin..<end : nil
    }

    /// The moment at which the place's clocks show `local`. A time that a change skips is that much later; of a time
    /// that comes twice it is the first.
    private static func moment(_ local: Int64, _ rules: ZoneRules) -> Timestamp {
        let before = rules.offsetSeconds(at: local - 86_400)
        let early = local - Int64(before)
        let offset = rules.offsetSeconds(at: early)
        let moment = offset == before ? early : local - Int64(offset)
        let isShown = moment + Int64(rules.offsetSeconds(at: moment)) == local
        return Timestamp.epoch.adding(seconds: isShown ? moment : early)
    }

    private static func floorDivide(_ seconds: Int64) -> Int64 {
        let (quotient, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        return rest < 0 ? quotient - 1 : quotient
    }
}
