package import FleetModel
internal import FleetStorage

// The server's clock. While it cannot be believed nothing is offered and nothing expires.
extension FleetControl {
    /// The alarm that stands.
    package var clockAlarm: ClockAlarm? { clock.read().alarm }

    /// Goes on where the server stopped. To be called before the first check-in.
    package func restoreClock() async throws(OperationError) {
        let mark = try await reading { () async throws(FleetStoreError) in try await store.clockMark() }
        let alarm = try await reading { () async throws(FleetStoreError) in try await store.clockAlarm() }
        clock.restore(mark, alarm)
    }

    /// Remembers what both clocks say now; to be called now and then.
    package func keepClock() async throws(OperationError) {
        let (mark, alarm) = (clock.mark, clockAlarm)
        try await reading { () async throws(FleetStoreError) in
            if try await store.clockAlarm() != alarm { try await store.put(alarm) }
            try await store.put(mark)
        }
    }

    package func clockState(by caller: Caller) throws(OperationError) -> ClockWatch.Reading {
        try require(.viewer, of: caller)
        return clock.read()
    }

    /// Believes the clock as it is. What counts from a moment is moved with it, so nothing expires or is released by that.
    package func acceptClock(by caller: Caller) async throws(OperationError) {
        try require(.admin, of: caller)
        // The alarm stands until it is durable: nobody may meet the new time with moments of the old one.
        guard let seconds = clock.beginAcceptance() else { throw .clockIsRight }
        do {
            let detail = "The clock went \(seconds) s."
            try await commit(.shiftMoments(seconds: seconds), by: caller, "clock.accept", on: "clock", detail)
            clock.endAcceptance(of: seconds)
        } catch {
            clock.endAcceptance(of: nil)
            throw error
        }
        // The server's tick may have noted the alarm meanwhile. Where this fails, the next one puts it right.
        try? await keepClock()
    }
}
