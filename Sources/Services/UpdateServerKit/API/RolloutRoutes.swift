import FleetAPI
import FleetModel
import FleetOperations
import Hummingbird
import UpdateModel

// What operators do to a group's roll-out. Each answers with the group as it is then.
extension APIRoutes {
    private static let one = "applications/:application/groups/:group"

    func addRollouts(to router: Router<ServerContext>) {
        act("resume", router) { request, application, group in
            let seen = try await seenRollout(request, application, group)
            try await control.resumeRollout(of: group, in: application, ifStill: seen, by: request.caller)
        }
        act("pause", router) { request, application, group in
            let act = try await request.body(RolloutAct.self)
            try await control.controlRollout(
                of: group, in: application, .paused, version: act.version, reason: act.reason,
                ifStill: try await seenRollout(request, application, group), by: request.caller)
        }
        act("abort", router) { request, application, group in
            let act = try await request.body(RolloutAct.self)
            try await control.controlRollout(
                of: group, in: application, .aborted, version: act.version, reason: act.reason,
                ifStill: try await seenRollout(request, application, group), by: request.caller)
        }
        act("undo", router) { request, application, group in
            let undo = try await request.body(NewUndo.self)
            _ = try await seenRollout(request, application, group)
            try await control.undo(group, in: application, to: undo.to, reason: undo.reason, by: request.caller)
        }
        on(.delete, Self.one + "/undo", router) { request in
            let (application, group) = try await place(request)
            _ = try await seenRollout(request, application, group)
            try await control.endUndo(group, in: application, by: request.caller)
            return try await answer(request, application, group)
        }
        on(.get, Self.one + "/holds", router) { request in
            let (application, group) = try await place(request)
            let holds = try await control.holds(of: group, in: application, by: request.caller)
            return try APIRequest.answer(ListPage(items: holds.map(presenter(request).hold), total: holds.count))
        }
    }

    private func act(
        _ name: String, _ router: Router<ServerContext>,
        _ body: @escaping @Sendable (APIRequest, ApplicationID, GroupName) async throws -> Void
    ) {
        on(.post, Self.one + "/" + name, router) { request in
            let (application, group) = try await place(request)
            try await body(request, application, group)
            return try await answer(request, application, group)
        }
    }

    private func place(_ request: APIRequest) async throws -> (ApplicationID, GroupName) {
        (try await request.application().id, try request.identifier("group"))
    }

    private func answer(_ request: APIRequest, _ application: ApplicationID, _ name: GroupName) async throws -> Response
    {
        let group = try await control.group(name, of: application, by: request.caller)
        return try APIRequest.answer(try await presenter(request).group(group))
    }
}

// The server's clock.
extension APIRoutes {
    func addClock(to router: Router<ServerContext>) {
        on(.get, "clock", router) { request in
            try APIRequest.answer(presenter(request).clock(try control.clockState(by: request.caller)))
        }
        on(.post, "clock/accept", router) { request in
            try await control.acceptClock(by: request.caller)
            return try APIRequest.answer(presenter(request).clock(try control.clockState(by: request.caller)))
        }
    }
}
