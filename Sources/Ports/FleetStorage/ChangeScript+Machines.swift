internal import FleetModel
internal import RolloutPlanning
internal import UpdateModel

// The acts on one machine.
extension ChangeScript {
    func runMachines(on store: inout some FleetTransaction) throws {
        switch change {
        case .forgetMachine(let application, let id): try forget(id, application, on: &store)
        case .orderRollback(let application, let id, let order):
            try changeMachine(id, application, at: order.orderedAt, on: &store) { step throws(FleetStoreError) in
                let isOpen = step.machine.rollback?.isOpen(at: order.orderedAt) == true
                try refuse(isOpen, .conflict("The machine “\(id)” is to roll back already."))
                let hasMoved = step.machine.version != order.version
                try refuse(hasMoved, .conflict("The machine “\(id)” runs \(step.machine.version) now."))
                step.take(order)
            }
        case .withdrawRollback(let application, let id, let caller, let moment):
            try changeMachine(id, application, at: moment, on: &store) { step throws(FleetStoreError) in
                let isOpen = step.machine.rollback?.isOpen(at: moment) == true
                try refuse(!isOpen, .conflict("The machine “\(id)” has no order to roll back."))
                step.withdrawOrder(by: caller)
            }
        case .releaseMachine(let application, let id, let caller, let moment):
            try changeMachine(id, application, at: moment, on: &store) { step throws(FleetStoreError) in
                let isFree = step.machine.withheld.allSatisfy(\.isReleased)
                try refuse(isFree, .conflict("Nothing is withheld from the machine “\(id)”."))
                step.release(by: caller)
            }
        case .changeMachine(let application, let id, let previous, let settings, let caller, let moment):
            if let name = settings.group, name != previous.group {
                try refuse(store.group(name, of: application) == nil, .notFound(.group, name.rawValue))
            }
            if let pin = settings.pin, pin != previous.pin {
                try refuse(store.release(pin, of: application) == nil, .notFound(.release, pin.text))
            }
            try changeMachine(id, application, at: moment, on: &store) { step throws(FleetStoreError) in
                let isOther = step.machine.settings != previous
                try refuse(isOther, .changed(.machine, id.rawValue))
                step.take(settings, by: caller)
            }
        default: return
        }
    }

    private func changeMachine(
        _ id: MachineID, _ application: ApplicationID, at moment: Timestamp, on store: inout some FleetTransaction,
        _ body: (inout MachineStep) throws(FleetStoreError) -> Void
    ) throws {
        guard let machine = try store.machine(id, of: application) else {
            throw FleetStoreError.notFound(.machine, id.rawValue)
        }
        var step = MachineStep(machine: machine, policy: .standard, rollouts: [], now: moment)
        try body(&step)
        try store.replace(machine, with: step.machine)
        try step.saveCounters(on: &store)
    }

    private func forget(_ id: MachineID, _ application: ApplicationID, on store: inout some FleetTransaction) throws {
        guard let machine = try store.machine(id, of: application) else {
            throw FleetStoreError.notFound(.machine, id.rawValue)
        }
        if let group = machine.group, let grant = machine.grant, grant.holdsPlace {
            let rollout = RolloutID(application: application, group: group, version: grant.version)
            if var state = try store.rollout(rollout) {
                state.freePlace(of: grant)
                try store.put(state)
            }
        }
        try store.replace(machine, with: nil)
        try store.removeEvents(of: id, in: application)
    }
}
