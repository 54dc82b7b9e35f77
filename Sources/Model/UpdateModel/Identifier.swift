/// Names one thing of kind `Kind`, so that a group's identifier cannot stand where a machine's is wanted.
public struct Identifier<Kind>: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// - Throws: ``InvalidIdentifier`` unless `text` is 1–128 bytes of `[A-Za-z0-9._:@{}-]`.
    public init(_ text: String) throws(InvalidIdentifier) {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(isIdentifierByte) else {
            throw InvalidIdentifier(text: text)
        }
        self.rawValue = text
    }

    public var description: String { rawValue }
}

private func isIdentifierByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "-"): true
    case UInt8(ascii: "{"), UInt8(ascii: "}"): true
    default: false
    }
}

/// The text cannot name anything.
public struct InvalidIdentifier: Error, Hashable {
    public let text: String
}

extension InvalidIdentifier: UserFacingError {
    public var userMessage: UserMessage {
        UserMessage(
            "“\(text.prefix(64))” is not a name.", hint: "Use 1 to 128 letters, digits or any of . _ : @ -", exit: .usage)
    }
}

extension Identifier: Codable {
    public init(from decoder: any Decoder) throws {
        self = try Identifier(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

public enum MachineKind {}
/// One installed system; on Linux the text of `/etc/machine-id`.
public typealias MachineID = Identifier<MachineKind>
