/// The server's own URL in what it hands out.
///
/// It never comes from a request's headers: whoever can send a `Host` header could otherwise send machines elsewhere.
package struct PublicAddress: Sendable {
    private let fixed: String?

    /// - Parameters:
    ///   - url: what an operator set; it wins.
    ///   - listen: where the server was asked to listen. When that is every address, or any free port, there is no one
    ///     URL to tell beforehand, and each peer is given the address and port of this machine that it reached.
    package init(url: String?, listen: ListenAddress) {
        fixed = url ?? (listen.isWildcard || listen.port == 0 ? nil : "http://\(listen)")
    }

    /// The one URL that everybody is given, where there is one.
    package var url: String? { fixed }

    /// The URL for the peer of a connection, without a slash at its end.
    func url(reached address: ListenAddress?) -> String {
        fixed ?? "http://\(address ?? ListenAddress(host: "127.0.0.1", port: 80))"
    }
}
