import FleetAPI
import FleetModel
import FleetOperations
import Hummingbird

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
            return try APIRequest.answer(presenter(request).channel(channel), tag: EntityTag(channel))
        }
        on(.put, one, router) { request in
            let id = try await request.application().id
            let target = try await request.body(ChannelTarget.self)
            let channel = try await control.setChannel(
                request.identifier("channel"), of: id, to: target.version,
                ifStill: try await seenChannel(request, id), by: request.caller)
            return try APIRequest.answer(presenter(request).channel(channel), tag: EntityTag(channel))
        }
        on(.post, one + "/promote", router) { request in
            let id = try await request.application().id
            let promotion = try await request.body(Promotion.self)
            let origin: ChannelName = try request.identifier("channel")
            _ = try await seenChannel(request, id)
            let channel = try await control.promote(from: origin, to: promotion.to, of: id, by: request.caller)
            return try APIRequest.answer(presenter(request).channel(channel), tag: EntityTag(channel))
        }
        on(.delete, one, router) { request in
            let id = try await request.application().id
            _ = try await seenChannel(request, id)
            try await control.deleteChannel(request.identifier("channel"), of: id, by: request.caller)
            return APIRequest.done
        }
    }
}
