import FoundationEssentials
package import UpdateModel

/// An address of the web: `http` or `https`, a host, and nothing odd in it. Parsed once, where it comes in.
///
/// Prints without user, password and query, so that it can stand in logs and messages.
package struct WebAddress: Hashable, Sendable, CustomStringConvertible {
    /// What a request is sent to: everything but user and password.
    package let text: String
    /// `user:password`, where the address carried one.
    package let credentials: String?
    package let description: String
    package let isEncrypted: Bool
    /// Scheme, host and port: who gets to see credentials.
    let origin: String
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    /// `nil` where the scheme says it.
    package let port: Int?
    /// What stands in the first line of a request.
    let pathAndQuery: String
    private let url: URL
    private static let lengthMax = 4096

    /// - Throws: ``InvalidWebAddress``.
    package init(_ text: String) throws(InvalidWebAddress) {
        guard (1...Self.lengthMax).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URL(string: text, encodingInvalidCharacters: false)
        else { throw InvalidWebAddress(text: text) }
        try self.init(url)
    }

    private init(_ url: URL) throws(InvalidWebAddress) {
        let whole = url.absoluteString
        let scheme = url.scheme?.lowercased() ?? ""
        guard scheme == "http" || scheme == "https", let host = url.host(percentEncoded: true), !host.isEmpty,
            (1...65_535).contains(url.port ?? 80)
        else { throw InvalidWebAddress(text: whole) }
        let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        let port = url.port.map { ":\($0)" } ?? ""
        let path = url.path(percentEncoded: true)
        self.host = (host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host).lowercased()
        self.port = url.port
        self.origin = "\(scheme)://\(bracketed.lowercased())\(port)"
        self.pathAndQuery = (path.isEmpty ? "/" : path) + (url.query(percentEncoded: true).map { "?\($0)" } ?? "")
        self.text = origin + pathAndQuery
        self.description = origin + path + (url.query(percentEncoded: true) == nil ? "" : "?…")
        self.credentials = url.user(percentEncoded: false).map { user in
            "\(user):\(url.password(percentEncoded: false) ?? "")"
        }
        self.isEncrypted = scheme == "https"
        self.url = url
    }

    /// Where a redirect leads.
    /// - Throws: ``InvalidWebAddress`` when that is no web address, or would give up encryption.
    package func redirected(to location: String) throws(InvalidWebAddress) -> WebAddress {
        guard location.utf8.count <= Self.lengthMax, location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URL(string: location, relativeTo: url)?.absoluteURL
        else { throw InvalidWebAddress(text: location) }
        let target = try WebAddress(url)
        guard target.isEncrypted || !isEncrypted else { throw InvalidWebAddress(text: location) }
        return target
    }

    /// Host and port, as the header `Host` names them.
    var authority: String { String(origin.drop { $0 != "/" }.dropFirst(2)) }

    package func hasSameOrigin(as other: WebAddress) -> Bool { origin == other.origin }
}

/// The text is no address of the web.
package struct InvalidWebAddress: Error, Hashable {
    package let text: String
}

extension InvalidWebAddress: UserFacingError {
    package var userMessage: UserMessage {
        // What is no address may still hold a password: it is not shown.
        UserMessage(
            "This is no usable web address (\(text.utf8.count) bytes).",
            hint: "It must begin with http:// or https://, name a host, and hold no spaces.", exit: .configuration)
    }
}
