import AsyncHTTPClient
import BootControl
import BootControlGPT
import ContentTrust
import EngineTestKit
import FleetTestKit
import HostPower
import Logging
import SlotDevice
import Synchronization
import UpdateEngineKit
import UpdateLogic
import UpdateModel

/// A slot in memory, one or more mirrors behind proxies that play faults, and clocks that the test turns.
final class DownloadRig: Sendable {
    let release: TestRelease
    /// Where something begins or ends in the payload: header, metadata, each operation, signature, and the end.
    let boundaries: [Int]
    let mirrors: [FaultProxy]
    private let http: HTTPClient
    private let servers: [StallingServer]
    private let power = PowerSupply(seed: 4)
    private let machine: Mutex<Machine>
    /// Where in the file a mirror falls silent; the greatest number for nowhere.
    private let silentFrom = Mutex(Int.max)
    /// Connections that failed: each silence makes one fail, and then it is over.
    private let failureCount = Mutex(0)
    /// For the silence of servers.
    private let silence = ManualClock()
    private let awaited = Mutex<UInt64>(0)
    static let checkpointBytes = 8 << 10
    static let chunkBytes = 4096

    private struct Machine {
        var slot: FaultyBlockDevice
        var state: FaultyFileArea

        init(_ power: PowerSupply) {
            slot = FaultyBlockDevice(sizeBytes: 64 << 10, power: power)
            state = FaultyFileArea(power: power)
        }
    }

    /// Everything before the first blob.
    var metadataBytes: Int { boundaries[2] }

    /// Runs `body` with a release whose payload has a chunk for each block, and cleans up behind it.
    static func run(
        mirrors count: Int = 1, recipe change: (inout TestRelease.Recipe) -> Void = { _ in },
        _ body: (DownloadRig) async throws -> Void
    ) async throws {
        var recipe = TestRelease.Recipe()
        recipe.imageBytes = 16 << 10
        recipe.operationBytes = chunkBytes
        recipe.hasKernel = false
        change(&recipe)
        let rig = try DownloadRig(try TestRelease("2.0.0", recipe: recipe), mirrors: count)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(rig)) } catch { outcome = .failure(error) }
        for mirror in rig.mirrors { mirror.stop() }
        for server in rig.servers { server.stop() }
        try await rig.http.shutdown()
        try outcome.get()
    }

    private init(_ release: TestRelease, mirrors count: Int) throws {
        self.release = release
        self.machine = Mutex(Machine(power))
        let payload = release.payload
        let other = payload.map { $0 ^ 0x5A }
        let servers = [try StallingServer(content: payload), try StallingServer(content: other)]
        self.servers = servers
        self.mirrors = try (0..<count).map { _ in try FaultProxy(to: servers[0].port, other: servers[1].port) }
        self.http = HTTPClient(configuration: WebClient.configuration)
        let blobs = Self.place(of: release.image, in: payload)
        let chunks = stride(from: blobs, through: blobs + release.image.count, by: Self.chunkBytes)
        self.boundaries = [0, 24] + Array(chunks) + [payload.count - 1]
    }

    private static func place(of bytes: [UInt8], in payload: [UInt8]) -> Int {
        payload.indices.first { payload[$0...].starts(with: bytes.prefix(64)) } ?? 0
    }

    /// Forgets everything but the release, and lets each mirror play its faults.
    func reset(_ faults: [FaultProxy.Fault]...) {
        machine.withLock { $0 = Machine(power) }
        for (index, mirror) in mirrors.enumerated() { mirror.play(index < faults.count ? faults[index] : []) }
        awaited.withLock { $0 = 0 }
        failureCount.withLock { $0 = 0 }
        silentFrom.withLock { $0 = faults.flatMap { $0 }.compactMap(\.silentFrom).first ?? .max }
    }

    /// All mirrors are honest from now on.
    func mend() {
        for mirror in mirrors { mirror.play([]) }
        silentFrom.withLock { $0 = .max }
    }

    /// What had not been flushed is gone, or part of it.
    func restorePower() { power.restore() }

    /// Whether the slot holds the release.
    var isInstalled: Bool {
        (try? machine.withLock { $0.slot }.read(at: 0, count: release.image.count)) == release.image
    }

    /// What all mirrors sent.
    var sentByteCount: Int { mirrors.reduce(0) { $0 + $1.bodyByteCount } }

    // MARK: Fetching

    /// What a fetch is to meet.
    struct Conditions: Sendable {
        var limits = DownloadLimits()
        /// The power goes when this byte of the payload is awaited.
        var powerCut: Int?
        var survival = CacheSurvival.lost
        /// Of pauses and limits: by default none of them takes time.
        var pauses = Stopwatch(SkippingClock())
        var localTime: @Sendable () -> LocalTime = { LocalTime(weekday: .monday, sinceMidnight: .zero) }
        /// Instead of straight to the mirrors.
        var routes: WebRoutes?
        var addresses: [String]?
    }

    /// Fetches the payload onto the slot, while silence passes at once when a mirror keeps it.
    /// - Returns: the bytes from which it went on, once for each beginning.
    @discardableResult func fetch(_ change: (inout Conditions) -> Void = { _ in }) async throws -> [Int] {
        var conditions = Conditions()
        change(&conditions)
        let time = DownloadTime(
            pauses: conditions.pauses, silence: Stopwatch(silence), wallClock: { 1_000_000 },
            localTime: conditions.localTime,
            chance: {
                self.failureCount.withLock { $0 += 1 }
                return 0.5
            })
        let download = PayloadDownload(
            web: WebClient(conditions.routes ?? WebRoutes(direct: http)),
            source: try source(conditions.addresses ?? mirrors.map { "\($0.url)/update.crau" }),
            limits: conditions.limits, files: StateFiles(machine.withLock { $0.state }), time: time,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var fetch = PayloadFetch(download, onto: try plan(), host: try host())
        let (powerCut, survival) = (conditions.powerCut, conditions.survival)
        fetch.arrived = { place in
            self.awaited.withLock { $0 = place }
            guard let powerCut, place >= powerCut else { return }
            self.power.cutNow(survival: survival)
            while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }  // Nothing happens any more.
        }
        return try await whileSilencePasses(fetch)
    }

    private func whileSilencePasses(_ fetch: PayloadFetch) async throws -> [Int] {
        let beginnings = Beginnings()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { @Sendable in
                _ = try await fetch.run(isAnew: false) { event in
                    if case .began(let place) = event { beginnings.places.withLock { $0.append(Int(place)) } }
                }
                return true
            }
            if silentFrom.withLock({ $0 < .max }) {
                group.addTask { @Sendable in
                    try await self.passSilence()
                    return false
                }
            }
            defer { group.cancelAll() }
            while try await group.next() == false {}
        }
        return beginnings.places.withLock { $0 }
    }

    struct PowerLost: Error {}

    private final class Beginnings: Sendable {
        let places = Mutex<[Int]>([])
    }

    /// Lets time pass for whoever waits for a mirror that keeps silent, once everything it sent has come.
    private func passSilence() async throws {
        while true {
            try Task.checkCancellation()
            guard power.isOn else { throw PowerLost() }
            let holding = mirrors.filter(\.isHolding)
            let isReached = awaited.withLock { $0 } >= UInt64(silentFrom.withLock { $0 })
            let isOver = failureCount.withLock { $0 } > 0
            if holding.isEmpty || !isReached || isOver || silence.sleeperCount == 0 {
                try await Task.sleep(for: .microseconds(50))  // Until the condition holds: nothing is timed by it.
            } else {
                for mirror in holding { mirror.drip() }
                silence.advanceToNextDeadline()
                await Task.yield()
            }
        }
    }

    private func source(_ addresses: [String]) throws -> PayloadDownload.Source {
        PayloadDownload.Source(
            addresses: try addresses.map { try WebAddress($0) }, sizeBytes: release.offer.payloadSizeBytes,
            digest: release.offer.payloadDigest)
    }

    private func plan() throws -> InstallationPlan {
        InstallationPlan(
            offer: release.offer, slot: .b, keys: TrustedKeys(keys: [TestRelease.key.verificationKey]), held: [],
            checkpointIntervalBytes: UInt64(Self.checkpointBytes))
    }

    private func host() throws -> EngineHost {
        let (slot, state) = machine.withLock { ($0.slot, $0.state) }
        return EngineHost(
            bootControl: GPTBootControl(device: slot, booted: .a),
            layout: .flatcar(partition: { _ in slot }, kernels: nil), stateFiles: StateFiles(state),
            power: NoPower(), bootID: "boot")
    }
}

private struct NoPower: HostPower {
    func reboot(reason: String) async throws(HostPowerError) {}
}

/// A clock on which every sleep is over at once, and took its time all the same.
final class SkippingClock: Clock, Sendable {
    private let elapsed = Mutex(Duration.zero)

    var now: ManualClock.Instant { ManualClock.Instant(elapsed: elapsed.withLock { $0 }) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: ManualClock.Instant, tolerance: Duration? = nil) async throws {
        try Task.checkCancellation()
        elapsed.withLock { $0 = max($0, deadline.elapsed) }
    }
}

extension FaultProxy.Fault {
    fileprivate var silentFrom: Int? {
        switch self {
        case .stall(let place), .slow(let place): place
        default: nil
        }
    }
}
