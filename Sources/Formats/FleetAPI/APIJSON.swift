public import FoundationEssentials

/// The one way in which the API's values become JSON and come back.
///
/// Keys are sorted, so that equal values are equal texts; slashes stay readable. A field without a value is left out.
public enum APIJSON {
    public static let mediaType = "application/json"

    public static func encode(_ value: some Encodable) throws -> Data { try encoder(isPretty: false).encode(value) }

    /// With line breaks, for people.
    public static func text(_ value: some Encodable) throws -> String {
        String(decoding: try encoder(isPretty: true).encode(value), as: UTF8.self)
    }

    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }

    private static func encoder(isPretty: Bool) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            isPretty
            ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            : [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
