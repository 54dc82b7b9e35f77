import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage
import HTTPTypes
import Hummingbird

/// Everything below `/api/v1`: each route is a thin door to one use case of ``FleetOperations/FleetControl``.
struct APIRoutes: Sendable {
    typealias Handler = @Sendable (APIRequest) async throws -> Response

    let control: FleetControl
    let authenticator: Authenticator
    let guardian: BrowserGuard
    let address: PublicAddress
    let bodies: BodyReader
    let startedAt: Timestamp

    func add(to router: Router<ServerContext>) {
        addDescription(to: router)
        addStatus(to: router)
        addApplications(to: router)
        addReleases(to: router)
        addPayloads(to: router)
        addChannels(to: router)
        addGroups(to: router)
        addRollouts(to: router)
        addMachines(to: router)
        addTokens(to: router)
        addClock(to: router)
    }

    /// Adds a route. The caller is known, and the browser's rules are kept, before the handler runs.
    func on(
        _ method: HTTPRequest.Method, _ path: String, _ router: Router<ServerContext>, _ handler: @escaping Handler
    ) {
        router.on(RouterPath("/api/v1/" + path), method: method) { request, context in
            try guardian.check(request)
            let caller = try await authenticator.caller(ofAPI: request)
            let apiRequest = APIRequest(
                request: request, context: context, caller: caller, control: control, bodies: bodies)
            return try await handler(apiRequest)
        }
    }

    func presenter(_ request: APIRequest) -> Presenter {
        Presenter(
            control: control, caller: request.caller, serverURL: address.url(reached: request.context.reachedAddress))
    }

    private func addStatus(to router: Router<ServerContext>) {
        on(.get, "status", router) { request in
            let applications = try await control.applications(PageRequest(limit: 1), by: request.caller)
            let machines = try await control.machines(.init(), PageRequest(limit: 1), by: request.caller)
            return try APIRequest.answer(
                StatusResource(
                    version: ServerVersion.text, startedAt: startedAt, publicURL: address.url,
                    applications: applications.total, machines: machines.total))
        }
        on(.get, "overview", router) { request in
            try APIRequest.answer(try await Overview(presenter: presenter(request)).make())
        }
    }
}

/// The version of the program.
package enum ServerVersion {
    package static let text = "0.1.0"
}
