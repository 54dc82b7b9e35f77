import FleetAPI
import FleetModel
import FleetOperations
import HTTPTypes
import Hummingbird
import UpdateModel

// Channels.
extension APIRoutes {
    private static let channel = "applications/:application/channels/:channel"

    func addChannels(to router: Router<ServerContext>) {
        on(.get, "applications/:application/channels", router) { request in
            let id = try await request.application().id
            let page = try await control.channels(of: id, request.page(), by: request.caller)
            return try APIRequest.answer(ListPage(items: page.items.map(presenter(request).channel), total: page.total))
        }
        on(.get, Self.channel, router) { request in
            let id = try await request.application().id
            let channel = try await control.channel(request.identifier("channel"), of: id, by: request.caller)
            return try await answer(request, channel)
        }
        on(.put, Self.channel, router) { request in
            let id = try await request.application().id
            let target = try await request.body(ChannelTarget.self)
            let channel = try await control.setChannel(
                request.identifier("channel"), of: id, to: target.version, reason: target.reason,
                ifStill: try await seenChannel(request, id), by: request.caller)
            return try await answer(request, channel)
        }
        on(.patch, Self.channel, router) { request in
            let id = try await request.application().id
            let edit = try await request.body(ChannelEdit.self)
            let change = ChannelChange(follows: edit.follows.map(\.value), needsSecondPerson: edit.secondPerson)
            let channel = try await control.changeChannel(
                request.identifier("channel"), of: id, change, ifStill: try await seenChannel(request, id),
                by: request.caller)
            return try await answer(request, channel)
        }
        on(.delete, Self.channel, router) { request in
            let id = try await request.application().id
            _ = try await seenChannel(request, id)
            try await control.deleteChannel(request.identifier("channel"), of: id, by: request.caller)
            return APIRequest.done
        }
        addPromotions(to: router)
    }

    private func addPromotions(to router: Router<ServerContext>) {
        on(.post, Self.channel + "/promote", router) { request in
            let id = try await request.application().id
            let promotion = try await request.body(Promotion.self)
            let origin: ChannelName = try request.identifier("channel")
            _ = try await seenChannel(request, id)
            let channel = try await control.promote(
                from: origin, to: promotion.to, of: id, reason: promotion.reason, by: request.caller)
            return try await answer(request, channel)
        }
        on(.post, Self.channel + "/approve", router) { request in
            let id = try await request.application().id
            let approval = try await request.body(MoveApproval.self)
            let channel = try await control.approveMove(
                of: request.identifier("channel"), in: id, to: approval.version, by: request.caller)
            return try await answer(request, channel)
        }
        on(.delete, Self.channel + "/request", router) { request in
            let id = try await request.application().id
            let channel = try await control.rejectMove(
                of: request.identifier("channel"), in: id, reason: request.parameter("reason"), by: request.caller)
            return try await answer(request, channel)
        }
        on(.get, Self.channel + "/moves", router) { request in
            let id = try await request.application().id
            let name: ChannelName = try request.identifier("channel")
            _ = try await control.channel(name, of: id, by: request.caller)
            let page = try await control.channelMoves(of: id, channel: name, request.page(), by: request.caller)
            return try APIRequest.answer(
                ListPage(items: page.items.map(ChannelMoveResource.init), total: page.total))
        }
    }

    /// 202 where the move that was asked for waits for a second person.
    private func answer(_ request: APIRequest, _ channel: FleetModel.Channel) async throws -> Response {
        let isAsking = request.request.method == .put || request.request.uri.path.hasSuffix("/promote")
        let status: HTTPResponse.Status = isAsking && channel.request != nil ? .accepted : .ok
        let shown = try await presenter(request).channelAlone(channel)
        return try APIRequest.answer(shown, status: status, tag: EntityTag(channel))
    }
}
