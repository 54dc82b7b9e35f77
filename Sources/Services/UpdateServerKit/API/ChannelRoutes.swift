import FleetAPI
import FleetModel
import FleetOperations
import Hummingbird
import UpdateModel

// Channels.
extension APIRoutes {
    func addChannels(to router: Router<ServerContext>) {
        on(.get, "applications/:application/channels", router) { request in
            let id = try await request.application().id
            let page = try await control.channels(of: id, request.page(), by: request.caller)
            return try APIRequest.answer(ListPage(items: page.items.map(presenter(request).channel), total: page.total))
        }
        let one = "applications/:application/channels/:channel"
        on(.get, one, router) { request in
            let id = try await request.application().id
            let channel = try await control.channel(request.identifier("channel"), of: id, by: request.caller)
            return try APIRequest.answer(presenter(request).channel(channel))
        }
        on(.put, one, router) { request in
            let id = try await request.application().id
            let target = try await request.body(ChannelTarget.self)
            let channel = try await control.setChannel(
                request.identifier("channel"), of: id, to: target.version, by: request.caller)
            return try APIRequest.answer(presenter(request).channel(channel))
        }
        on(.post, one + "/promote", router) { request in
            let id = try await request.application().id
            let promotion = try await request.body(Promotion.self)
            let origin: ChannelName = try request.identifier("channel")
            try await makeIfMissing(promotion.to, of: id, provenBy: origin, request)
            let channel = try await control.promote(from: origin, to: promotion.to, of: id, by: request.caller)
            return try APIRequest.answer(presenter(request).channel(channel))
        }
        on(.delete, one, router) { request in
            let id = try await request.application().id
            try await control.deleteChannel(request.identifier("channel"), of: id, by: request.caller)
            return APIRequest.done
        }
    }

    /// A first promotion makes its channel, as a first `channel set` does, unless there is nothing to promote.
    private func makeIfMissing(
        _ name: ChannelName, of application: ApplicationID, provenBy origin: ChannelName, _ request: APIRequest
    ) async throws(OperationError) {
        guard name != origin, try await control.channel(origin, of: application, by: request.caller).version != nil
        else { return }
        do {
            _ = try await control.channel(name, of: application, by: request.caller)
        } catch {
            guard error.kind == .notFound else { throw error }
            _ = try await control.createChannel(name, of: application, by: request.caller)
        }
    }
}
