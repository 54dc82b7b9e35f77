import FoundationEssentials
import UpdateModel

/// Where one request goes: what a person gave, or where a redirect leads, which may have a query.
struct FetchPlace: Hashable, Sendable {
    let text: String
    /// In lower case, without the brackets of an IPv6 address.
    let host: String
    let isEncrypted: Bool
    private let url: URL

    private static let byteCountMaximum = 4096

    init(_ url: PayloadURL) {
        guard let whole = URL(string: url.text, encodingInvalidCharacters: false), let place = FetchPlace(whole) else {
            preconditionFailure("\(url) was checked")
        }
        self = place
    }

    private init?(_ url: URL) {
        let scheme = url.scheme?.lowercased()
        guard scheme == "http" || scheme == "https", let host = url.host(percentEncoded: true)?.lowercased(),
            !host.isEmpty, url.user == nil, url.password == nil, (1...65_535).contains(url.port ?? 80),
            url.absoluteString.utf8.count <= Self.byteCountMaximum
        else { return nil }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.text = url.absoluteString
        self.isEncrypted = scheme == "https"
        self.url = url
    }

    /// - Returns: `nil` where that is no web address, or would give up encryption.
    func redirected(to location: String) -> FetchPlace? {
        guard location.utf8.count <= Self.byteCountMaximum, location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URL(string: location, relativeTo: url)?.absoluteURL, let place = FetchPlace(url),
            place.isEncrypted || !isEncrypted
        else { return nil }
        return place
    }
}
