import BootControl
import PayloadFormat
import PayloadInstaller
import SlotDevice
import UpdateLogic
import UpdateModel

/// Where the partitions of a payload go on this machine: the slot's partitions, and its boot file.
///
/// The boot file is written aside and takes its name only when everything has been verified. The slot's old one is gone
/// before the slot's first byte changes: it belongs to what is being overwritten, and the boot partition is small.
final class SlotTargets {
    private let layout: SlotLayout
    private let slot: Slot
    private let held: [HeldRelease]
    private var bootFileSizeBytes: UInt64?
    /// What a delta starts from, by partition. Opened once: what was compared with its digest is what is read later.
    private var sources: [String: any BlockDevice] = [:]
    /// The content that was refused because it has failed here before.
    private(set) var heldContent: SHA256Digest?

    init(layout: SlotLayout, slot: Slot, held: [HeldRelease]) {
        self.layout = layout
        self.slot = slot
        self.held = held
    }

    /// Looks whether the payload may and can go onto this machine. Changes nothing.
    func check(_ manifest: PayloadManifest) throws(InstallationError) {
        if let hold = held.first(where: { $0.contentDigest == manifest.contentDigest }) {
            heldContent = manifest.contentDigest
            throw .refused(OfferRefusal.held(hold).userMessage, updateEngineCode: UpdateMachine.rollbackErrorCode)
        }
        for system in layout.systems {
            let name = try name(of: system, in: manifest)
            let device = try attempt(system) { try system.device(slot) }
            let needed = manifest.partitions.first { $0.name == name }?.newInfo?.sizeBytes ?? 0
            guard needed <= device.sizeBytes else {
                throw .targetTooSmall(partition: name, neededBytes: needed, sizeBytes: device.sizeBytes)
            }
        }
        guard let bootFile = layout.bootFile else { return }
        let isThere = manifest.partitions.contains { $0.name == bootFile.partition }
        // Without it the slot could not boot.
        if isThere { return }
        guard try !bootsFromFiles(bootFile) else { throw .newInfoMissing(partition: bootFile.partition) }
    }

    /// What the targets will be once the slot was given up: only its sizes and its sources count. Changes nothing.
    func promised(for manifest: PayloadManifest) throws(InstallationError) -> [String: InstallTarget] {
        var targets: [String: InstallTarget] = [:]
        for system in layout.systems {
            let name = try name(of: system, in: manifest)
            targets[name] = try target(on: system, named: name)
        }
        guard let bootFile = layout.bootFile,
            let partition = manifest.partitions.first(where: { $0.name == bootFile.partition })
        else { return targets }
        let sizeBytes = max(partition.newInfo?.sizeBytes ?? 0, manifest.workingSizeBytes(of: partition))
        targets[partition.name] = try attempt(bootFile) {
            // The slot's own file goes, and a new one takes the place of what an earlier attempt left.
            let names = [bootFile.staged(slot), try bootFile.current(slot)].compactMap { $0 }
            let given = try Set(names).reduce(UInt64(0)) { sum, name in
                sum + (try bootFile.files.open(name)?.sizeBytes ?? 0)
            }
            let (room, overflow) = try bootFile.files.freeBytes().addingReportingOverflow(given)
            guard overflow || room >= sizeBytes else { throw DeviceError.full(path: bootFile.staged(slot)) }
            return InstallTarget(device: PromisedFile(sizeBytes: sizeBytes), source: try source(of: bootFile))
        }
        return targets
    }

    /// The targets of a payload that is begun.
    func open(for manifest: PayloadManifest) throws(InstallationError) -> [String: InstallTarget] {
        try check(manifest)
        var targets: [String: InstallTarget] = [:]
        for system in layout.systems {
            let name = try name(of: system, in: manifest)
            targets[name] = try target(on: system, named: name)
        }
        guard let bootFile = layout.bootFile else { return targets }
        if let partition = manifest.partitions.first(where: { $0.name == bootFile.partition }) {
            targets[partition.name] = try target(for: partition, of: manifest, as: bootFile)
        }
        return targets
    }

    /// The targets of a payload that is gone on with: what was written before must still be there.
    func reopen(for manifest: PayloadManifest) throws(InstallationError) -> [String: InstallTarget] {
        if let bootFile = layout.bootFile, manifest.partitions.contains(where: { $0.name == bootFile.partition }) {
            let present = try attempt(bootFile) { try bootFile.files.open(bootFile.staged(slot)) }
            guard present != nil else { throw .payload(.checkpointMismatch) }
        }
        return try open(for: manifest)
    }

    /// The boot file is complete and verified: it loses what a delta needed beyond its end, and gets its name.
    func nameBootFile() throws {
        guard let size = bootFileSizeBytes, let bootFile = layout.bootFile else { return }
        let staged = bootFile.staged(slot)
        if let present = try bootFile.files.open(staged), present.sizeBytes != size {
            try bootFile.files.create(staged, sizeBytes: size).flush()
        }
        if let present = try bootFile.files.open(staged) { try check(present, as: bootFile) }
        if let final = bootFile.final { try bootFile.files.rename(staged, to: final(slot)) }
    }

    private func check(_ file: any BlockDevice, as bootFile: SlotLayout.BootFile) throws(InstallationError) {
        do {
            try bootFile.check(file)
        } catch {
            let message = (error as? any UserFacingError)?.userMessage ?? UserMessage("\(error)", exit: .badData)
            throw .refused(message, updateEngineCode: 5)  // PostinstallRunnerError: the image cannot be made bootable.
        }
    }

    /// Gives back the room that an unfinished boot file takes.
    func discardBootFile() {
        guard let bootFile = layout.bootFile else { return }
        try? bootFile.files.remove(bootFile.staged(slot))  // It is overwritten otherwise.
    }

    private func name(
        of system: SlotLayout.System, in manifest: PayloadManifest
    ) throws(InstallationError) -> String {
        if let name = system.name {
            guard manifest.partitions.contains(where: { $0.name == name }) else {
                throw .newInfoMissing(partition: name)
            }
            return name
        }
        let besides = [PayloadPartition.kernelName, PayloadPartition.pcrPolicyName]
        let candidates = manifest.partitions.filter { !besides.contains($0.name) }
        if let named = candidates.first(where: { $0.name == PayloadPartition.systemName }) { return named.name }
        guard let only = candidates.first, candidates.count == 1 else {
            let message = UserMessage(
                "The payload has \(candidates.count) partitions that could be the system, and none is named “system”.",
                exit: .badData)
            throw .refused(message, updateEngineCode: 12)
        }
        return only.name
    }

    private func target(
        on system: SlotLayout.System, named name: String
    ) throws(InstallationError) -> InstallTarget {
        try attempt(system) {
            let source = try sources[name] ?? system.device(slot.other)
            sources[name] = source
            return InstallTarget(device: try system.device(slot), source: source)
        }
    }

    private func source(of bootFile: SlotLayout.BootFile) throws -> (any BlockDevice)? {
        if let source = sources[bootFile.partition] { return source }
        let source = try bootFile.current(slot.other).flatMap { try bootFile.files.open($0) }
        sources[bootFile.partition] = source
        return source
    }

    private func attempt<Value>(
        _ system: SlotLayout.System, _ body: () throws -> Value
    ) throws(InstallationError) -> Value {
        do {
            return try body()
        } catch {
            let message = (error as? any UserFacingError)?.userMessage ?? UserMessage("\(error)", exit: .inputOutput)
            throw .refused(message, updateEngineCode: 7)
        }
    }

    private func target(
        for partition: PayloadPartition, of manifest: PayloadManifest, as bootFile: SlotLayout.BootFile
    ) throws(InstallationError) -> InstallTarget {
        guard let info = partition.newInfo else { throw .newInfoMissing(partition: partition.name) }
        bootFileSizeBytes = info.sizeBytes
        let sizeBytes = max(info.sizeBytes, manifest.workingSizeBytes(of: partition))
        return try attempt(bootFile) {
            let files = bootFile.files
            let staged = bootFile.staged(slot)
            if let final = bootFile.final {
                try files.remove(final(slot))
                try files.remove(bootFile.staged(slot.other))  // Left over from when this slot was the passive one.
            }
            let present = try files.open(staged)?.sizeBytes ?? 0
            let (room, overflow) = try files.freeBytes().addingReportingOverflow(present)
            guard overflow || room >= sizeBytes else { throw DeviceError.full(path: staged) }
            return InstallTarget(
                device: try files.create(staged, sizeBytes: sizeBytes), source: try source(of: bootFile))
        }
    }

    /// Whether the running system's boot file stands where the new one would: then the boot loader takes it from there.
    private func bootsFromFiles(_ bootFile: SlotLayout.BootFile) throws(InstallationError) -> Bool {
        try attempt(bootFile) { try bootFile.current(slot.other) } != nil
    }

    private func attempt<Value>(
        _ bootFile: SlotLayout.BootFile, _ body: () throws -> Value
    ) throws(InstallationError) -> Value {
        do {
            return try body()
        } catch let error as DeviceError {
            throw .device(partition: bootFile.partition, error)
        } catch {
            let message = (error as? any UserFacingError)?.userMessage ?? UserMessage("\(error)", exit: .inputOutput)
            throw .refused(message, updateEngineCode: 7)
        }
    }
}

/// A file that will be made.
private struct PromisedFile: BlockDevice {
    let sizeBytes: UInt64
    var sectorSizeBytes: Int { 512 }

    func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] { throw notThere("read") }
    func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) { throw notThere("write") }
    func flush() {}

    private func notThere(_ operation: String) -> DeviceError {
        .failed(operation: operation, path: "the new boot file", reason: "it was not made yet")
    }
}
