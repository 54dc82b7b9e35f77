package import FleetModel
package import FleetStorage
package import UpdateModel

extension FleetControl {
    package func machines(_ filter: MachineFilter, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<Machine>
    {
        try require(.viewer, of: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.machines(filter, page) }
    }

    package func machine(_ id: MachineID, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Machine
    {
        try require(.viewer, of: caller)
        let value = try await reading { () async throws(FleetStoreError) in try await store.machine(id, of: application)
        }
        return try found(value, .machine, id.rawValue)
    }

    /// Drops a machine with its grant, its failures and its events. It registers anew when it is heard of again.
    package func forgetMachine(_ id: MachineID, of application: ApplicationID, by caller: Caller)
        async throws(OperationError)
    {
        try require(.admin, of: caller)
        let object = Self.object(application, id.rawValue)
        try await commit(.forgetMachine(application, id), by: caller, "machine.forget", on: object)
    }

    /// Newest first.
    package func events(_ filter: EventFilter, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<MachineEvent>
    {
        try require(.viewer, of: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.events(filter, page) }
    }
}
