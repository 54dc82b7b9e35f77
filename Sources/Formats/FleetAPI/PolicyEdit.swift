/// Changes to a policy. What is left out stays as it is; `null` takes a limit away.
///
/// Source: RFC 7396 (JSON Merge Patch), for the meaning of `null` and of what is left out.
public struct PolicyEdit: Sendable, Hashable {
    public var enabled: Bool?
    public var maxInProgress: LimitEdit?
    public var stopAfterFailures: LimitEdit?
    public var stageDeadlineSeconds: Int64?

    public init(
        enabled: Bool? = nil, maxInProgress: LimitEdit? = nil, stopAfterFailures: LimitEdit? = nil,
        stageDeadlineSeconds: Int64? = nil
    ) {
        self.enabled = enabled
        self.maxInProgress = maxInProgress
        self.stopAfterFailures = stopAfterFailures
        self.stageDeadlineSeconds = stageDeadlineSeconds
    }

    /// Whether nothing would change.
    public var isEmpty: Bool { self == PolicyEdit() }
}

/// What a limit becomes.
public enum LimitEdit: Sendable, Hashable {
    /// In JSON `null`.
    case unlimited
    /// In JSON the number.
    case limit(Int)

    /// The limit as a number; `nil` for none.
    public var value: Int? {
        switch self {
        case .unlimited: nil
        case .limit(let number): number
        }
    }
}

extension PolicyEdit: Codable {
    private enum CodingKeys: String, CodingKey {
        case enabled, maxInProgress, stopAfterFailures, stageDeadlineSeconds
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func limit(_ key: CodingKeys) throws -> LimitEdit? {
            guard container.contains(key) else { return nil }
            return try container.decodeNil(forKey: key) ? .unlimited : .limit(container.decode(Int.self, forKey: key))
        }
        self.init(
            enabled: try container.decodeIfPresent(Bool.self, forKey: .enabled),
            maxInProgress: try limit(.maxInProgress), stopAfterFailures: try limit(.stopAfterFailures),
            stageDeadlineSeconds: try container.decodeIfPresent(Int64.self, forKey: .stageDeadlineSeconds))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        func write(_ limit: LimitEdit?, _ key: CodingKeys) throws {
            switch limit {
            case nil: break
            case .unlimited: try container.encodeNil(forKey: key)
            case .limit(let number): try container.encode(number, forKey: key)
            }
        }
        try container.encodeIfPresent(enabled, forKey: .enabled)
        try write(maxInProgress, .maxInProgress)
        try write(stopAfterFailures, .stopAfterFailures)
        try container.encodeIfPresent(stageDeadlineSeconds, forKey: .stageDeadlineSeconds)
    }
}
