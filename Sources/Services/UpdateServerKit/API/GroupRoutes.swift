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
                policy: GroupChange(policy: new.policy).edited(.standard), labels: new.labels, by: request.caller)
            return try APIRequest.answer(
                try await presenter(request).group(made), status: .created, tag: EntityTag(made))
        }
        let one = "applications/:application/groups/:group"
        on(.get, one, router) { request in
            let id = try await request.application().id
            let group = try await control.group(request.identifier("group"), of: id, by: request.caller)
            return try APIRequest.answer(try await presenter(request).group(group), tag: EntityTag(group))
        }
        on(.patch, one, router) { request in
            let id = try await request.application().id
            let change = GroupChange(try await request.body(GroupEdit.self))
            let group = try await control.changeGroup(
                request.identifier("group"), of: id, change, ifStill: try await seenGroup(request, id),
                by: request.caller)
            return try APIRequest.answer(try await presenter(request).group(group), tag: EntityTag(group))
        }
        on(.delete, one, router) { request in
            let id = try await request.application().id
            _ = try await seenGroup(request, id)
            try await control.deleteGroup(request.identifier("group"), of: id, by: request.caller)
            return APIRequest.done
        }
        on(.post, one + "/secrets", router) { request in
            let id = try await request.application().id
            let made = try await control.createGroupSecret(
                of: request.identifier("group"), in: id, by: request.caller)
            return try APIRequest.answer(
                CreatedGroupSecret(id: made.secret.id, secret: made.text), status: .created)
        }
        on(.delete, one + "/secrets/:secret", router) { request in
            let id = try await request.application().id
            try await control.revokeGroupSecret(
                request.identifier("secret"), of: request.identifier("group"), in: id,
                opensGroup: request.flag("open"), by: request.caller)
            return APIRequest.done
        }
    }
}

extension GroupChange {
    fileprivate init(_ edit: GroupEdit) {
        self.init(policy: edit.policy)
        track = edit.track
        channel = edit.channel
        labels = edit.labels.map(\.value)
    }

    init(policy edit: PolicyEdit?) {
        self.init()
        isEnabled = edit?.enabled
        maximumInProgress = edit?.maxInProgress.map(\.value)
        stopAfterFailures = edit?.stopAfterFailures.map(\.value)
        stageDeadlineSeconds = edit?.stageDeadlineSeconds
        stageDeadlines = edit?.stageDeadlines.map { $0.value ?? PerStage() }
        rate = edit?.rate.map(\.value)
        downloadBytesPerSecond = edit?.downloadRate.map(\.value)
        ramp = edit?.ramp.map(\.value)
        canary = edit?.canary.map(\.value)
        windows = edit?.windows.map { $0.value?.map(\.window) ?? [] }
        after = edit?.after.map(\.value)
        deltas = edit?.deltas
        downgrade = edit?.downgrade
        minimumVersion = edit?.minimumVersion.map(\.value)
        switch edit?.brakes {
        case nil: break
        case .unlimited: brakes = BrakesChange(everything: Brakes())
        case .limit(let edit):
            brakes.failurePercent = edit.failurePercent.map(\.value)
            brakes.failureSample = edit.failureSample
            brakes.timeOuts = edit.timeOuts.map { $0.value ?? PerStage() }
            brakes.silent = edit.silent.map(\.value)
            brakes.silenceSeconds = edit.silenceSeconds
        }
    }
}
