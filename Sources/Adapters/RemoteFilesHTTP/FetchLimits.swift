internal import AsyncHTTPClient
package import NIOCore
internal import UpdateModel

/// How long another server may take.
package struct FetchLimits: Sendable {
    /// To tell the addresses of a name.
    package var lookUp = TimeAmount.seconds(5)
    /// To take a connection.
    package var connect = TimeAmount.seconds(5)
    /// Between two pieces of an answer.
    package var silence = TimeAmount.seconds(60)
    /// For the head of an answer, with the redirects before it; and the stretch of time over which ``leastRate`` is
    /// measured.
    package var patience = TimeAmount.minutes(5)
    /// Bytes a second. What comes more slowly is given up: it would hold places that others wait for.
    package var leastRate: Int64 = 64_000
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
