import AsyncHTTPClient
import BootControl
import BootControlGPT
import ContentTrust
import EngineControl
import EngineTestKit
import FleetTestKit
import FoundationEssentials
import HostLinux
import HostPower
import Logging
import OmahaProtocol
import SlotDevice
import Synchronization
import Testing
import UpdateEngineKit
import UpdateLogic
import UpdateModel

/// A whole machine in a temporary folder (disk image, boot partition, settings, state), an update server and a payload
/// server that misbehave as they are told.
final class EngineRig: Sendable {
    let folder: String
    let omaha = OmahaDouble()
    let payloads: StallingServer
    let http: HTTPClient
    let power = RecordedPower()
    /// What the engine is set up with; tests change it before they start one.
    let settings: Mutex<EngineSettings>
    private let releases: [TestRelease]
    private let bootCount = Mutex(1)
    private let bootArea: Mutex<(any FileArea)?> = Mutex(nil)
    /// What tests change of the machine before an engine starts on it.
    let hostChange: Mutex<@Sendable (inout EngineHost) -> Void> = Mutex { _ in }

    /// Runs `body` with a machine that runs `releases[0]` and is offered `releases[1]`, and cleans up behind it.
    static func run(
        _ releases: [TestRelease], payload: [UInt8]? = nil, _ body: (EngineRig) async throws -> Void
    ) async throws {
        let rig = try EngineRig(releases, payload: payload ?? releases[1].payload)
        try await rig.omaha.start()
        let outcome: Result<Void, any Error>
        do {
            try rig.writeUpdateConf("SERVER=\(rig.omaha.url)\n")
            rig.offer(releases[1].offer)
            outcome = .success(try await body(rig))
        } catch {
            outcome = .failure(error)
        }
        try await rig.omaha.stop()
        rig.payloads.stop()
        try await rig.http.shutdown()
        try FileManager.default.removeItem(atPath: rig.folder)
        try outcome.get()
    }

    private init(_ releases: [TestRelease], payload: [UInt8]) throws {
        self.releases = releases
        folder = FileManager.default.temporaryDirectory.path + "/martlet-engine-\(UInt64.random(in: 0 ... .max))"
        payloads = try StallingServer(content: payload)
        http = HTTPClient(configuration: WebClient.configuration)
        var settings = EngineSettings()
        settings.root = "\(folder)/root"
        settings.keyDirectory = "\(folder)/keys"
        settings.stateDirectory = "\(folder)/state"
        settings.healthDirectory = "\(folder)/health"
        settings.healthSettle = .zero
        settings.downloadStall = .seconds(20)
        settings.downloadAttempts = 1
        settings.checkpointIntervalBytes = 64 << 10
        settings.schedule.initialDelay = .seconds(3600)
        settings.schedule.jitter = .zero
        self.settings = Mutex(settings)
        try makeFolders()
        try makeDisk(releases[0])
    }

    // MARK: What stands on the machine

    private func makeFolders() throws {
        for name in ["root/etc/flatcar", "keys", "state", "health", "boot"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try write(TestRelease.key.verificationKey.pem, to: "keys/fleet.pem")
        try write("0123456789abcdef0123456789abcdef\n", to: "root/etc/machine-id")
    }

    private func makeDisk(_ release: TestRelease) throws {
        let sizes = FlatcarDiskSizes(usr: UInt64(release.image.count + 8192 & ~4095))
        let disk = try FileBlockDevice.create(path: "\(folder)/disk.img", sizeBytes: sizes.diskBytes)
        var random = SeededRandom(seed: 1)
        try FlatcarDiskLayout.create(on: disk, sizes: sizes, using: &random)
        try GPTBootControl(device: disk, booted: .a).slotDevice(.a).write(release.image, at: 0)
        let kernel = try bootFiles.create("vmlinuz-a", sizeBytes: UInt64(release.kernel.count))
        try kernel.write(release.kernel, at: 0)
        try showVersion(release.version)
    }

    func write(_ text: String, to name: String) throws {
        try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)")
    }

    func writeUpdateConf(_ text: String) throws { try write(text, to: "root/etc/flatcar/update.conf") }

    private func showVersion(_ version: Version) throws {
        try write("VERSION_ID=\(version)\n", to: "root/etc/os-release")
    }

    /// A health check: a shell script.
    func addHealthCheck(_ script: String) throws {
        try AtomicFile.write(Array("#!/bin/sh\n\(script)\n".utf8), to: "\(folder)/health/10-check", mode: 0o755)
    }

    /// Stands in for the boot partition from now on.
    func replaceBootFiles(by area: any FileArea) { bootArea.withLock { $0 = area } }

    private var bootFiles: any FileArea {
        get throws { try bootArea.withLock { $0 } ?? DirectoryFileArea(path: "\(folder)/boot") }
    }

    private func disk() throws -> FileBlockDevice {
        try FileBlockDevice(path: "\(folder)/disk.img", access: .readWrite)
    }

    func slotBytes(_ slot: Slot) throws -> [UInt8] {
        let device = try GPTBootControl(device: disk(), booted: .a).slotDevice(slot)
        return try device.read(at: 0, count: releases[0].image.count)
    }

    /// What slot A held at the beginning.
    var runningImage: [UInt8] { releases[0].image }

    /// The boot loader's state, past the engine.
    func bootControl() throws -> GPTBootControl { try GPTBootControl(device: disk(), booted: .a) }

    /// Whether the boot loader may choose the slot.
    func isBootable(_ slot: Slot) throws -> Bool { try bootControl().status(of: slot).isBootable }

    // MARK: What happens to it

    /// Lets the update server offer a payload under the payload server's address.
    func offer(_ offer: UpdateOffer, version: String? = nil, codebase: String? = nil, name: String = "update.crau") {
        let check = OmahaResponse.UpdateCheck.offer(
            version: version ?? offer.version.text, codebases: [codebase ?? "\(payloads.url)/payloads/"],
            payload: .init(name: name, size: Int64(offer.payloadSizeBytes)), digest: offer.payloadDigest)
        omaha.follow { $0.check = check }
    }

    /// The loader chooses a slot, and the release in it comes up.
    @discardableResult func reboot() throws -> Slot {
        let kernels = releases.map(\.kernel)
        let firmware = try FirmwareModel(disk: disk(), kernels: bootFiles) { _, file in
            (try? file.read(at: 0, count: Int(file.sizeBytes))).map(kernels.contains) ?? false
        }
        guard case .booted(let slot) = try firmware.boot() else { throw RigError(text: "the machine does not boot") }
        let image = try slotBytes(slot)
        guard let release = releases.first(where: { $0.image == image }) else {
            throw RigError(text: "slot \(slot) holds no whole release")
        }
        try showVersion(release.version)
        bootCount.withLock { $0 += 1 }
        bootedSlot.withLock { $0 = slot }
        power.reset()
        return slot
    }

    let bootedSlot = Mutex(Slot.a)

    /// Runs an engine while `body` does something, then stops it as a signal would.
    func withEngine(_ body: (RunningEngine) async throws -> Void) async throws {
        let control = GPTBootControl(device: try disk(), booted: bootedSlot.withLock { $0 })
        var host = EngineHost(
            bootControl: control,
            layout: .flatcar(partition: { try control.slotDevice($0) }, kernels: try bootFiles),
            stateFiles: StateFiles(try DirectoryFileArea(path: "\(folder)/state")), power: power,
            bootID: "boot-\(bootCount.withLock { $0 })")
        hostChange.withLock { $0 }(&host)
        let engine = try UpdateEngine(
            settings: settings.withLock { $0 }, host: host, http: http,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            defer { group.cancelAll() }
            try await body(RunningEngine(engine: engine))
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

/// An engine that is at work.
struct RunningEngine: Sendable {
    let engine: UpdateEngine

    func status() async -> EngineStatus { await engine.status() }

    func ask(_ command: ControlRequest.Command, force: Bool? = nil) async -> ControlResponse {
        await engine.answer(ControlRequest(command, force: force))
    }

    /// Asks for an update, and waits until that check has run its course.
    @discardableResult func update(force: Bool? = nil) async throws -> EngineStatus {
        let answer = await ask(.update, force: force)
        let awaited = answer.status?.awaitedCheck ?? 1
        return try await wait { $0.checkCount >= awaited }
    }

    /// Waits until the boot has been judged.
    @discardableResult func settled() async throws -> EngineStatus {
        try await wait { $0.state != .assessing && $0.slots.contains { $0.isBooted && $0.isSuccessful } }
    }

    @discardableResult func wait(for condition: (EngineStatus) -> Bool) async throws -> EngineStatus {
        for _ in 0..<4000 {
            let status = await status()
            if condition(status) { return status }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw RigError(text: "waited in vain; the status is \(await status())")
    }
}

/// A power switch that only remembers.
final class RecordedPower: HostPower {
    private let asked = Mutex<[String]>([])

    var reasons: [String] { asked.withLock { $0 } }

    func reset() { asked.withLock { $0 = [] } }

    func reboot(reason: String) async throws(HostPowerError) { asked.withLock { $0.append(reason) } }
}

struct RigError: Error {
    let text: String
}
