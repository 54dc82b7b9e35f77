package import FleetModel
internal import FleetStorage
package import UpdateModel

/// What to change of one machine; `nil` leaves a field as it is, `.some(nil)` takes it away.
package struct MachineChange: Hashable, Sendable {
    /// The values of some labels; `.some(nil)` takes one away.
    package var labels: [String: String?] = [:]
    package var group: GroupName??
    package var pin: Version??
    /// Whether nothing is to be offered to it.
    package var isHeld: Bool?
    /// Why it is held, for people.
    package var reason: String?

    package init() {}
}

extension FleetControl {
    /// Labels, moves, pins or holds one machine. It takes effect at the machine's next check.
    /// - Parameter seen: the settings as the caller saw them; `nil` to change them whatever they are now.
    /// - Throws: among others ``OperationError/changed(_:_:)`` where they are not `seen` any more.
    package func changeMachine(
        _ id: MachineID, of application: ApplicationID, _ change: MachineChange, ifStill seen: MachineSettings? = nil,
        by caller: Caller
    ) async throws(OperationError) -> Machine {
        try require(.admin, of: caller)
        let reason = try change.reason.map { text throws(OperationError) in
            try TextRule.label.check(text, "The reason")
        }
        let previous = try await machine(id, of: application, by: caller).settings
        if let seen, seen != previous { throw .changed(.machine, id.rawValue) }
        var settings = previous
        settings.labels = try Self.labels(previous.labels, change.labels)
        if let group = change.group { settings.group = group }
        if let pin = change.pin { settings.pin = pin }
        if let isHeld = change.isHeld {
            settings.hold = isHeld ? OperatorHold(by: caller.name, at: now, reason: reason) : nil
        }
        let object = Self.object(application, id.rawValue)
        do {
            try await commit(
                .changeMachine(application, id, from: previous, to: settings, by: caller.name, at: now), by: caller,
                "machine.set", on: object, reason ?? "")
        } catch {
            if seen != nil, case .store(.changed) = error { throw .changed(.machine, id.rawValue) }
            throw error
        }
        return try await machine(id, of: application, by: caller)
    }

    private static func labels(_ old: [String: String], _ changes: [String: String?])
        throws(OperationError) -> [String: String]
    {
        var labels = old
        for (name, value) in changes {
            guard LabelRule.isName(name), value.map(LabelRule.isName) ?? true else {
                throw .invalid(
                    "“\(name)=\(value ?? "")” is no label.",
                    hint: "Use 1 to 63 of A-Z, a-z, 0-9, “.”, “_”, “/” and “-”.")
            }
            labels[name] = value
        }
        guard labels.count <= LabelRule.countMaximum else {
            throw .invalid("A machine has at most \(LabelRule.countMaximum) labels.", hint: nil)
        }
        return labels
    }
}
