/// Names an application: a GUID, with or without braces and in either case, or a plain name.
///
/// Equal when the canonical forms are equal; echoed on the wire exactly as received (Omaha clients compare text).
public struct ApplicationID: Sendable, CustomStringConvertible {
    /// The text as received, for echoing.
    public let text: String
    /// Without braces, in lower case: the form to compare, to store and to put into URLs.
    public let canonical: String

    /// The application that every CoreOS and Flatcar machine asks for.
    public static let flatcar = ApplicationID(unchecked: "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}")

    /// - Throws: ``InvalidIdentifier`` unless `text`, less one pair of braces, is 1–128 bytes of `[A-Za-z0-9._:@-]`.
    public init(_ text: String) throws(InvalidIdentifier) {
        let bare = Self.withoutBraces(text)
        guard !bare.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
            throw InvalidIdentifier(text: text)
        }
        self.text = text
        self.canonical = try Identifier<ApplicationID>(bare).rawValue.lowercased()
    }

    private init(unchecked text: String) {
        self.text = text
        self.canonical = Self.withoutBraces(text)
    }

    public var description: String { text }

    private static func withoutBraces(_ text: String) -> String {
        guard text.hasPrefix("{"), text.hasSuffix("}"), text.utf8.count > 2 else { return text }
        return String(text.dropFirst().dropLast())
    }
}

extension ApplicationID: Hashable {
    public static func == (left: ApplicationID, right: ApplicationID) -> Bool { left.canonical == right.canonical }
    public func hash(into hasher: inout Hasher) { hasher.combine(canonical) }
}

extension ApplicationID: Codable {
    public init(from decoder: any Decoder) throws {
        self = try ApplicationID(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
