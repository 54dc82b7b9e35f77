import Benchmark
import FleetModel
import OmahaProtocol
import RolloutPlanning
import UpdateModel

/// What the server does with a check-in, without sockets and without a store.
func checkInBenchmarks() {
    Benchmark("parse a recorded check-in", configuration: thousandRuns) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try OmahaRequest(xml: RecordedCheckIn.bytes)) }
    }
    Benchmark("write an answer without an update", configuration: thousandRuns) { benchmark in
        let answer = OmahaResponse(apps: [
            OmahaResponse.App(acknowledging: try RecordedCheckIn.app(), updateCheck: .noUpdate())
        ])
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(answer.xml()) }
    }
    Benchmark("write an offer", configuration: thousandRuns) { benchmark in
        let offer = OmahaResponse.UpdateCheck.offer(
            version: "2.0.0", codebases: ["http://127.0.0.1:8080/payloads/\(SampleFleet.digest)/"],
            payload: OmahaResponse.Package(name: "update.crau", size: 300_000_000, sha1Base64: "DP1QoFx1kV2XS9Ug"),
            digest: SampleFleet.digest)
        let answer = OmahaResponse(apps: [
            OmahaResponse.App(acknowledging: try RecordedCheckIn.app(), updateCheck: offer)
        ])
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(answer.xml()) }
    }
    Benchmark("decide a check-in: up to date", configuration: thousandRuns) { benchmark in
        let fleet = try SampleFleet(running: "2.0.0")
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(fleet.step()) }
    }
    Benchmark("decide a check-in: offer and grant", configuration: thousandRuns) { benchmark in
        let fleet = try SampleFleet(running: "1.0.0")
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(fleet.step()) }
    }
}

/// What a machine of the field sent when it asked.
private enum RecordedCheckIn {
    static let bytes = Array(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <request protocol="3.0" version="update_engine-0.4.10" updaterversion="update_engine-0.4.10" \
        installsource="ondemandupdate" ismachine="1">
            <os version="Chateau" platform="CoreOS" sp="3000.0.0_x86_64"></os>
            <app appid="{e96281a6-d1af-4bde-9a0a-97b76e56dc57}" version="3000.0.0" track="stable" \
        bootid="{504b8d3f-ecb2-46e7-9952-c91a4e7a132c}" oem="" oemversion="" alephversion="3000.0.0" \
        machineid="0123456789abcdef0123456789abcdef" machinealias="" lang="en-US" board="amd64-usr" \
        hardware_class="" delta_okay="false" >
                <ping active="1"></ping>
                <updatecheck></updatecheck>
                <event eventtype="3" eventresult="2" previousversion="0.0.0.0"></event>
            </app>
        </request>

        """.utf8)

    static func app() throws -> OmahaRequest.App {
        guard let app = try OmahaRequest(xml: bytes).apps.first else { throw BenchmarkFailure("no application") }
        return app
    }
}

/// One machine of a group under a policy with a limit, and all that its check-in is decided from.
private struct SampleFleet {
    static let digest = SHA256Digest.sample
    private let machine: Machine
    private let checkIn: CheckIn
    private let version: Version
    private let target: RolloutTarget
    private let rollout: RolloutState
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)

    init(running text: String) throws {
        let group = try GroupName("web")
        version = try Version(text)
        let wanted = try Version("2.0.0")
        let id = try MachineID("0123456789abcdef0123456789abcdef")
        var machine = Machine(
            application: .flatcar, id: id, track: "stable", group: group, version: version,
            firstSeenAt: Timestamp(microseconds: 1_700_000_000_000_000))
        machine.bootID = "{504b8d3f-ecb2-46e7-9952-c91a4e7a132c}"
        machine.architecture = .amd64
        self.machine = machine
        checkIn = CheckIn(
            application: .flatcar, machine: id, track: "stable", version: version, architecture: .amd64,
            bootID: machine.bootID, address: "127.0.0.1",
            events: [ReportedEvent(type: 3, result: 2, previousVersion: "0.0.0.0")], receivedAt: now)
        let payload = Payload(
            application: .flatcar, version: wanted, architecture: .amd64, sha256: Self.digest, sha1: "",
            size: 300_000_000, fileName: "update.crau", format: 2,
            addedAt: Timestamp(microseconds: 1_700_000_000_000_000))
        var target = RolloutTarget(
            policy: RolloutPolicy(maximumInProgress: 100), version: wanted, payload: payload)
        target.placesTakenByOthers = 20
        target.now = now
        rollout = RolloutState(id: RolloutID(application: .flatcar, group: group, version: wanted))
        target.rollout = rollout
        self.target = target
    }

    /// The whole of a check-in, as the store runs it between reading and writing.
    func step() -> (Decision, MachineStep) {
        var step = MachineStep(machine: machine, policy: target.policy, rollouts: [rollout], now: now)
        step.observe(checkIn, version: version)
        for event in checkIn.events { step.apply(event) }
        step.reconcile()
        step.move(to: machine.group)
        let decision = RolloutPlanner.decide(for: step.machine, target: target)
        step.record(decision)
        return (decision, step)
    }
}
