public import TimeZoneFormat

/// Knows the rules of time zones by their names in the IANA database.
public protocol ZoneDirectory: Sendable {
    /// `nil` where there is no such zone.
    func rules(of zone: String) -> ZoneRules?
}

/// Knows universal time alone: for tests, and for machines without a database of zones.
public struct UniversalTimeOnly: ZoneDirectory {
    public init() {}

    public func rules(of zone: String) -> ZoneRules? { zone == "UTC" ? .universal : nil }
}
