import FleetAPI
import FleetModel
import FleetOperations
import Hummingbird

// Groups and their roll-outs.
extension APIRoutes {
    func addGroups(to router: Router<ServerContext>) {
        on(.get, "applications/:application/groups", router) { request in
            let id = try await request.application().id
            let page = try await control.groups(of: id, request.page(), by: request.caller)
            var items: [GroupResource] = []
            for group in page.items { items.append(try await presenter(request).group(group)) }
            return try APIRequest.answer(ListPage(items: items, total: page.total))
        }
        on(.post, "applications/:application/groups", router) { request in
            let id = try await request.application().id
            let new = try await request.body(NewGroup.self)
            let made = try await control.createGroup(
                new.name, of: id, track: new.track, channel: new.channel,
                policy: RolloutPolicy.standard.edited(new.policy), by: request.caller)
            return try APIRequest.answer(try await presenter(request).group(made), status: .created)
        }
        let one = "applications/:application/groups/:group"
        on(.get, one, router) { request in
            let id = try await request.application().id
            let group = try await control.group(request.identifier("group"), of: id, by: request.caller)
            return try APIRequest.answer(try await presenter(request).group(group))
        }
        on(.patch, one, router) { request in
            let id = try await request.application().id
            let change = GroupChange(try await request.body(GroupEdit.self))
            let group = try await control.changeGroup(request.identifier("group"), of: id, change, by: request.caller)
            return try APIRequest.answer(try await presenter(request).group(group))
        }
        on(.post, one + "/resume", router) { request in
            let id = try await request.application().id
            let name: GroupName = try request.identifier("group")
            try await control.resumeRollout(of: name, in: id, by: request.caller)
            let group = try await control.group(name, of: id, by: request.caller)
            return try APIRequest.answer(try await presenter(request).group(group))
        }
        on(.delete, one, router) { request in
            let id = try await request.application().id
            try await control.deleteGroup(request.identifier("group"), of: id, by: request.caller)
            return APIRequest.done
        }
    }
}

extension RolloutPolicy {
    fileprivate func edited(_ edit: PolicyEdit?) -> RolloutPolicy {
        guard let edit else { return self }
        var policy = self
        policy.isEnabled = edit.enabled ?? isEnabled
        if let limit = edit.maxInProgress { policy.maximumInProgress = limit.value }
        if let limit = edit.stopAfterFailures { policy.stopAfterFailures = limit.value }
        policy.stageDeadlineSeconds = edit.stageDeadlineSeconds ?? stageDeadlineSeconds
        return policy
    }
}

extension GroupChange {
    fileprivate init(_ edit: GroupEdit) {
        self.init()
        track = edit.track
        channel = edit.channel
        isEnabled = edit.policy?.enabled
        maximumInProgress = edit.policy?.maxInProgress.map(\.value)
        stopAfterFailures = edit.policy?.stopAfterFailures.map(\.value)
        stageDeadlineSeconds = edit.policy?.stageDeadlineSeconds
    }
}
