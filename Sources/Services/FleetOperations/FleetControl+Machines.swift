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

    /// Orders a machine back to the release it ran before. It is told at its next check, by whoever answers that.
    /// - Parameter reason: for people, on the machine too.
    /// - Throws: ``OperationError/takesNoOrders(_:engine:)`` where the machine's updater would pass over it.
    package func orderRollback(
        of id: MachineID, in application: ApplicationID, reason: String? = nil, by caller: Caller
    ) async throws(OperationError) -> Machine {
        try require(.admin, of: caller)
        let reason = try reason.map { text throws(OperationError) in try TextRule.label.check(text, "The reason") }
        let machine = try await machine(id, of: application, by: caller)
        guard machine.takesOrders else { throw .takesNoOrders(id, engine: machine.engine) }
        guard machine.rollback?.isOpen(at: now) != true else { throw .rollbackStands(id) }
        let order = RollbackOrder(
            id: Self.newRollbackID(), version: machine.version, orderedBy: caller.name, orderedAt: now,
            reason: reason)
        let detail = "order \(order.id), back from \(order.version)" + (reason.map { ": \($0)" } ?? "")
        let object = Self.object(application, id.rawValue)
        try await commit(.orderRollback(application, id, order), by: caller, "machine.rollback", on: object, detail)
        return try await self.machine(id, of: application, by: caller)
    }

    /// Takes the open order back. A machine that was told may go back nevertheless.
    package func withdrawRollback(of id: MachineID, in application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Machine
    {
        try require(.admin, of: caller)
        let order = try await machine(id, of: application, by: caller).rollback
        guard let order, order.isOpen(at: now) else { throw .noRollback(id) }
        let change = FleetChange.withdrawRollback(application, id, by: caller.name, at: now)
        let object = Self.object(application, id.rawValue)
        try await commit(change, by: caller, "machine.rollback-cancel", on: object, "order \(order.id)")
        return try await machine(id, of: application, by: caller)
    }

    /// Gives the releases free that the machine was rolled back from; it is told so with the offer.
    package func releaseMachine(_ id: MachineID, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Machine
    {
        try require(.admin, of: caller)
        let withheld = try await machine(id, of: application, by: caller).withheld.filter { !$0.isReleased }
        guard !withheld.isEmpty else { throw .nothingWithheld(id) }
        let change = FleetChange.releaseMachine(application, id, by: caller.name, at: now)
        let versions = withheld.map(\.version.text).joined(separator: ", ")
        let object = Self.object(application, id.rawValue)
        try await commit(change, by: caller, "machine.release", on: object, versions)
        return try await machine(id, of: application, by: caller)
    }

    /// Sixteen hexadecimal digits drawn at random: unlike a count, they stay unique when a machine is forgotten or the
    /// database comes from a backup.
    private static func newRollbackID() -> RollbackID {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        let text = String(repeating: "0", count: 16 - digits.count) + digits
        guard let id = try? RollbackID(text) else { preconditionFailure("sixteen digits are a name") }
        return id
    }

    /// Newest first.
    package func events(_ filter: EventFilter, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<MachineEvent>
    {
        try require(.viewer, of: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.events(filter, page) }
    }
}
