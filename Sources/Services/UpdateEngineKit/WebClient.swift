package import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends requests and follows redirects: never from `https` to `http`, at most ten, and credentials stay with whom
/// they were meant for.
package struct WebClient: Sendable {
    package static let redirectsMax = 10
    private let routes: WebRoutes

    package init(_ routes: WebRoutes) { self.routes = routes }

    /// How the HTTP client underneath must be set up.
    package static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(30)
        // Silence is judged by whoever reads: only there is it known whether anybody was waiting.
        configuration.timeout.read = nil
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        return configuration
    }

    struct Request: Sendable {
        var method = HTTPMethod.GET
        var address: WebAddress
        var headers = HTTPHeaders()
        var body: [UInt8]?
        /// `user:password`, where the address carries none.
        var credentials: String?

        init(_ address: WebAddress) { self.address = address }
    }

    /// - Parameter deadline: for everything up to the end of the answer's body.
    /// - Throws: ``WebError``, `CancellationError`.
    func send(_ request: Request, deadline: NIODeadline = .distantFuture) async throws -> HTTPClientResponse {
        var address = request.address
        for _ in 0...Self.redirectsMax {
            let response = try await execute(request, at: address, deadline: deadline)
            guard Self.isRedirect(response.status) else { return response }
            guard request.method == .GET || response.status != .seeOther,
                let location = response.headers.first(name: "Location"),
                let target = try? address.redirected(to: location)  // Said as what it is: a bad redirect.
            else { throw WebError.badRedirect(from: address) }
            address = target
        }
        throw WebError.tooManyRedirects(from: request.address)
    }

    private func execute(
        _ request: Request, at address: WebAddress, deadline: NIODeadline
    ) async throws -> HTTPClientResponse {
        var outgoing = HTTPClientRequest(url: address.text)
        outgoing.method = request.method
        outgoing.headers = request.headers
        if let body = request.body { outgoing.body = .bytes(ByteBuffer(bytes: body)) }
        let isKnown = address.hasSameOrigin(as: request.address)
        if let credentials = address.credentials ?? (isKnown ? request.address.credentials ?? request.credentials : nil)
        {
            let token = Data(credentials.utf8).base64EncodedString()
            outgoing.headers.replaceOrAdd(name: "Authorization", value: "Basic \(token)")
        }
        do {
            return try await routes.execute(outgoing, to: address, deadline: deadline)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw WebError.unreachable(address, reason: Self.reason(error))
        }
    }

    private static func isRedirect(_ status: HTTPResponseStatus) -> Bool {
        switch status {
        case .movedPermanently, .found, .seeOther, .temporaryRedirect, .permanentRedirect: true
        default: false
        }
    }

    /// What went wrong, without addresses.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription.lowercased()
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "its name cannot be resolved"
        case let error as IOError: "\(error)"
        default: "\(type(of: error))"
        }
    }
}

/// A request got no answer that could be used.
enum WebError: Error, Hashable {
    case unreachable(WebAddress, reason: String)
    case badRedirect(from: WebAddress)
    case tooManyRedirects(from: WebAddress)
}
