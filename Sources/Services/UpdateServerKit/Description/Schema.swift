package import AnyJSON
import FleetModel
import UpdateModel

/// What a JSON value may be.
///
/// Source: OpenAPI 3.1, section 4.8.24, and JSON Schema 2020-12, which it takes over.
package struct Schema: Hashable, Sendable {
    package let json: JSONValue

    init(_ json: JSONValue) { self.json = json }

    /// A schema that the document names.
    static func named(_ name: String) -> Schema { Schema(["$ref": .text("#/components/schemas/\(name)")]) }

    /// One page of a list.
    static func page(of name: String) -> Schema {
        object(["items": .list(of: .named(name)), "total": .integer(0...Int64.max, "How long the whole list is.")])
    }

    static let text = Schema(["type": "string"])
    static let flag = Schema(["type": "boolean"])
    static let number = Schema(["type": "number"])
    static let count = integer(0...Int64.max)
    static let anyInteger = Schema(["type": "integer"])
    static let time = Schema(["type": "string", "format": "date-time"])
    static let identifier = pattern("^[A-Za-z0-9._:@{}-]{1,128}$")
    static let application = pattern(#"^(\{[A-Za-z0-9._:@-]{1,128}\}|[A-Za-z0-9._:@-]{1,128})$"#)
    static let version = pattern(#"^[!#-%(-.0-;=?-\[\]-~]{1,128}$"#)
    static let digest = pattern("^[0-9a-f]{64}$")
    /// What the server takes as ``FleetOperations/TextRule``'s label; its limit is in bytes.
    static let label = Schema(["type": "string", "minLength": 1, "maxLength": 256])
    static let architecture = words(["amd64", "arm64", "i386"])
    static let slot = words(Slot.allCases.map(\.rawValue))
    static let role = words(Role.allCases.map(\.rawValue))
    static let stage = words(MachineStage.allCases.map(\.rawValue))
    static let hold = words(HoldReason.allCases.map(\.rawValue))

    static func pattern(_ text: String) -> Schema { Schema(["type": "string", "pattern": .text(text)]) }

    static func words(_ words: [String]) -> Schema { Schema(["type": "string", "enum": .list(words.map { .text($0) })]) }

    static func integer(_ range: ClosedRange<Int64>, _ description: String? = nil) -> Schema {
        var fields: [String: JSONValue] = ["type": "integer", "minimum": .integer(range.lowerBound)]
        if range.upperBound < .max { fields["maximum"] = .integer(range.upperBound) }
        fields["description"] = description.map { .text($0) }
        return Schema(.object(fields))
    }

    static func list(of item: Schema) -> Schema { Schema(["type": "array", "items": item.json]) }

    /// An object whose names are data.
    static func map(of value: Schema) -> Schema { Schema(["type": "object", "additionalProperties": value.json]) }

    static func object(_ required: [String: Schema], optional: [String: Schema] = [:]) -> Schema {
        let all = required.merging(optional) { first, _ in first }
        return Schema([
            "type": "object", "properties": .object(all.mapValues(\.json)),
            "required": .list(required.keys.sorted().map { .text($0) }),
        ])
    }

    /// For requests: what is left out may be said as `null`, too.
    static func edit(_ required: [String: Schema] = [:], _ optional: [String: Schema]) -> Schema {
        object(required, optional: optional.mapValues(\.orNull))
    }

    var orNull: Schema { Schema(["anyOf": [json, ["type": "null"]]]) }

    func described(_ text: String) -> Schema {
        guard case .object(var fields) = json else { return self }
        fields["description"] = .text(text)
        return Schema(.object(fields))
    }
}
