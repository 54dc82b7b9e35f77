/// Where a payload lies that the server itself does not keep: a web address that ends in a file's name.
///
/// There is nothing in it that could be a secret or be lost on the way to a machine: no user, no query, no fragment. Machines are
/// told it in two parts, because Omaha has a code base and a package name.
public struct PayloadURL: Hashable, Sendable, CustomStringConvertible {
    /// As it was given, with scheme and host in lower case.
    public let text: String
    /// In lower case; an IPv6 address with its brackets.
    public let host: String
    /// Everything up to the last slash, with it.
    public let codebase: String
    /// What stands after the last slash.
    public let fileName: String

    public static let byteCountMaximum = 1024
    private static let fileNameByteCountMaximum = 128

    /// - Throws: ``InvalidPayloadURL``.
    ///
    /// Source: RFC 3986, sections 3.2.2 and 3.3, without what our machines or Omaha's two parts could read differently.
    public init(_ text: String) throws(InvalidPayloadURL) {
        guard text.utf8.count <= Self.byteCountMaximum, let mark = text.firstRange(of: "://") else {
            throw InvalidPayloadURL(text: text)
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        let rest = text[mark.upperBound...]
        guard scheme == "http" || scheme == "https", let slash = rest.firstIndex(of: "/"),
            let host = Self.host(ofAuthority: rest[..<slash].lowercased())
        else { throw InvalidPayloadURL(text: text) }
        let path = rest[slash...]
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard Self.isPlain(path), let last = segments.last,
            (1...Self.fileNameByteCountMaximum).contains(last.utf8.count),
            segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
        else { throw InvalidPayloadURL(text: text) }
        self.host = host
        self.text = "\(scheme)://\(rest[..<slash].lowercased())\(path)"
        fileName = String(last)
        codebase = String(self.text.dropLast(last.count))
    }

    public var description: String { text }

    /// - Returns: `nil` where it is no host with at most a port.
    private static func host(ofAuthority authority: String) -> String? {
        let isBracketed = authority.hasPrefix("[")
        let end = isBracketed ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
        let host = authority[..<(end ?? authority.endIndex)]
        let rest = authority[(end ?? authority.endIndex)...]
        let bytes = (isBracketed ? host.dropFirst().dropLast() : host).utf8
        let allowed = isBracketed ? "0123456789abcdef:." : "0123456789abcdefghijklmnopqrstuvwxyz.-"
        guard !isBracketed || end != nil, (1...253).contains(bytes.count),
            bytes.allSatisfy({ allowed.utf8.contains($0) }),
            !isBracketed || (bytes.contains(0x3A) && NetworkAddress(String(host.dropFirst().dropLast())) != nil)
        else { return nil }
        if rest.isEmpty { return String(host) }
        guard rest.first == ":", rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(rest.dropFirst()), port > 0
        else { return nil }
        return String(host)
    }

    /// Whether there is nothing else in it than RFC 3986 allows in a path; a `%` stands before two hexadecimal digits.
    private static func isPlain(_ path: Substring) -> Bool {
        let marks = "/-._~!$'()*+,;=:@%"
        let isAllowed = path.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: marks.utf8.contains(byte)
            }
        }
        return isAllowed
            && path.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy { part in
                part.prefix(2).count == 2 && part.prefix(2).allSatisfy(\.isHexDigit)
            }
    }
}

extension PayloadURL: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do { try self.init(try container.decode(String.self)) } catch let error as InvalidPayloadURL {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.userMessage.line)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// The text is no address from which a payload could be fetched.
public struct InvalidPayloadURL: Error, Hashable {
    public let text: String
}

extension InvalidPayloadURL: UserFacingError {
    public var userMessage: UserMessage {
        // What is no usable address may still hold a password: it is not shown.
        UserMessage(
            "This is no usable address of a payload (\(text.utf8.count) bytes).",
            hint: "Use one such as https://mirror.example.org/os/update.crau: http or https, no user, no query.",
            exit: .badData)
    }
}
