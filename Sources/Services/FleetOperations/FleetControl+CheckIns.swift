package import FleetModel
internal import FleetStorage

// What machines do. They need no token: what they are told is decided by what the server knows of them.
extension FleetControl {
    /// Takes a machine's report and question; returns when what it says is durable.
    package func checkIn(_ checkIn: CheckIn) async throws(OperationError) -> CheckInOutcome {
        var stamped = checkIn
        let present = clock.read()
        stamped.receivedAt = present.now
        stamped.isClockTrusted = present.alarm == nil
        let request = stamped
        let outcome = try await self.reading { () async throws(FleetStoreError) in try await store.checkIn(request) }
        admissions.note(outcome, at: present.now)
        return outcome
    }

    /// Frees the places of machines that have been silent for too long in one stage; meant to be called now and then,
    /// so that counters are right even where nobody asks for a place.
    /// - Returns: how many places were freed. What is left when the task is cancelled is for the next time: after a
    ///   long absence there may be minutes of work.
    package func expireGrants() async throws(OperationError) -> Int {
        var total = 0
        while true {
            let present = clock.read()
            guard present.alarm == nil, !Task.isCancelled else { return total }
            let moment = present.now
            let count = try await reading { () async throws(FleetStoreError) in
                try await store.expireGrants(at: moment)
            }
            if count == 0 { return total }
            total += count
        }
    }
}
