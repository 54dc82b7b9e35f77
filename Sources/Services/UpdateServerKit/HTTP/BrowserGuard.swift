import HTTPTypes
package import Hummingbird

/// Keeps other web sites from using a browser that can reach the server.
///
/// The page only shows, so nothing that changes the fleet has to come from a browser: such a request is refused when it
/// says that a page made it. Without tokens the server believes everyone on its loopback address; there a name that
/// somebody else's name server points at that address must not count as ours.
package struct BrowserGuard: Sendable {
    let mode: ServerSettings.Authentication

    package init(mode: ServerSettings.Authentication) { self.mode = mode }

    /// - Throws: ``RequestError``.
    package func check(_ request: Request) throws(RequestError) {
        let isReading = request.method == .get || request.method == .head
        if !isReading, request.headers[.origin] != nil { throw .fromAWebPage }
        if mode == .none, let host = request.head.authority, !Self.isLocal(host) { throw .foreignHost(host) }
    }

    private static func isLocal(_ authority: String) -> Bool {
        var host = authority[...]
        if let colon = host.lastIndex(of: ":"), host.hasSuffix("]") == false,
            host[host.index(after: colon)...].allSatisfy(\.isNumber)
        {
            host = host[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.lowercased() == "localhost" || ListenAddress(host: String(host), port: 0).isLoopback
    }
}
