package import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The ways out of the machine: straight, and past proxies.
///
/// A request for a plain address goes to an HTTP proxy with the whole address in its first line, as caches expect; an
/// encrypted one goes through a tunnel that the proxy opens (`CONNECT`).
package struct WebRoutes: Sendable {
    private let direct: HTTPClient
    private let plain: HTTPClient?
    private let encrypted: HTTPClient?
    private let proxies: WebProxies

    /// - Parameter direct: set up as ``WebClient/configuration`` says.
    package init(direct: HTTPClient) {
        self.direct = direct
        self.plain = nil
        self.encrypted = nil
        self.proxies = WebProxies()
    }

    private init(direct: HTTPClient, plain: HTTPClient, encrypted: HTTPClient, proxies: WebProxies) {
        self.direct = direct
        self.plain = plain
        self.encrypted = encrypted
        self.proxies = proxies
    }

    /// Runs `body` with the ways that `proxies` describes, and closes them behind it.
    package static func with<Value>(
        _ proxies: WebProxies, _ body: (WebRoutes) async throws -> Value
    ) async throws -> Value {
        try await HTTPClient.withHTTPClient(configuration: WebClient.configuration) { direct in
            try await HTTPClient.withHTTPClient(configuration: plainConfiguration(proxies.plain)) { plain in
                let configuration = encryptedConfiguration(proxies.encrypted)
                return try await HTTPClient.withHTTPClient(configuration: configuration) { encrypted in
                    try await body(WebRoutes(direct: direct, plain: plain, encrypted: encrypted, proxies: proxies))
                }
            }
        }
    }

    /// Sends `request` to `address` by the way that is meant for it.
    func execute(
        _ request: HTTPClientRequest, to address: WebAddress, deadline: NIODeadline
    ) async throws -> HTTPClientResponse {
        guard let proxy = proxies.proxy(for: address), let plain, let encrypted else {
            return try await direct.execute(request, deadline: deadline)
        }
        guard !address.isEncrypted else { return try await encrypted.execute(request, deadline: deadline) }
        guard proxy.kind == .http else { return try await plain.execute(request, deadline: deadline) }
        var request = request
        let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
        request.url = "http://\(host):\(proxy.port)\(address.pathAndQuery)"
        request.headers.replaceOrAdd(name: "Host", value: address.authority)
        if let credentials = proxy.credentials {
            let token = Data(credentials.utf8).base64EncodedString()
            request.headers.replaceOrAdd(name: "Proxy-Authorization", value: "Basic \(token)")
        }
        return try await plain.execute(request, deadline: deadline)
    }

    private static func plainConfiguration(_ proxy: WebProxy?) -> HTTPClient.Configuration {
        var configuration = WebClient.configuration
        switch proxy?.kind {
        case nil: break
        case .socks5: configuration.proxy = socks(proxy)
        case .http:
            configuration.http1_1ConnectionDebugInitializer = { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
                    try pipeline.addHandler(WholeAddressHandler(), position: .after(encoder))
                }
            }
        }
        return configuration
    }

    private static func encryptedConfiguration(_ proxy: WebProxy?) -> HTTPClient.Configuration {
        var configuration = WebClient.configuration
        switch proxy?.kind {
        case nil: break
        case .socks5: configuration.proxy = socks(proxy)
        case .http:
            configuration.proxy = proxy.map { proxy in
                let token = proxy.credentials.map { Data($0.utf8).base64EncodedString() }
                return .server(
                    host: proxy.host, port: proxy.port,
                    authorization: token.map { .basic(credentials: $0) })
            }
        }
        return configuration
    }

    private static func socks(_ proxy: WebProxy?) -> HTTPClient.Configuration.Proxy? {
        proxy.map { .socksServer(host: $0.host, port: $0.port) }
    }
}

/// Puts the whole address into a request's first line, which is how a proxy is asked.
///
/// Source: RFC 9112, section 3.2.2.
private final class WholeAddressHandler: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), let host = head.headers.first(name: "Host") else {
            return context.write(data, promise: promise)
        }
        head.uri = "http://\(host)\(head.uri)"
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}
