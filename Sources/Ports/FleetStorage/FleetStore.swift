/// Everything the server must remember.
///
/// A method that changes something returns only when the change is durable, and either happened whole or not at all.
/// One contract suite checks every implementation.
public protocol FleetStore: CheckInStore, FleetChangeStore, CatalogueStore, GroupStore, MachineStore,
    AccessStore, ClockStore
{}

/// What bounds a store, whatever machines do.
public struct FleetStoreLimits: Hashable, Sendable {
    /// Machines beyond this number are answered and not registered.
    public var machinesMaximum: Int
    /// Older events than this many are dropped.
    public var eventsMaximum: Int
    /// Of one machine, older events than this many are dropped.
    public var eventsPerMachineMaximum: Int
    /// New machines beyond this number within an hour are answered and not registered, until the hour is over.
    public var newMachinesPerHourMaximum: Int

    public init(
        machinesMaximum: Int = 2_000_000, eventsMaximum: Int = 5_000_000, eventsPerMachineMaximum: Int = 200,
        newMachinesPerHourMaximum: Int = 100_000
    ) {
        self.machinesMaximum = machinesMaximum
        self.eventsMaximum = eventsMaximum
        self.eventsPerMachineMaximum = eventsPerMachineMaximum
        self.newMachinesPerHourMaximum = newMachinesPerHourMaximum
    }
}
