package import FleetModel
package import FleetStorage
package import PayloadStore
internal import UpdateModel

/// The use cases of the server: the one door for acts.
///
/// Every act checks the caller's role first, and is recorded with who, when and what in the same transaction that makes
/// the change. The API, the page and the tests all come through here; none of them touches a store.
package struct FleetControl: Sendable {
    let store: any FleetStore
    let payloads: any PayloadStorage
    let custodian: PayloadCustodian
    let clock: ClockWatch
    let zones: any ZoneDirectory
    let admissions = AdmissionWatch()
    let followPause: FollowPause
    let passKey = PassKey()
    let remote: any RemoteFiles
    let fetches = FetchDesk()
    let probes = ProbeBook()
    /// Readings of copies that changed.
    let readings = SlowTurns()
    /// Moves of channels that follow others.
    let followings = SlowTurns()

    /// - Parameters:
    ///   - zones: the time zones that policies may name.
    ///   - remote: reads payloads that lie elsewhere.
    package init(
        store: any FleetStore, payloads: any PayloadStorage, time: any TimeSource = SystemTime(),
        zones: any ZoneDirectory = UniversalTimeOnly(), remote: any RemoteFiles = NoRemoteFiles()
    ) {
        self.store = store
        self.payloads = payloads
        self.custodian = PayloadCustodian(store: store, payloads: payloads)
        self.clock = ClockWatch(time: time)
        self.followPause = FollowPause(startMicroseconds: clock.mark.uptimeMicroseconds)
        self.zones = zones
        self.remote = remote
    }

    /// The moment by which everything here is judged.
    package var now: Timestamp { clock.read().now }

    /// Set while more new machines come than are taken in.
    package var admissionAlarm: AdmissionWatch.Alarm? { admissions.alarm(at: now) }

    /// - Throws: ``OperationError/forbidden(caller:needs:)``.
    func require(_ role: Role, of caller: Caller) throws(OperationError) {
        guard caller.role >= role else { throw .forbidden(caller: caller.name, needs: role) }
    }

    func commit(_ change: FleetChange, by caller: Caller, _ action: String, on object: String, _ detail: String = "")
        async throws(OperationError)
    {
        let entry = AuditEntry(
            at: now, actor: caller.name, action: action, object: object, detail: detail)
        try await reading { () async throws(FleetStoreError) in try await store.commit(change, audit: entry) }
    }

    /// Runs a store's operation and turns its error into ours.
    func reading<Value: Sendable>(_ body: () async throws(FleetStoreError) -> Value)
        async throws(OperationError) -> Value
    {
        do { return try await body() } catch { throw .store(error) }
    }

    func found<Value>(_ value: Value?, _ noun: FleetStoreError.Noun, _ name: String) throws(OperationError) -> Value {
        guard let value else { throw .notFound(noun, name) }
        return value
    }
}
