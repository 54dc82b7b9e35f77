public import FleetModel
public import UpdateModel

/// Changes to a policy. What is left out stays as it is; `null` takes a part away.
///
/// Source: RFC 7396 (JSON Merge Patch), for the meaning of `null` and of what is left out. The parts themselves (a ramp, a
/// canary, …) are replaced whole.
public struct PolicyEdit: Sendable, Hashable {
    public var enabled: Bool?
    public var maxInProgress: LimitEdit?
    public var stopAfterFailures: LimitEdit?
    public var stageDeadlineSeconds: Int64?
    public var stageDeadlines: FieldEdit<PerStage>?
    public var rate: FieldEdit<GrantRate>?
    /// Bytes a second.
    public var downloadRate: FieldEdit<UInt64>?
    public var ramp: FieldEdit<Ramp>?
    public var canary: FieldEdit<Canary>?
    public var windows: FieldEdit<[WindowText]>?
    public var after: FieldEdit<GroupOrder>?
    public var brakes: FieldEdit<BrakesEdit>?
    public var deltas: DeltaPolicy?
    public var downgrade: DowngradePolicy?
    public var minimumVersion: FieldEdit<Version>?

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

/// Changes to the brakes; what is left out stays, `null` takes one away.
public struct BrakesEdit: Sendable, Hashable, Codable {
    public var failurePercent: FieldEdit<Int>?
    public var failureSample: Int?
    public var timeOuts: FieldEdit<PerStage>?
    public var silent: FieldEdit<Int>?
    public var silenceSeconds: Int64?

    public init() {}

    private enum CodingKeys: String, CodingKey {
        case failurePercent, failureSample, timeOuts, silent, silenceSeconds
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        failurePercent = try container.decodeEdit(forKey: .failurePercent)
        failureSample = try container.decodeIfPresent(Int.self, forKey: .failureSample)
        timeOuts = try container.decodeEdit(forKey: .timeOuts)
        silent = try container.decodeEdit(forKey: .silent)
        silenceSeconds = try container.decodeIfPresent(Int64.self, forKey: .silenceSeconds)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(failurePercent, forKey: .failurePercent)
        try container.encodeIfPresent(failureSample, forKey: .failureSample)
        try container.encode(timeOuts, forKey: .timeOuts)
        try container.encode(silent, forKey: .silent)
        try container.encodeIfPresent(silenceSeconds, forKey: .silenceSeconds)
    }
}

/// What a limit becomes.
public typealias LimitEdit = FieldEdit<Int>

/// What a field becomes.
public enum FieldEdit<Value: Sendable & Hashable>: Sendable, Hashable {
    /// In JSON `null`.
    case unlimited
    /// In JSON the value.
    case limit(Value)

    /// The new value; `nil` for none.
    public var value: Value? {
        switch self {
        case .unlimited: nil
        case .limit(let value): value
        }
    }
}

/// An offer window as text: `mon-fri 22:00-06:00 Europe/Berlin`.
public struct WindowText: Sendable, Hashable, Codable {
    public let window: OfferWindow

    public init(_ window: OfferWindow) { self.window = window }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let window = OfferWindow(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "A window is like “mon-fri 22:00-06:00 Europe/Berlin”.")
        }
        self.window = window
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(window.description)
    }
}

extension PolicyEdit: Codable {
    private enum CodingKeys: String, CodingKey {
        case enabled, maxInProgress, stopAfterFailures, stageDeadlineSeconds, stageDeadlines, rate, ramp, canary
        case windows, after, brakes, deltas, downgrade, minimumVersion, downloadRate
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            enabled: try container.decodeIfPresent(Bool.self, forKey: .enabled),
            maxInProgress: try container.decodeEdit(forKey: .maxInProgress),
            stopAfterFailures: try container.decodeEdit(forKey: .stopAfterFailures),
            stageDeadlineSeconds: try container.decodeIfPresent(Int64.self, forKey: .stageDeadlineSeconds))
        stageDeadlines = try container.decodeEdit(forKey: .stageDeadlines)
        rate = try container.decodeEdit(forKey: .rate)
        downloadRate = try container.decodeEdit(forKey: .downloadRate)
        ramp = try container.decodeEdit(forKey: .ramp)
        canary = try container.decodeEdit(forKey: .canary)
        windows = try container.decodeEdit(forKey: .windows)
        after = try container.decodeEdit(forKey: .after)
        brakes = try container.decodeEdit(forKey: .brakes)
        deltas = try container.decodeIfPresent(DeltaPolicy.self, forKey: .deltas)
        downgrade = try container.decodeIfPresent(DowngradePolicy.self, forKey: .downgrade)
        minimumVersion = try container.decodeEdit(forKey: .minimumVersion)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(enabled, forKey: .enabled)
        try container.encode(maxInProgress, forKey: .maxInProgress)
        try container.encode(stopAfterFailures, forKey: .stopAfterFailures)
        try container.encodeIfPresent(stageDeadlineSeconds, forKey: .stageDeadlineSeconds)
        try container.encode(stageDeadlines, forKey: .stageDeadlines)
        try container.encode(rate, forKey: .rate)
        try container.encode(downloadRate, forKey: .downloadRate)
        try container.encode(ramp, forKey: .ramp)
        try container.encode(canary, forKey: .canary)
        try container.encode(windows, forKey: .windows)
        try container.encode(after, forKey: .after)
        try container.encode(brakes, forKey: .brakes)
        try container.encodeIfPresent(deltas, forKey: .deltas)
        try container.encodeIfPresent(downgrade, forKey: .downgrade)
        try container.encode(minimumVersion, forKey: .minimumVersion)
    }
}

extension KeyedDecodingContainer {
    /// `nil` for a field that is left out.
    func decodeEdit<Value: Decodable>(_ type: Value.Type = Value.self, forKey key: Key) throws -> FieldEdit<Value>? {
        guard contains(key) else { return nil }
        return try decodeNil(forKey: key) ? .unlimited : .limit(decode(Value.self, forKey: key))
    }
}

extension KeyedEncodingContainer {
    /// Leaves out what does not change.
    mutating func encode<Value: Encodable>(_ edit: FieldEdit<Value>?, forKey key: Key) throws {
        switch edit {
        case nil: break
        case .unlimited: try encodeNil(forKey: key)
        case .limit(let value): try encode(value, forKey: key)
        }
    }
}
