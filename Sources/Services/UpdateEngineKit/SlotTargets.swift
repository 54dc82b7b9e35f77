import BootControl
import PayloadFormat
import PayloadInstaller
import SlotDevice
import UpdateLogic
package import UpdateModel

/// Where the partitions of a payload go on this machine: the slot's system partition, and its kernel file.
///
/// The kernel is written aside as `vmlinuz-b.new` and takes its name only when everything has been verified. The
/// slot's old kernel is gone before the slot's first byte changes: it belongs to what is being overwritten, and the
/// boot partition is small.
final class SlotTargets {
    private let host: EngineHost
    private let slot: Slot
    private let held: [HeldRelease]
    private var kernelSizeBytes: UInt64?
    /// The content that was refused because it has failed here before.
    private(set) var heldContent: SHA256Digest?

    init(host: EngineHost, slot: Slot, held: [HeldRelease]) {
        self.host = host
        self.slot = slot
        self.held = held
    }

    /// The targets of a payload that is begun.
    func open(for manifest: PayloadManifest) throws(InstallationError) -> [String: InstallTarget] {
        if let hold = held.first(where: { $0.contentDigest == manifest.contentDigest }) {
            heldContent = manifest.contentDigest
            throw .refused(OfferRefusal.held(hold).userMessage, updateEngineCode: UpdateMachine.rollbackErrorCode)
        }
        let system = try systemPartition(of: manifest)
        var targets = [system.name: try systemTarget()]
        if let kernel = manifest.partitions.first(where: { $0.name == PayloadPartition.kernelName }) {
            targets[kernel.name] = try kernelTarget(for: kernel, of: manifest)
        } else if try bootsFromKernelFiles() {
            throw .newInfoMissing(partition: PayloadPartition.kernelName)  // The slot could not boot.
        }
        return targets
    }

    /// The targets of a payload that is gone on with: what was written before must still be there.
    func reopen(for manifest: PayloadManifest) throws(InstallationError) -> [String: InstallTarget] {
        if let files = host.bootFiles, manifest.partitions.contains(where: { $0.name == PayloadPartition.kernelName }) {
            let present = try attempt { () throws(DeviceError) in try files.open(KernelName.staged(slot)) }
            guard present != nil else { throw .payload(.checkpointMismatch) }
        }
        return try open(for: manifest)
    }

    /// The kernel is complete and verified: it loses what a delta needed beyond its end, and gets its name.
    func nameKernel() throws {
        guard let size = kernelSizeBytes, let files = host.bootFiles else { return }
        let staged = KernelName.staged(slot)
        if let present = try files.open(staged), present.sizeBytes != size {
            try files.create(staged, sizeBytes: size).flush()
        }
        try files.rename(staged, to: KernelName.final(slot))
    }

    /// Gives back the room that an unfinished kernel takes.
    func discardKernel() {
        try? host.bootFiles?.remove(KernelName.staged(slot))  // It is overwritten otherwise.
    }

    private func systemPartition(of manifest: PayloadManifest) throws(InstallationError) -> PayloadPartition {
        let besides = [PayloadPartition.kernelName, PayloadPartition.pcrPolicyName]
        let candidates = manifest.partitions.filter { !besides.contains($0.name) }
        if let named = candidates.first(where: { $0.name == PayloadPartition.systemName }) { return named }
        guard let only = candidates.first, candidates.count == 1 else {
            let message = UserMessage(
                "The payload has \(candidates.count) partitions that could be the system, and none is named “system”.",
                exit: .badData)
            throw .refused(message, updateEngineCode: 12)
        }
        return only
    }

    private func systemTarget() throws(InstallationError) -> InstallTarget {
        do {
            return InstallTarget(device: try host.partition(slot), source: try host.partition(slot.other))
        } catch {
            let message = (error as? any UserFacingError)?.userMessage ?? UserMessage("\(error)", exit: .inputOutput)
            throw .refused(message, updateEngineCode: 7)
        }
    }

    /// `nil` where the boot loader finds its kernels elsewhere: the payload's is checked and dropped.
    private func kernelTarget(
        for kernel: PayloadPartition, of manifest: PayloadManifest
    ) throws(InstallationError) -> InstallTarget? {
        guard let files = host.bootFiles else { return nil }
        guard let info = kernel.newInfo else { throw .newInfoMissing(partition: kernel.name) }
        kernelSizeBytes = info.sizeBytes
        let sizeBytes = max(info.sizeBytes, manifest.workingSizeBytes(of: kernel))
        let slot = slot
        return try attempt { () throws(DeviceError) in
            let staged = KernelName.staged(slot)
            try files.remove(KernelName.final(slot))
            try files.remove(KernelName.staged(slot.other))  // Left over from when this slot was the passive one.
            let present = try files.open(staged)?.sizeBytes ?? 0
            let (room, overflow) = try files.freeBytes().addingReportingOverflow(present)
            guard overflow || room >= sizeBytes else { throw .full(path: staged) }
            return InstallTarget(
                device: try files.create(staged, sizeBytes: sizeBytes),
                source: try files.open(KernelName.final(slot.other)))
        }
    }

    /// Whether the running system's kernel stands where the new one would: then the boot loader takes it from there.
    private func bootsFromKernelFiles() throws(InstallationError) -> Bool {
        guard let files = host.bootFiles else { return false }
        return try attempt { () throws(DeviceError) in try files.open(KernelName.final(slot.other)) } != nil
    }

    private func attempt<Value>(_ body: () throws(DeviceError) -> Value) throws(InstallationError) -> Value {
        do throws(DeviceError) {
            return try body()
        } catch {
            throw .device(partition: PayloadPartition.kernelName, error)
        }
    }
}

/// What the kernels are called where the boot loader looks for them.
///
/// Source: flatcar/scripts `build_library/grub.cfg`.
package enum KernelName {
    package static func final(_ slot: Slot) -> String { "vmlinuz-\(slot)" }
    package static func staged(_ slot: Slot) -> String { "vmlinuz-\(slot).new" }
}
