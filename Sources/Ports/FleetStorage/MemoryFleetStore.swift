public import FleetModel
internal import RolloutPlanning
internal import Synchronization
internal import UpdateModel

/// Keeps a fleet in memory: for tests, and for trying policies on fleets that do not exist.
public final class MemoryFleetStore: FleetStore {
    private let state: Mutex<MemoryFleetState>
    private let limits: FleetStoreLimits
    private let arrivals: ArrivalMeter

    public init(limits: FleetStoreLimits = FleetStoreLimits(), zones: any ZoneDirectory = UniversalTimeOnly()) {
        self.limits = limits
        self.arrivals = ArrivalMeter(maximum: limits.newMachinesPerHourMaximum)
        self.state = Mutex(MemoryFleetState(limits: limits, zones: zones))
    }

    public func checkIn(_ checkIn: CheckIn) async throws(FleetStoreError) -> CheckInOutcome {
        try write { state in try CheckInScript(checkIn, limits: limits, arrivals: arrivals).run(on: &state) }
    }

    public func expireGrants(at now: Timestamp) async throws(FleetStoreError) -> Int {
        try write { state in
            let script = ExpiryScript(now: now, limit: CheckInScript.expiryBatch)
            var count = 0
            for group in state.groups.values where count < CheckInScript.expiryBatch {
                count += try script.run(group, on: &state)
            }
            return count
        }
    }

    public func commit(_ change: FleetChange, audit entry: AuditEntry) async throws(FleetStoreError) {
        try write { state in
            try ChangeScript(change).run(on: &state)
            state.append(entry)
        }
    }

    public func clockMark() async -> ClockMark? { read { $0.clockMark } }

    public func put(_ mark: ClockMark) async { state.withLock { $0.clockMark = mark } }

    public func clockAlarm() async -> ClockAlarm? { read { $0.clockAlarm } }

    public func put(_ alarm: ClockAlarm?) async { state.withLock { $0.clockAlarm = alarm } }

    /// The scripts check before they write, so an error leaves everything as it was.
    func write<Value: Sendable>(_ body: (inout MemoryFleetState) throws -> Value)
        throws(FleetStoreError) -> Value
    {
        let result = state.withLock { state -> Result<Value, FleetStoreError> in
            do { return .success(try body(&state)) } catch let error as FleetStoreError {
                return .failure(error)
            } catch {
                return .failure(.failed(doing: "working in memory", reason: "\(error)"))
            }
        }
        return try result.get()
    }

    func read<Value: Sendable>(_ body: (borrowing MemoryFleetState) -> Value) -> Value {
        state.withLock { body($0) }
    }
}
