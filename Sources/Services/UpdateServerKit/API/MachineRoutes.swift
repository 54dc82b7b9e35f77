import FleetAPI
import FleetModel
import FleetOperations
import FleetStorage
import Hummingbird
import UpdateModel

// Machines and what happened to them.
extension APIRoutes {
    func addMachines(to router: Router<ServerContext>) {
        on(.get, "machines", router) { request in
            let filter = try await machineFilter(request)
            let page = try await control.machines(filter, request.page(), by: request.caller)
            return try APIRequest.answer(ListPage(items: page.items.map(presenter(request).machine), total: page.total))
        }
        let one = "applications/:application/machines/:machine"
        on(.get, one, router) { request in
            let id = try await request.application().id
            let machine = try await control.machine(request.identifier("machine"), of: id, by: request.caller)
            return try APIRequest.answer(presenter(request).machine(machine), tag: EntityTag(machine.settings))
        }
        on(.patch, one, router) { request in
            let id = try await request.application().id
            let change = MachineChange(try await request.body(MachineEdit.self))
            let machine = try await control.changeMachine(
                request.identifier("machine"), of: id, change, ifStill: try await seenSettings(request, id),
                by: request.caller)
            return try APIRequest.answer(presenter(request).machine(machine), tag: EntityTag(machine.settings))
        }
        on(.delete, one, router) { request in
            let id = try await request.application().id
            try await control.forgetMachine(request.identifier("machine"), of: id, by: request.caller)
            return APIRequest.done
        }
        on(.get, one + "/why", router) { request in
            let id = try await request.application().id
            let why = try await control.explanation(of: request.identifier("machine"), in: id, by: request.caller)
            return try APIRequest.answer(
                WhyResource(reason: why.reason, text: why.text, since: why.since, until: why.until))
        }
        addOrders(to: router, one)
        on(.get, "events", router) { request in
            var filter = EventFilter()
            filter.application = try await namedApplication(request)
            filter.machine = try request.parameter("machine").map { try MachineID($0) }
            filter.group = try request.parameter("group").map { try GroupName($0) }
            let page = try await control.events(filter, request.page(), by: request.caller)
            return try APIRequest.answer(ListPage(items: page.items.map(presenter(request).event), total: page.total))
        }
    }

    /// What operators want of one machine; each answers with the machine as it is then.
    private func addOrders(to router: Router<ServerContext>, _ one: String) {
        on(.post, one + "/rollback", router) { request in
            let id = try await request.application().id
            let new = try await request.body(NewRollback.self)
            let machine = try await control.orderRollback(
                of: request.identifier("machine"), in: id, reason: new.reason, by: request.caller)
            return try APIRequest.answer(presenter(request).machine(machine))
        }
        on(.delete, one + "/rollback", router) { request in
            let id = try await request.application().id
            let machine = try await control.withdrawRollback(
                of: request.identifier("machine"), in: id, by: request.caller)
            return try APIRequest.answer(presenter(request).machine(machine))
        }
        on(.post, one + "/release", router) { request in
            let id = try await request.application().id
            let machine = try await control.releaseMachine(request.identifier("machine"), of: id, by: request.caller)
            return try APIRequest.answer(presenter(request).machine(machine))
        }
    }

    private func machineFilter(_ request: APIRequest) async throws -> MachineFilter {
        var filter = MachineFilter()
        filter.application = try await namedApplication(request)
        filter.group = try request.parameter("group").map { try GroupName($0) }
        filter.version = try request.parameter("version").map { try Version($0) }
        if let text = request.parameter("stage") {
            guard let stage = MachineStage(rawValue: text) else {
                let stages = MachineStage.allCases.map(\.rawValue).joined(separator: ", ")
                throw RequestError.invalidParameter(name: "stage", value: text, wanted: "one of \(stages)")
            }
            filter.stage = stage
        }
        if let text = request.parameter("hold") {
            guard let hold = HoldReason(rawValue: text) else {
                throw RequestError.invalidParameter(name: "hold", value: text, wanted: "a word such as ramp")
            }
            filter.hold = hold
        }
        if let text = request.parameter("clones") {
            guard text == "true" else {
                throw RequestError.invalidParameter(name: "clones", value: text, wanted: "true, or nothing")
            }
            filter.isClone = true
        }
        return filter
    }

    private func namedApplication(_ request: APIRequest) async throws -> ApplicationID? {
        guard let text = request.parameter("application") else { return nil }
        return try await control.findApplication(text, by: request.caller).id
    }
}

extension MachineChange {
    fileprivate init(_ edit: MachineEdit) {
        self.init()
        labels = edit.labels.mapValues(\.value)
        group = edit.group.map(\.value)
        pin = edit.pin.map(\.value)
        isHeld = edit.held
        reason = edit.reason
    }
}
