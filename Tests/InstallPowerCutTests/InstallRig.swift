import BootControl
import BootControlGPT
import EngineTestKit
import FleetTestKit
import HostPower
import Logging
import PartitionTable
import SlotDevice
import UpdateEngineKit
import UpdateModel

/// A machine whose disk, boot partition and state directory forget what was not flushed when the power goes.
final class InstallRig {
    let power: PowerSupply
    let disk: FaultyBlockDevice
    let kernels: FaultyFileArea
    let state: FaultyFileArea
    private let releases: [TestRelease]
    /// Where the engine believes the kernels are.
    private let engineKernels: any FileArea

    /// - Parameters:
    ///   - first: runs from slot A; slot B is empty.
    ///   - engineKernels: puts something between the engine and the boot partition.
    init(
        _ first: TestRelease, _ second: TestRelease, disk image: [UInt8], seed: UInt64,
        engineKernels: (FaultyFileArea) -> any FileArea = { $0 }
    ) throws {
        power = PowerSupply(seed: seed)
        disk = FaultyBlockDevice(image, power: power)
        kernels = FaultyFileArea(capacityBytes: 64 << 10, power: power)
        state = FaultyFileArea(power: power)
        releases = [first, second]
        self.engineKernels = engineKernels(kernels)
        let kernel = try kernels.create("vmlinuz-a", sizeBytes: UInt64(first.kernel.count))
        try kernel.write(first.kernel, at: 0)
        try kernel.flush()
        power.reset()
    }

    /// A disk in Flatcar's layout with `release` in slot A.
    static func disk(with release: TestRelease) throws -> [UInt8] {
        var sizes = FlatcarDiskSizes(
            usr: UInt64(TestRelease.Recipe().imageBytes), efiSystem: 4096, biosBoot: 4096, oem: 4096, oemConfig: 4096,
            root: 4096)
        sizes.alignmentBytes = 4096
        let device = MemoryBlockDevice(sizeBytes: sizes.diskBytes)
        var random = SeededRandom(seed: 1)
        try FlatcarDiskLayout.create(on: device, sizes: sizes, using: &random)
        try GPTBootControl(device: device, booted: .a).slotDevice(.a).write(release.image, at: 0)
        return device.bytes
    }

    func control(booted: Slot) -> GPTBootControl { GPTBootControl(device: disk, booted: booted) }

    func host(booted: Slot, bootID: String) -> EngineHost {
        let control = control(booted: booted)
        return EngineHost(
            bootControl: control,
            layout: .flatcar(partition: { try control.slotDevice($0) }, kernels: engineKernels),
            stateFiles: StateFiles(state), power: NoPower(), bootID: bootID)
    }

    /// Switches the machine on. The kernel and the slot that come up must be one whole release.
    func boot() throws -> (slot: Slot, release: TestRelease) {
        let wholeKernels = releases.map(\.kernel)
        let firmware = FirmwareModel(disk: disk, kernels: kernels) { _, file in
            (try? file.read(at: 0, count: Int(file.sizeBytes))).map(wholeKernels.contains) ?? false
        }
        switch try firmware.boot() {
        case .stoppedAtPrompt(let reason): throw NotBootable(reason: "the loader stopped: \(reason)")
        case .booted(let slot): return (slot, try release(in: slot))
        }
    }

    private func release(in slot: Slot) throws -> TestRelease {
        let partition = try control(booted: slot).slotDevice(slot)
        let image = try partition.read(at: 0, count: Int(partition.sizeBytes))
        let kernel = try kernels.open("vmlinuz-\(slot)").map { try $0.read(at: 0, count: Int($0.sizeBytes)) }
        guard let release = releases.first(where: { $0.image == image && $0.kernel == kernel }) else {
            throw NotBootable(reason: "slot \(slot) came up and holds no whole release")
        }
        return release
    }

    private struct NoPower: HostPower {
        func reboot(reason: String) async throws(HostPowerError) {}
    }
}

/// What must never happen.
struct NotBootable: Error {
    let reason: String
}
