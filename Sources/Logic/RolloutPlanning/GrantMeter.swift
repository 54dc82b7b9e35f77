package import FleetModel

/// Counts a group's grants over time, so that no interval of the policy's length ever holds more than its maximum.
///
/// It counts in sixteenths of the interval and looks at seventeen of them: what it allows in an interval is never too
/// much, and may be late by a sixteenth. It has the same size whatever the maximum.
package struct GrantMeter: Hashable, Sendable {
    private struct Portion: Hashable, Sendable {
        let index: Int64
        var count: Int
    }

    private let widthMicroseconds: Int64
    /// Oldest first.
    private var portions: [Portion] = []

    private static let portionCount: Int64 = 16

    package init(_ rate: GrantRate) { self.init(widthMicroseconds: Self.width(of: rate)) }

    private init(widthMicroseconds: Int64) { self.widthMicroseconds = widthMicroseconds }

    private static func width(of rate: GrantRate) -> Int64 {
        max((rate.seconds.multipliedReportingOverflow(by: 1_000_000).partialValue + portionCount - 1) / portionCount, 1)
    }

    /// When the next grant may be made: `nil` for now.
    package func nextFree(_ rate: GrantRate, at now: Timestamp) -> Timestamp? {
        let meter = fitted(to: rate)
        let oldest = meter.index(of: now) - Self.portionCount
        let counted = meter.portions.filter { $0.index >= oldest }
        var sum = counted.reduce(0) { $0 + $1.count }
        if sum < rate.maximum { return nil }
        for portion in counted {
            sum -= portion.count
            if sum < rate.maximum {
                return Timestamp(microseconds: (portion.index + Self.portionCount + 1) * meter.widthMicroseconds)
            }
        }
        return nil
    }

    package mutating func count(_ rate: GrantRate, at now: Timestamp) {
        self = fitted(to: rate)
        let index = index(of: now)
        portions.removeAll { $0.index < index - Self.portionCount }
        if portions.last?.index == index {
            portions[portions.count - 1].count += 1
        } else {
            portions.append(Portion(index: index, count: 1))
        }
    }

    /// As if the clock had always shown so much more.
    package func shifted(seconds: Int64) -> GrantMeter {
        var meter = self
        let step = Int64((Double(seconds) * 1_000_000 / Double(widthMicroseconds)).rounded(.up))
        meter.portions = portions.map { Portion(index: $0.index + step, count: $0.count) }
        return meter
    }

    /// A clock that went back a little does not make old portions count less.
    private func index(of now: Timestamp) -> Int64 {
        max(now.microseconds / widthMicroseconds, portions.last?.index ?? Int64.min)
    }

    /// Counts what was counted under another interval as late as it may have been.
    private func fitted(to rate: GrantRate) -> GrantMeter {
        let width = Self.width(of: rate)
        if width == widthMicroseconds { return self }
        var meter = GrantMeter(widthMicroseconds: width)
        for portion in portions {
            let index = (portion.index + 1) * widthMicroseconds / width
            if meter.portions.last?.index == index {
                meter.portions[meter.portions.count - 1].count += portion.count
            } else {
                meter.portions.append(Portion(index: index, count: portion.count))
            }
        }
        return meter
    }
}

extension GrantMeter {
    /// `WIDTH INDEX:COUNT …`: how it is stored.
    package var text: String {
        ([String(widthMicroseconds)] + portions.map { "\($0.index):\($0.count)" }).joined(separator: " ")
    }

    package init?(text: String) {
        let parts = text.split(separator: " ")
        guard let width = parts.first.flatMap({ Int64($0) }), width > 0 else { return nil }
        self.init(widthMicroseconds: width)
        for part in parts.dropFirst() {
            let pair = part.split(separator: ":")
            guard pair.count == 2, let index = Int64(pair[0]), let count = Int(pair[1]) else { return nil }
            portions.append(Portion(index: index, count: count))
        }
    }
}
