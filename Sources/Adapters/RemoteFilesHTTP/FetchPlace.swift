import FoundationEssentials
package import UpdateModel

/// Where one request goes: what a person gave, or where a redirect leads, which may have a query.
///
/// The HTTP client reads ``text`` again and connects to the address that was judged only where it finds ``host`` in it, letter
/// for letter; any other name it would look up by itself. So the text is made anew from parts that can be read in one way only.
package struct FetchPlace: Hashable, Sendable {
    package let text: String
    /// In lower case, without the brackets of an IPv6 address: letters, digits, dots and hyphens, or an address.
    package let host: String
    let isEncrypted: Bool
    private let url: URL

    private static let byteCountMaximum = 4096

    /// - Returns: `nil` where the client could not be trusted to find the same place in it.
    package init?(_ url: PayloadURL) {
        guard let whole = URL(string: url.text, encodingInvalidCharacters: false) else { return nil }
        self.init(whole)
    }

    private init?(_ url: URL) {
        guard let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let spelled = url.host(percentEncoded: true), let host = Self.plainHost(spelled),
            url.user == nil, url.password == nil, (1...65_535).contains(url.port ?? 80)
        else { return nil }
        let path = url.path(percentEncoded: true)
        guard path.isEmpty || path.hasPrefix("/") else { return nil }
        let place = (host.contains(":") ? "[\(host)]" : host) + (url.port.map { ":\($0)" } ?? "")
        let query = url.query(percentEncoded: true).map { "?\($0)" } ?? ""
        let text = "\(scheme)://\(place)\(path.isEmpty ? "/" : path)\(query)"
        guard text.utf8.count <= Self.byteCountMaximum, let again = URL(string: text, encodingInvalidCharacters: false),
            let read = again.host(percentEncoded: false), Self.withoutBrackets(read) == host, again.port == url.port
        else { return nil }
        self.host = host
        self.text = text
        self.isEncrypted = scheme == "https"
        self.url = again
    }

    /// - Returns: `nil` where that is no host that is read by everybody in one way.
    private static func plainHost(_ spelled: String) -> String? {
        let host = withoutBrackets(spelled).lowercased()
        if host.contains(":") { return NetworkAddress(host) == nil ? nil : host }
        let allowed = "0123456789abcdefghijklmnopqrstuvwxyz.-".utf8
        return (1...253).contains(host.utf8.count) && host.utf8.allSatisfy(allowed.contains) ? host : nil
    }

    private static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// - Returns: `nil` where that is no web address, or would give up encryption.
    package func redirected(to location: String) -> FetchPlace? {
        guard location.utf8.count <= Self.byteCountMaximum, location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URL(string: location, relativeTo: url)?.absoluteURL, let place = FetchPlace(url),
            place.isEncrypted || !isEncrypted
        else { return nil }
        return place
    }
}
