import FleetAPI
import FleetModel
import FleetOperations
import Hummingbird
import UpdateModel

// Applications and releases.
extension APIRoutes {
    func addApplications(to router: Router<ServerContext>) {
        on(.get, "applications", router) { request in
            let page = try await control.applications(request.page(), by: request.caller)
            return try APIRequest.answer(
                ListPage(items: page.items.map(presenter(request).application), total: page.total))
        }
        on(.post, "applications", router) { request in
            let new = try await request.body(NewApplication.self)
            let made = try await control.createApplication(id: new.id, name: new.name, by: request.caller)
            return try APIRequest.answer(presenter(request).application(made), status: .created)
        }
        on(.get, "applications/:application", router) { request in
            try APIRequest.answer(presenter(request).application(try await request.application()))
        }
        on(.patch, "applications/:application", router) { request in
            let edit = try await request.body(ApplicationEdit.self)
            let id = try await request.application().id
            let changed = try await control.renameApplication(id, to: edit.name, by: request.caller)
            return try APIRequest.answer(presenter(request).application(changed))
        }
        on(.delete, "applications/:application", router) { request in
            try await control.deleteApplication(request.application().id, by: request.caller)
            return APIRequest.done
        }
    }

    func addReleases(to router: Router<ServerContext>) {
        on(.get, "applications/:application/releases", router) { request in
            let id = try await request.application().id
            let page = try await control.releases(of: id, request.page(), by: request.caller)
            var items: [ReleaseResource] = []
            for release in page.items { items.append(try await presenter(request).release(release)) }
            return try APIRequest.answer(ListPage(items: items, total: page.total))
        }
        on(.post, "applications/:application/releases", router) { request in
            let id = try await request.application().id
            let new = try await request.body(NewRelease.self)
            let made = try await control.createRelease(
                new.version, of: id, notes: new.notes ?? "", by: request.caller)
            return try APIRequest.answer(try await presenter(request).release(made), status: .created)
        }
        on(.get, "applications/:application/releases/:version", router) { request in
            let id = try await request.application().id
            let release = try await control.release(request.version(), of: id, by: request.caller)
            return try APIRequest.answer(try await presenter(request).release(release))
        }
        on(.patch, "applications/:application/releases/:version", router) { request in
            let edit = try await request.body(ReleaseEdit.self)
            let id = try await request.application().id
            let version = try request.version()
            let release = try await control.setNotes(edit.notes, ofRelease: version, in: id, by: request.caller)
            return try APIRequest.answer(try await presenter(request).release(release))
        }
        on(.delete, "applications/:application/releases/:version", router) { request in
            let id = try await request.application().id
            try await control.deleteRelease(request.version(), of: id, by: request.caller)
            return APIRequest.done
        }
        on(.post, "applications/:application/releases/:version/block", router) { request in
            let block = try await request.body(NewReleaseBlock.self)
            let (id, version) = (try await request.application().id, try request.version())
            let release = try await control.blockRelease(version, of: id, reason: block.reason, by: request.caller)
            return try APIRequest.answer(try await presenter(request).release(release))
        }
        on(.delete, "applications/:application/releases/:version/block", router) { request in
            let id = try await request.application().id
            let release = try await control.unblockRelease(request.version(), of: id, by: request.caller)
            return try APIRequest.answer(try await presenter(request).release(release))
        }
        addFloors(to: router)
    }

    private func addFloors(to router: Router<ServerContext>) {
        let one = "applications/:application/releases/:version/floor"
        on(.post, one, router) { request in
            let floor = try await request.body(NewReleaseFloor.self)
            let (id, version) = (try await request.application().id, try request.version())
            let release = try await control.setFloor(
                version, of: id, reason: floor.reason, channels: floor.channels ?? [], by: request.caller)
            return try APIRequest.answer(try await presenter(request).release(release))
        }
        on(.delete, one, router) { request in
            let id = try await request.application().id
            let release = try await control.removeFloor(request.version(), of: id, by: request.caller)
            return try APIRequest.answer(try await presenter(request).release(release))
        }
    }
}
