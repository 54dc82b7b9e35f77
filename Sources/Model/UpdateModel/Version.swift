/// The version of a release, as text, and as numbers where it follows Semantic Versioning 2.0.0.
///
/// Any text of 1–128 printable ASCII bytes is a version, because machines report what their image says. Two versions
/// are ordered only when both are semantic (architecture decision 14); otherwise they are equal or unequal, no more.
public struct Version: Hashable, Sendable, CustomStringConvertible {
    /// The version exactly as it was given.
    public let text: String

    /// - Throws: ``InvalidVersion`` unless `text` is 1–128 bytes of printable ASCII without spaces, quotes or `<>&`.
    public init(_ text: String) throws(InvalidVersion) {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw InvalidVersion(text: text)
        }
        self.text = text
    }

    public var description: String { text }

    /// The parsed form, or `nil` where the text is not a semantic version.
    public var semantic: SemanticVersion? { SemanticVersion(text) }

    /// Whether this version comes after `other`; `nil` when they cannot be ordered.
    ///
    /// Build metadata does not order: `1.0.0+a` is neither older nor newer than `1.0.0+b`.
    public func isNewer(than other: Version) -> Bool? {
        guard let mine = semantic, let theirs = other.semantic else { return nil }
        return theirs < mine
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): false
        case UInt8(ascii: "/"), UInt8(ascii: "\\"): false
        default: (0x21...0x7E).contains(byte)
        }
    }
}

/// The text cannot be a version.
public struct InvalidVersion: Error, Hashable {
    public let text: String
}

extension InvalidVersion: UserFacingError {
    public var userMessage: UserMessage {
        UserMessage(
            "“\(text.prefix(64))” is not a version.", hint: "Use 1 to 128 characters such as 2.0.0 or 4230.2.3+build.",
            exit: .usage)
    }
}

extension Version: Codable {
    public init(from decoder: any Decoder) throws {
        self = try Version(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
