internal import AsyncHTTPClient
package import NIOCore
internal import UpdateModel

/// From where files may be read: the public Internet, and what an operator named beside it.
struct FetchRule: Sendable {
    let allowed: [NetworkPrefix]

    func allows(_ address: NetworkAddress) -> Bool { address.isPublic || allowed.contains { $0.contains(address) } }
}

/// How long another server may take.
package struct FetchLimits: Sendable {
    /// To tell the addresses of a name.
    package var lookUp = TimeAmount.seconds(5)
    /// To take a connection.
    package var connect = TimeAmount.seconds(5)
    /// Between two pieces of an answer.
    package var silence = TimeAmount.seconds(60)
    /// For one probe.
    package var probe = TimeAmount.seconds(30)
    /// For all of a file, with its redirects.
    package var whole = TimeAmount.hours(6)

    package init() {}

    func configuration(_ place: FetchPlace, connectingTo address: NetworkAddress) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: connect, read: silence))
        configuration.httpVersion = .http1Only
        // The name is still what the certificate is checked against.
        configuration.dnsOverride = [place.host: address.description]
        return configuration
    }
}
