import FleetAPI
import FleetModel
import FleetOperations
import Hummingbird

// Access tokens.
extension APIRoutes {
    func addTokens(to router: Router<ServerContext>) {
        on(.get, "tokens", router) { request in
            let page = try await control.tokens(request.page(), by: request.caller)
            return try APIRequest.answer(ListPage(items: page.items.map(presenter(request).token), total: page.total))
        }
        on(.post, "tokens", router) { request in
            let new = try await request.body(NewToken.self)
            let issued = try await control.createToken(name: new.name, role: new.role ?? .viewer, by: request.caller)
            let created = CreatedToken(token: presenter(request).token(issued.token), secret: issued.secret)
            return try APIRequest.answer(created, status: .created)
        }
        on(.get, "tokens/:token", router) { request in
            let token = try await control.token(request.identifier("token"), by: request.caller)
            return try APIRequest.answer(presenter(request).token(token))
        }
        on(.delete, "tokens/:token", router) { request in
            try await control.revokeToken(request.identifier("token"), by: request.caller)
            return APIRequest.done
        }
    }
}
