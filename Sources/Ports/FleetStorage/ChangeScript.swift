internal import FleetModel
internal import UpdateModel

/// The rules of every act, in one transaction: what must be there, what must not, and what is written then.
///
/// Everything is checked before anything is written.
package struct ChangeScript {
    let change: FleetChange

    package init(_ change: FleetChange) { self.change = change }

    package func run(on store: inout some FleetTransaction) throws {
        switch change {
        case .createApplication, .updateApplication, .deleteApplication, .createRelease, .updateRelease, .deleteRelease,
            .addPayload, .deletePayload:
            try runCatalogue(on: &store)
        case .createChannel, .moveChannel, .deleteChannel, .createGroup, .updateGroup, .deleteGroup, .resumeRollout:
            try runGroups(on: &store)
        case .forgetMachine(let application, let id): try forget(id, application, on: &store)
        case .createToken(let token):
            try refuse(store.token(token.id) != nil, .alreadyExists(.token, token.id.rawValue))
            try store.put(token)
        case .deleteToken(let id):
            try refuse(store.token(id) == nil, .notFound(.token, id.rawValue))
            try store.removeToken(id)
        }
    }

    func refuse(_ isRefused: Bool, _ error: FleetStoreError) throws(FleetStoreError) {
        if isRefused { throw error }
    }

    func requireApplication(_ id: ApplicationID, on store: inout some FleetTransaction) throws {
        try refuse(store.application(id) == nil, .notFound(.application, id.text))
    }

    private func forget(_ id: MachineID, _ application: ApplicationID, on store: inout some FleetTransaction) throws {
        guard let machine = try store.machine(id, of: application) else {
            throw FleetStoreError.notFound(.machine, id.rawValue)
        }
        if let group = machine.group, let grant = machine.grant, grant.holdsPlace {
            let rollout = RolloutID(application: application, group: group, version: grant.version)
            if var state = try store.rollout(rollout) {
                state.inProgress = max(0, state.inProgress - 1)
                try store.put(state)
            }
        }
        try store.replace(machine, with: nil)
        try store.removeEvents(of: id, in: application)
    }
}
