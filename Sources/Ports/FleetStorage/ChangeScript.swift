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
            .blockRelease, .setFloor, .addPayload, .deletePayload, .changeMirror:
            try runCatalogue(on: &store)
        case .createChannel, .moveChannel, .deleteChannel, .setChannelRules, .requestMove, .withdrawMove:
            try runChannels(on: &store)
        case .createGroup, .updateGroup, .setGroupSecrets, .deleteGroup, .resumeRollouts,
            .controlRollout, .undoGroup:
            try runGroups(on: &store)
        case .forgetMachine, .orderRollback, .withdrawRollback, .releaseMachine, .changeMachine:
            try runMachines(on: &store)
        case .shiftMoments(let seconds): try store.shiftMoments(seconds: seconds)
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
}
