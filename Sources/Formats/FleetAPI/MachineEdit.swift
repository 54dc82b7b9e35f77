public import FleetModel
public import UpdateModel

/// `PATCH /api/v1/applications/{app}/machines/{machine}`; what is left out stays as it is, `null` takes it away.
public struct MachineEdit: Sendable, Hashable {
    /// The labels to change; `null` takes one away.
    public var labels: [String: FieldEdit<String>]
    /// The group that it belongs to whatever it says.
    public var group: FieldEdit<GroupName>?
    /// The release that it is to run whatever its channel points at.
    public var pin: FieldEdit<Version>?
    /// Whether nothing is to be offered to it.
    public var held: Bool?
    /// Why it is held, for people.
    public var reason: String?

    public init(
        labels: [String: FieldEdit<String>] = [:], group: FieldEdit<GroupName>? = nil, pin: FieldEdit<Version>? = nil,
        held: Bool? = nil, reason: String? = nil
    ) {
        self.labels = labels
        self.group = group
        self.pin = pin
        self.held = held
        self.reason = reason
    }

    /// Whether nothing would change.
    public var isEmpty: Bool { self == MachineEdit(reason: reason) }
}

extension MachineEdit: Codable {
    private enum CodingKeys: String, CodingKey {
        case labels, group, pin, held, reason
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let labels = try container.decodeIfPresent([String: String?].self, forKey: .labels) ?? [:]
        self.init(
            labels: labels.mapValues { value in value.map { .limit($0) } ?? .unlimited },
            group: try container.decodeEdit(forKey: .group), pin: try container.decodeEdit(forKey: .pin),
            held: try container.decodeIfPresent(Bool.self, forKey: .held),
            reason: try container.decodeIfPresent(String.self, forKey: .reason))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !labels.isEmpty { try container.encode(labels.mapValues(\.value), forKey: .labels) }
        try container.encode(group, forKey: .group)
        try container.encode(pin, forKey: .pin)
        try container.encodeIfPresent(held, forKey: .held)
        try container.encodeIfPresent(reason, forKey: .reason)
    }
}
