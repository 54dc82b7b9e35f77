package import FleetAPI
import FleetModel
import FleetOperations
import HTTPTypes
import Hummingbird
import NIOCore

/// A page, ready to be sent.
package struct FleetPage: Sendable {
    package let markup: String
    /// What the page may load and do: the value of `Content-Security-Policy`.
    package let contentSecurityPolicy: String

    package init(markup: String, contentSecurityPolicy: String) {
        self.markup = markup
        self.contentSecurityPolicy = contentSecurityPolicy
    }
}

/// Draws the page. A service does not import another, so the program passes this in.
package typealias PageRenderer = @Sendable (FleetOverview) -> FleetPage

/// `GET /`, `/healthz` and `/readyz`.
struct PageRoutes: Sendable {
    let control: FleetControl
    let authenticator: Authenticator
    let guardian: BrowserGuard
    let address: PublicAddress
    let health: StoreHealth
    let render: PageRenderer

    func add(to router: Router<ServerContext>) {
        router.get("/") { request, context in
            try guardian.check(request)
            let caller = try await authenticator.caller(ofPage: request)
            let url = address.url(reached: context.reachedAddress)
            let presenter = Presenter(control: control, caller: caller, serverURL: url)
            return Self.answer(render(try await Overview(presenter: presenter).make()))
        }
        router.get("/healthz") { _, _ in PlainResponse.text(.ok, "ok\n") }
        router.get("/readyz") { _, context in await readiness(context) }
    }

    /// Whether the store answers, and took what it was given lately. Needs no token: it tells nothing else.
    private func readiness(_ context: ServerContext) async -> Response {
        do {
            _ = try await control.applications(PageRequest(limit: 1), by: .local)
            guard health.isWritable else {
                return PlainResponse.text(.serviceUnavailable, "the store cannot be written\n")
            }
            return PlainResponse.text(.ok, "ready\n")
        } catch {
            return PlainResponse.text(.serviceUnavailable, "the store does not answer\n")
        }
    }

    private static func answer(_ page: FleetPage) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: page.contentSecurityPolicy, .referrerPolicy: "no-referrer",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: page.markup)))
    }
}
