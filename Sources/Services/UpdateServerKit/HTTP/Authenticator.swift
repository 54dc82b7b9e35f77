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
            guard let secret = Credentials.text(of: request, scheme: "bearer") else { throw .unauthenticated }
            return try await control.authenticate(secret: secret)
        }
    }

    /// Who looks at the page: the holder of a token, shown as a bearer token or, by a browser, as the password of basic
    /// credentials with any user name.
    /// - Throws: ``FleetOperations/OperationError/unauthenticated``.
    func caller(ofPage request: Request) async throws(OperationError) -> Caller {
        if mode == .none { return .local }
        let password = Credentials.password(of: request)
        guard let secret = Credentials.text(of: request, scheme: "bearer") ?? password else { throw .unauthenticated }
        return try await control.authenticate(secret: secret)
    }
}
