import FleetModel
import FleetOperations
import FleetStorage
import FleetStorageSQLite
import FoundationEssentials
import PayloadStore
import Testing
import UpdateModel

@Suite("A clock that jumps freezes what it would release")
struct ClockTests {
    private func furnished() async throws -> Fixture {
        let fleet = try await Fixture()
        let stable = try ChannelName("stable")
        try await fleet.publish("2.0.0")
        _ = try await fleet.control.setChannel(stable, of: os, to: Version("2.0.0"), by: admin)
        var policy = RolloutPolicy(stageDeadlineSeconds: 600)
        policy.rate = GrantRate(maximum: 1, seconds: 3600)
        _ = try await fleet.control.createGroup(
            GroupName("web"), of: os, track: Track("stable"), channel: stable, policy: policy, by: admin)
        return fleet
    }

    private func hold(_ outcome: CheckInOutcome) -> HoldReason? {
        if case .hold(let reason, _) = outcome.decision { reason } else { nil }
    }

    @Test(
        "forward and back: nothing is offered, nothing expires, and it passes when the clock is right again",
        arguments: [
            86_400 * 365, 61, -61, -86_400,
        ] as [Int64])
    func jumpAndReturn(seconds: Int64) async throws {
        let fleet = try await furnished()
        _ = try await fleet.check("m1")
        let before = fleet.control.now
        fleet.time.jump(seconds: seconds)
        fleet.time.advance(seconds: 10)
        #expect(hold(try await fleet.check("m2")) == .clockJumped)
        #expect(fleet.control.now == before.adding(seconds: 10), "time goes on as if nothing had happened")
        #expect(try await fleet.control.expireGrants() == 0)
        #expect(fleet.control.clockAlarm?.jumpSeconds == seconds)
        fleet.time.jump(seconds: -seconds)
        #expect(fleet.control.clockAlarm == nil)
        #expect(hold(try await fleet.check("m2")) == .limitRate)
    }

    @Test("a clock that runs a little wrong is followed")
    func smallSteps() async throws {
        let fleet = try await furnished()
        for _ in 0..<100 {
            fleet.time.jump(seconds: 30)
            #expect(fleet.control.clockAlarm == nil)
        }
        #expect(fleet.control.now == fleet.time.now())
    }

    @Test("accepted, the new time counts, and deadlines and rates are moved with it")
    func accepted() async throws {
        let fleet = try await furnished()
        _ = try await fleet.check("m1")
        #expect(await refusal { try await fleet.control.acceptClock(by: admin) }?.kind == .conflict)
        fleet.time.jump(seconds: 86_400)
        #expect(await refusal { try await fleet.control.acceptClock(by: viewer) }?.kind == .forbidden)
        try await fleet.control.acceptClock(by: admin)
        #expect(fleet.control.now == fleet.time.now())
        #expect(try await fleet.control.expireGrants() == 0)
        #expect(hold(try await fleet.check("m2")) == .limitRate)
        fleet.time.advance(seconds: 601)
        #expect(try await fleet.control.expireGrants() == 1)
    }

    @Test("a server that is told to stop begins nothing further, however much has expired")
    func expiryEnds() async throws {
        let fleet = try await furnished()
        _ = try await fleet.check("m1")
        fleet.time.advance(seconds: 601)
        let control = fleet.control
        let stopped = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await control.expireGrants()
        }
        stopped.cancel()
        #expect(try await stopped.value == 0)
        #expect(try await control.expireGrants() == 1)
    }

    @Test("an acceptance that the store does not take changes nothing, and the next one does")
    func acceptanceFails() async throws {
        let fleet = try await furnished()
        _ = try await fleet.check("m1")
        let path = FileManager.default.temporaryDirectory.appending(path: "clock-\(UUID().uuidString).db").path
        let broken = try SQLiteFleetStore(path: path)
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let control = FleetControl(store: broken, payloads: fleet.payloads, time: fleet.time)
        try broken.close()
        fleet.time.jump(seconds: 86_400)
        let before = (control.now, control.clockAlarm)
        #expect(before.1 != nil)
        #expect(await refusal { try await control.acceptClock(by: admin) }?.kind == .storage)
        #expect(control.clockAlarm == before.1, "the alarm stands")
        #expect(control.now == before.0)
    }

    @Test("a server that was killed right after an acceptance does not raise the alarm again")
    func acceptanceIsDurable() async throws {
        let fleet = try await furnished()
        try await fleet.control.keepClock()
        fleet.time.jump(seconds: 86_400)
        try await fleet.control.keepClock()
        let alarm = try #require(fleet.control.clockAlarm)
        let entry = AuditEntry(at: alarm.at, actor: "ada", action: "clock.accept", object: "clock", detail: "")
        try await fleet.store.commit(.shiftMoments(seconds: 86_400), audit: entry)
        let again = FleetControl(store: fleet.store, payloads: fleet.payloads, time: fleet.time)
        try await again.restoreClock()
        #expect(again.clockAlarm == nil)
        #expect(again.now == fleet.time.now())
    }

    @Test(
        "a jump while the server was down is seen, in the same boot to the second, after another boot backwards or by months",
        arguments: [
            (false, 86_400, true), (false, -86_400, true), (false, 0, false), (true, 86_400, false),
            (true, -86_400, true),
            (true, 86_400 * 60, true),
        ] as [(Bool, Int64, Bool)])
    func acrossRestarts(isRebooted: Bool, seconds: Int64, isAlarm: Bool) async throws {
        let fleet = try await furnished()
        try await fleet.control.keepClock()
        if isRebooted { fleet.time.reboot(seconds: seconds) } else { fleet.time.jump(seconds: seconds) }
        let again = FleetControl(store: fleet.store, payloads: fleet.payloads, time: fleet.time)
        try await again.restoreClock()
        #expect((again.clockAlarm != nil) == isAlarm)
        guard isAlarm else { return }
        try await again.keepClock()
        let third = FleetControl(store: fleet.store, payloads: fleet.payloads, time: fleet.time)
        try await third.restoreClock()
        #expect(third.clockAlarm?.at == again.clockAlarm?.at, "the alarm survives a restart")
    }
}

@Suite struct AdmissionTests {
    @Test("a flood of new machines raises an alarm that counts what was turned away, and ends with the hour")
    func flood() async throws {
        let fleet = try await Fixture(store: MemoryFleetStore(limits: FleetStoreLimits(newMachinesPerHourMaximum: 2)))
        for number in 0..<5 { _ = try await fleet.check("m\(number)") }
        let alarm = try #require(fleet.control.admissionAlarm)
        #expect(alarm.refusals == 3)
        #expect(alarm.until == fleet.control.now.adding(seconds: 3600))
        #expect(try await fleet.control.machines(MachineFilter(), .first, by: viewer).total == 2)
        fleet.time.advance(seconds: 3600)
        #expect(fleet.control.admissionAlarm == nil)
        _ = try await fleet.check("m4")
        #expect(try await fleet.control.machines(MachineFilter(), .first, by: viewer).total == 3)
    }
}
