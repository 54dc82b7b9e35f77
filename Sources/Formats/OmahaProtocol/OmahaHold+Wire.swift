import FoundationEssentials

extension OmahaHold {
    /// Reads the attributes of an answer's `updatecheck`; `nil` where there is no hold.
    init?(_ element: XMLElement) {
        guard let reason = element.attribute("hold") else { return nil }
        self.init(
            reason: reason, text: element.attribute("hold_text"),
            until: element.attribute("hold_until").flatMap(Self.date))
    }

    /// The estimate in RFC 3339; `nil` for a time that has no such form.
    var untilText: String? {
        guard let until, Self.writable.contains(until.timeIntervalSince1970) else { return nil }
        return until.formatted(.iso8601)
    }

    /// From 1970 to the end of the year 9999.
    private static let writable = 0..<253_402_300_800.0

    /// An estimate that cannot be read is no estimate.
    private static func date(_ text: String) -> Date? {
        guard let date = try? Date(text, strategy: .iso8601), writable.contains(date.timeIntervalSince1970) else {
            return nil
        }
        return date
    }
}
