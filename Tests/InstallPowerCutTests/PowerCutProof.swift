import EngineTestKit
import FleetTestKit
import SlotDevice
import Testing
import UpdateLogic
import UpdateModel

/// Lives one story again and again, each time with another accident.
struct PowerCutProof {
    let first: TestRelease
    let second: TestRelease
    let disk: [UInt8]
    let story: InstallPowerCutTests.Story
    var bug = MachineLife.PlantedBug.none
    var engineKernels: (FaultyFileArea) -> any FileArea = { $0 }

    struct Tally {
        var cuts = 0
        var held = 0
    }

    /// - Returns: how many operations the story takes.
    func uncut() throws -> Int {
        let rig = try rig(seed: 1)
        var life = life(on: rig)
        #expect(try life.live() == ending)
        checkReports(life.record, "uncut")
        return rig.power.operationCount
    }

    /// Cuts the power during operation `point`, and sees what becomes of the machine.
    func cut(at point: Int, _ survival: CacheSurvival, seed: UInt64, _ tally: inout Tally) throws {
        let place = "\(story.rawValue), cut at \(point), cache \(survival), seed \(seed)"
        let rig = try rig(seed: seed)
        var life = life(on: rig)
        rig.power.cut(atOperation: point, survival: survival)
        do {
            _ = try life.live()
            Issue.record("the power was not cut: \(place)")
        } catch  where !rig.power.isOn {
            tally.cuts += 1
        }
        let stage = life.stage
        rig.power.restore()
        try finish(on: rig, cutIn: stage, place, &tally)
    }

    /// Lets operation `point` fail once, without a power cut.
    func fail(at point: Int) throws {
        let rig = try rig(seed: 1)
        var life = life(on: rig)
        life.isPatient = true
        rig.power.fail(operation: point)
        let place = "\(story.rawValue), failed operation \(point)"
        do {
            let rest = try life.live()
            if life.firstFailure == .loader, isHeldAsFailed(life.record) { return }
            #expect(rest == ending, "\(place)")
            checkReports(life.record, place)
        } catch {
            Issue.record("\(error): \(place)")
        }
    }

    /// Cuts the power everywhere once, and counts how often something comes up that is no whole release.
    func incompleteBoots() throws -> Int {
        var count = 0
        for point in 1...(try uncut()) {
            let rig = try rig(seed: 1)
            var life = life(on: rig)
            rig.power.cut(atOperation: point, survival: .lost)
            _ = try? life.live()  // The power goes.
            rig.power.restore()
            do { _ = try rig.boot() } catch is NotBootable { count += 1 }
        }
        return count
    }

    private func finish(
        on rig: InstallRig, cutIn stage: MachineLife.Stage, _ place: String, _ tally: inout Tally
    ) throws {
        var life = life(on: rig)
        do {
            let rest = try life.live()
            guard isHeldAsFailed(life.record) else {
                #expect(rest == ending, "\(place)")
                return checkReports(life.record, place)
            }
            // A trial that the power ended before the engine came up looks like a hang; the release waits for a word.
            #expect(rest == held, "\(place)")
            #expect([.loader, .settling].contains(stage), "\(place): held, but cut while \(stage)")
            tally.held += 1
            var forced = self.life(on: rig)
            forced.isForced = true
            #expect(try forced.live() == ending, "\(place), by force")
        } catch let error as NotBootable {
            Issue.record("\(error.reason): \(place)")
        }
    }

    /// Whether a release is held that there is nothing wrong with.
    private func isHeldAsFailed(_ record: EngineRecord) -> Bool {
        story != .failedUpdate && record.held.contains { $0.cause == .failedHere }
    }

    private func rig(seed: UInt64) throws -> InstallRig {
        try InstallRig(first, second, disk: disk, seed: seed, engineKernels: engineKernels)
    }

    private func life(on rig: InstallRig) -> MachineLife {
        var life = MachineLife(rig, target: second)
        life.goesBack = story == .rollback
        life.bug = bug
        return life
    }

    /// How the story ends, whatever happens on the way.
    private var ending: MachineLife.Rest {
        switch story {
        case .update: .done(running: second.version)
        case .rollback, .failedUpdate: held
        }
    }

    private var held: MachineLife.Rest { .held(running: first.version) }

    /// None is lost and none is told twice, but for those of an installation that had to be begun again.
    private func checkReports(_ record: EngineRecord, _ place: String) {
        let told = record.reports.map { "\($0.eventType)/\($0.eventResult)" }
        let first = ["13/1", "14/1", "3/1"].map { told.firstIndex(of: $0) ?? -1 }
        #expect(first.allSatisfy { $0 >= 0 } && first == first.sorted(), "\(place): \(told)")
        let failures = record.reports.filter { $0.errorCode == UpdateMachine.rollbackErrorCode }.count
        #expect(failures == (story == .failedUpdate ? 1 : 0), "\(place): \(told)")
    }
}
