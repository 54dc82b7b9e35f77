/// A moment in universal time, in microseconds since 1970-01-01T00:00:00Z.
///
/// Kept as one integer so that it orders, stores and compares without a calendar; arithmetic saturates instead of
/// trapping, because clocks and settings come from outside.
public struct Timestamp: Hashable, Sendable {
    public let microseconds: Int64

    public static let epoch = Timestamp(microseconds: 0)

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Later by `seconds` (earlier when negative).
    public func adding(seconds: Int64) -> Timestamp {
        let (step, stepOverflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, sumOverflows) = microseconds.addingReportingOverflow(step)
        guard !stepOverflows, !sumOverflows else {
            return Timestamp(microseconds: seconds < 0 ? Int64.min : Int64.max)
        }
        return Timestamp(microseconds: sum)
    }

    /// Whole seconds from `other` to this moment; negative when `other` is later.
    public func seconds(since other: Timestamp) -> Int64 {
        let (difference, overflows) = microseconds.subtractingReportingOverflow(other.microseconds)
        if overflows { return other.microseconds < 0 ? Int64.max : Int64.min }
        return difference / 1_000_000
    }
}

extension Timestamp: Comparable {
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}

extension Timestamp: Codable, CustomStringConvertible {
    /// Encodes as RFC 3339 text in UTC.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rfc3339)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Timestamp(rfc3339: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "A time is RFC 3339 text such as 2026-01-31T12:00:00Z.")
        }
        self = value
    }

    public var description: String { rfc3339 }
}
