import FleetOperations
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// Finds out who asks, from the request's headers.
struct Authenticator: Sendable {
    let control: FleetControl
    let mode: ServerSettings.Authentication

    /// Who asks the API: the holder of a bearer token.
    ///
    /// Basic credentials do not count here, because a browser that once learnt them for the page sends them along with
    /// requests that other sites make.
    /// - Throws: ``FleetOperations/OperationError/unauthenticated``.
    func caller(ofAPI request: Request) async throws(OperationError) -> Caller {
        switch mode {
        case .none: return .local
        case .token:
            guard let secret = credentials(of: request, scheme: "bearer") else { throw .unauthenticated }
            return try await control.authenticate(secret: secret)
        }
    }

    /// Who looks at the page: the holder of a token, shown as a bearer token or, by a browser, as the password of basic
    /// credentials with any user name.
    /// - Throws: ``FleetOperations/OperationError/unauthenticated``.
    func caller(ofPage request: Request) async throws(OperationError) -> Caller {
        if mode == .none { return .local }
        let password = credentials(of: request, scheme: "basic").flatMap(Self.password)
        guard let secret = credentials(of: request, scheme: "bearer") ?? password else { throw .unauthenticated }
        return try await control.authenticate(secret: secret)
    }

    private func credentials(of request: Request, scheme: String) -> String? {
        guard let header = request.headers[.authorization] else { return nil }
        let words = header.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == scheme else { return nil }
        return String(words[1])
    }

    private static func password(ofBasic text: String) -> String? {
        guard let data = Data(base64Encoded: text), let pair = String(validating: data, as: UTF8.self),
            let colon = pair.firstIndex(of: ":")
        else { return nil }
        return String(pair[pair.index(after: colon)...])
    }
}
