/// Which share of a group may have a release how long after its roll-out began.
public enum Ramp: Hashable, Sendable {
    /// From nothing to everyone, evenly, within so many seconds.
    case linear(seconds: Int64)
    /// Each step holds from its moment on; nothing before the first one.
    case steps([Step])

    public struct Step: Hashable, Sendable, Codable {
        /// From the beginning of the roll-out.
        public let afterSeconds: Int64
        /// 0 to 100.
        public let percent: Int

        public init(afterSeconds: Int64, percent: Int) {
            self.afterSeconds = afterSeconds
            self.percent = percent
        }
    }

    /// The share, from 0 to 1, that may have the release `seconds` after the beginning.
    public func share(after seconds: Int64) -> Double {
        switch self {
        case .linear(let whole):
            if seconds >= whole { return 1 }
            return seconds <= 0 ? 0 : Double(seconds) / Double(whole)
        case .steps(let steps):
            return Double(steps.last { $0.afterSeconds <= seconds }?.percent ?? 0) / 100
        }
    }

    /// How long after the beginning the share exceeds `place`; `nil` when it never does.
    public func secondsUntil(shareExceeds place: Double) -> Int64? {
        switch self {
        case .linear(let whole):
            var seconds = min(max(Int64(place * Double(whole)), 0), whole)
            while share(after: seconds) <= place, seconds < whole { seconds += 1 }
            return seconds
        case .steps(let steps):
            return steps.first { Double($0.percent) / 100 > place }?.afterSeconds
        }
    }

    /// In words: `0-100 % in 1h`, or its steps.
    public var words: String {
        switch self {
        case .linear(let seconds): "0-100 % in \(SpanText.text(seconds))"
        case .steps(let steps): steps.map { "\($0.percent) % after \(SpanText.text($0.afterSeconds))" }.joined(separator: ", ")
        }
    }

    /// When it reaches its highest share.
    public var endSeconds: Int64 {
        switch self {
        case .linear(let seconds): seconds
        case .steps(let steps): steps.last?.afterSeconds ?? 0
        }
    }
}

extension Ramp: Codable {
    private enum CodingKeys: String, CodingKey {
        case linearSeconds, steps
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let seconds = try container.decodeIfPresent(Int64.self, forKey: .linearSeconds) {
            self = .linear(seconds: seconds)
        } else {
            self = .steps(try container.decode([Step].self, forKey: .steps))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .linear(let seconds): try container.encode(seconds, forKey: .linearSeconds)
        case .steps(let steps): try container.encode(steps, forKey: .steps)
        }
    }
}

/// The place of a machine in a ramp: a number from 0 up to, not including, 1.
///
/// It is made from the machine *and* the version: the same at every check, so nobody draws again and again until lucky;
/// another at every release, so it is not always the same machines that go first.
public enum RampPlace {
    /// FNV-1a over the two names, then the finisher of SplitMix64, for FNV's high bits alone are not even.
    ///
    /// Source: Fowler, Noll, Vo, “FNV Hash”; Steele, Lea, Flood, “Fast splittable pseudorandom number generators”.
    public static func of(machine: String, version: String) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        machine.utf8.forEach(take)
        take(0)
        version.utf8.forEach(take)
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        hash ^= hash >> 31
        return Double(hash >> 11) / Double(1 << 53 as UInt64)
    }
}
