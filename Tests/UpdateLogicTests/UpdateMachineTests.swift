import Testing
import UpdateLogic
import UpdateModel

@Suite("The engine's state machine: installing")
struct UpdateMachineTests {
    typealias Fixture = EngineFixture

    @Test("a slot stops being bootable before its first byte is written, and becomes bootable only when installed")
    func orderOfActions() {
        var machine = UpdateMachine(record: EngineRecord(), boot: Fixture.boot())
        #expect(machine.started().isEmpty)
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        #expect(machine.record.slots[.b] == nil)
        #expect(machine.writingBegins() == [.invalidate(.b)])
        #expect(machine.record.slots[.b]?.life == .writing)
        #expect(machine.installed(contentDigest: Fixture.digest(2)) == [.activate(.b)])
        #expect(machine.record.slots[.b]?.life == .written)
        #expect(machine.phase == .needsReboot)
    }

    @Test("invariant 1: the running slot is never accepted as a target")
    func runningSlotRefused() {
        var machine = Fixture.idle()
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .a)
        #expect(machine.writingBegins().isEmpty)
        #expect(machine.record.installation == nil)
        #expect(machine.phase == .idle)
    }

    @Test("nothing is installed while a boot is judged, while another installation runs, or on the way down")
    func busy() {
        var assessing = Fixture.rebooted(Fixture.staged().record, booted: .b, b: Fixture.tried)
        _ = assessing.started()
        assessing.offerAccepted(Fixture.offer(Fixture.three), into: .a)
        #expect(assessing.phase == .assessing && assessing.record.installation == nil)
        _ = assessing.healthFailed("no")
        assessing.offerAccepted(Fixture.offer(Fixture.three), into: .a)
        #expect(assessing.phase == .leaving && assessing.record.installation == nil)
        var installing = Fixture.idle()
        installing.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        installing.offerAccepted(Fixture.offer(Fixture.three), into: .b)
        #expect(installing.record.installation?.version == Fixture.two)
    }

    @Test("events are queued in order: download started, finished, installed")
    func reportsInOrder() {
        let reports = Fixture.staged().record.reports
        #expect(reports.map(\.eventType) == [13, 14, 3])
        #expect(reports.map(\.eventResult) == [1, 1, 1])
        #expect(reports.map(\.number) == [1, 2, 3])
        #expect(reports.map(\.runningVersion) == ["1.0.0", "1.0.0", "1.0.0"])
        #expect(reports.map(\.subjectVersion) == ["2.0.0", "2.0.0", "2.0.0"])
    }

    @Test("an acknowledged report is gone, the others stay in order")
    func acknowledged() {
        var machine = Fixture.staged()
        machine.acknowledged(report: 1)
        #expect(machine.record.reports.map(\.eventType) == [14, 3])
        machine.acknowledged(report: 99)
        #expect(machine.record.reports.count == 2)
    }

    @Test("a download that goes on after a restart is not announced twice, neither its begin nor its end")
    func announcedOnce() {
        var machine = Fixture.idle()
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        machine.downloadStarted()
        machine.downloadFinished()
        var restarted = UpdateMachine(record: machine.record, boot: Fixture.boot())
        _ = restarted.started()
        restarted.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        restarted.downloadStarted()
        restarted.downloadFinished()
        #expect(restarted.record.reports.map(\.eventType) == [13, 14])
    }

    @Test("an attempt that was reported as failed is announced again, though it goes on where it was")
    func announcedAgain() {
        var machine = Fixture.idle()
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        machine.downloadStarted()
        machine.installFailed(code: 9, reason: "cut", canResume: true, schedule: Fixture.schedule, now: 0)
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        machine.downloadStarted()
        #expect(machine.record.reports.map(\.eventType) == [13, 3, 13])
    }

    @Test("a failed installation that can go on keeps its place; one that cannot empties the slot")
    func failedInstallation() {
        var machine = Fixture.idle()
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        machine.installFailed(code: 9, reason: "cut", canResume: true, schedule: Fixture.schedule, now: 0)
        #expect(machine.record.installation != nil)
        #expect(machine.phase == .idle)
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        _ = machine.writingBegins()
        machine.installFailed(code: 10, reason: "bad", canResume: false, schedule: Fixture.schedule, now: 0)
        #expect(machine.record.installation == nil)
        #expect(machine.record.slots[.b]?.life == .empty)
        #expect(machine.record.reports.map(\.errorCode) == [9, 10])
        #expect(machine.record.backOff?.failures == 2)
    }

    @Test("the first failure of a payload costs no wait, later ones wait longer, and success forgets them")
    func backOff() {
        var machine = Fixture.idle()
        var waits: [Int64] = []
        for _ in 0..<4 {
            machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
            machine.installFailed(code: 9, reason: "", canResume: true, schedule: Fixture.schedule, now: 1_000_000)
            waits.append(machine.record.backOff?.notBefore ?? -1)
        }
        #expect(waits == [0, 1_005_400, 1_010_800, 1_014_400])
        machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
        _ = machine.installed(contentDigest: Fixture.digest(2))
        #expect(machine.record.backOff == nil)
    }

    @Test("what the manifest shows to have failed here is held by its new payload too, and reported no second time")
    func heldByManifest() {
        var back = Fixture.rebooted(Fixture.staged().record, booted: .a, b: Fixture.tried)
        _ = back.started()
        let reports = back.record.reports.count
        let rebuilt = Fixture.offer(Fixture.two, payload: 0xBB)
        back.offerAccepted(rebuilt, into: .b)
        back.installationHeld(contentDigest: Fixture.digest(2), payloadDigest: rebuilt.payloadDigest)
        #expect(back.phase == .idle)
        #expect(back.record.reports.count == reports)
        #expect(back.record.judge(rebuilt, boot: back.boot, isForced: false) != .install(into: .b))
    }

    @Test("the queue of reports is bounded, and the newest stay")
    func boundedReports() {
        var machine = Fixture.idle()
        for _ in 0..<400 {
            machine.offerAccepted(Fixture.offer(Fixture.two), into: .b)
            machine.installFailed(code: 9, reason: "", canResume: true, schedule: Fixture.schedule, now: 0)
        }
        #expect(machine.record.reports.count == 256)
        #expect(machine.record.reports.last?.number == 400)
    }

    @Test("a staged update that was never booted gives way to a newer one")
    func replaced() {
        var machine = Fixture.staged()
        machine.offerAccepted(Fixture.offer(Fixture.three, payload: 3), into: .b)
        #expect(machine.record.staged?.version == Fixture.two)
        #expect(machine.writingBegins() == [.invalidate(.b)])
        #expect(machine.record.staged == nil)
    }

    @Test("a staged update whose boot file somebody removed is reported once, and may be fetched anew")
    func stagedLost() {
        var machine = Fixture.staged()
        machine.stagedLost(in: .a)
        #expect(machine.record.staged != nil)
        for _ in 0..<2 { machine.stagedLost(in: .b) }
        #expect(machine.record.staged == nil)
        #expect(machine.phase == .idle)
        #expect(machine.record.slots[.b]?.life == .empty)
        #expect(machine.record.reports.suffix(2).map(\.eventResult) == [1, 0])
        let offer = Fixture.offer(Fixture.two)
        #expect(machine.record.judge(offer, boot: machine.boot, isForced: false) == .install(into: .b))
    }

    @Test("an offer that turns out to be unusable before anything is written costs neither fall-back nor staged update")
    func nothingGivenUp() {
        var updated = Fixture.updated()
        let before = updated.record.slots
        updated.offerAccepted(Fixture.offer(Fixture.three, payload: 3), into: .a)
        updated.installFailed(code: 10, reason: "unsigned", canResume: false, schedule: Fixture.schedule, now: 0)
        #expect(updated.record.slots == before)
        #expect(updated.phase == .idle)
        var staged = Fixture.staged()
        staged.offerAccepted(Fixture.offer(Fixture.three, payload: 3), into: .b)
        staged.installFailed(code: 10, reason: "unsigned", canResume: false, schedule: Fixture.schedule, now: 0)
        #expect(staged.record.staged?.version == Fixture.two)
        #expect(staged.phase == .needsReboot)
    }

    @Test("a check counts as heard only when the server took its event; a failed one counts as failed")
    func checks() {
        var machine = Fixture.updated()
        #expect(machine.record.completedFrom == "1.0.0")
        machine.checkFailed()
        #expect(machine.record.failuresInRow == 1)
        machine.checkAnswered(heardEvents: false)
        #expect(machine.record.completedFrom == "1.0.0")
        #expect(machine.record.failuresInRow == 0)
        machine.checkAnswered(heardEvents: true)
        #expect(machine.record.completedFrom == nil)
        #expect(machine.record.hasCheckedIn)
    }
}
