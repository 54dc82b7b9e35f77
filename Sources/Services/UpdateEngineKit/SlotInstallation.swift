import ContentTrust
import Dispatch
import FoundationEssentials
import HostLinux
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Synchronization
import UpdateLogic
import UpdateModel

/// Writes one payload to the passive slot and its kernel file, on a thread of its own, and remembers how far it came.
///
/// The kernel is written aside as `vmlinuz-b.new` and takes its name only when everything has been verified. The
/// slot's old kernel is gone before the slot's first byte changes: it belongs to what is being overwritten, and the
/// boot partition is small.
final class SlotInstallation: Sendable {
    /// What is to be written, where, and who must have signed it.
    struct Plan: Sendable {
        var offer: UpdateOffer
        var slot: Slot
        var keys: TrustedKeys
        /// What has failed here before, by what it makes of a slot.
        var held: [HeldRelease]
        /// Where the place to go on from is kept.
        var folder: String
    }

    private let plan: Plan
    private let host: EngineHost
    private let journal: InstallationJournal
    private let queue = DispatchQueue(label: "martlet.installation")
    /// Touched on `queue` only, which runs one block after another.
    private nonisolated(unsafe) var installation: PayloadInstallation?
    /// As above.
    private nonisolated(unsafe) var pendingCheckpoint: PayloadCheckpoint?
    private let heldDigest = Mutex<SHA256Digest?>(nil)
    private let kernelSize = Mutex<UInt64>(0)

    /// The content that was refused because it has failed here before.
    var heldContent: SHA256Digest? { heldDigest.withLock { $0 } }

    init(_ plan: Plan, host: EngineHost) {
        self.plan = plan
        self.host = host
        self.journal = InstallationJournal(
            folder: plan.folder, payloadDigest: plan.offer.payloadDigest, slot: plan.slot)
    }

    /// Opens the targets.
    /// - Returns: from which byte of the payload on to feed ``consume(_:)``; 0 unless an earlier attempt got further.
    func begin() async throws -> UInt64 {
        try await onQueue { [self] in
            if let saved = journal.load(), let resumed = try? resume(saved) {  // What does not fit starts anew.
                unsafe installation = resumed
                return saved.checkpoint.nextByteOffset
            }
            journal.clear()
            unsafe installation = PayloadInstallation(
                options: options, storeCheckpoint: keep, resolve: { manifest throws(InstallationError) in
                    try self.targets(for: manifest)
                })
            return 0
        }
    }

    /// Takes the next bytes of the payload and writes what they complete.
    func consume(_ bytes: [UInt8]) async throws {
        try await onQueue { [self] in
            unsafe pendingCheckpoint = nil
            try unsafe installation?.consume(bytes[...])
            if let checkpoint = unsafe pendingCheckpoint, let metadata = unsafe installation?.metadata {
                try journal.save(checkpoint, metadata: metadata)
            }
        }
    }

    /// Re-reads everything that was written, and gives the kernel its name.
    /// - Returns: the digest of what the slot now holds.
    func finish() async throws -> SHA256Digest {
        try await onQueue { [self] in
            guard let result = try unsafe installation?.finish() else {
                throw InstallationError.payload(.truncated(part: .header))
            }
            try nameKernel()
            journal.clear()
            return result.contentDigest
        }
    }

    /// Forgets how far it came: the next attempt starts anew.
    func abandon() { journal.clear() }

    private var options: InstallationOptions {
        InstallationOptions(
            policy: .trusted(plan.keys),
            expectation: PayloadExpectation(sizeBytes: plan.offer.payloadSizeBytes, digest: plan.offer.payloadDigest),
            checkpointIntervalBytes: 4 << 20)
    }

    private func resume(_ saved: InstallationJournal.Entry) throws -> PayloadInstallation {
        try PayloadInstallation(
            resuming: saved.checkpoint, metadata: saved.metadata, options: options, storeCheckpoint: keep,
            resolve: { manifest throws(InstallationError) in try self.targets(for: manifest) })
    }

    private func keep(_ checkpoint: PayloadCheckpoint) throws(InstallationError) {
        unsafe pendingCheckpoint = checkpoint
    }

    private func targets(for manifest: PayloadManifest) throws(InstallationError) -> [String: InstallTarget] {
        if let hold = plan.held.first(where: { $0.contentDigest == manifest.contentDigest }) {
            heldDigest.withLock { $0 = manifest.contentDigest }
            throw .refused(OfferRefusal.held(hold).userMessage, updateEngineCode: UpdateMachine.rollbackErrorCode)
        }
        // Without a kernel the slot could not boot.
        guard let kernel = manifest.partitions.first(where: { $0.name == PayloadPartition.kernelName }),
            let info = kernel.newInfo
        else { throw .newInfoMissing(partition: PayloadPartition.kernelName) }
        kernelSize.withLock { $0 = info.sizeBytes }
        return [
            PayloadPartition.systemName: try systemTarget(),
            PayloadPartition.kernelName: try kernelTarget(
                sizeBytes: max(info.sizeBytes, manifest.workingSizeBytes(of: kernel))),
        ]
    }

    /// The kernel is complete and verified: it loses what a delta needed beyond its end, and gets its name.
    private func nameKernel() throws {
        let staged = KernelName.staged(plan.slot)
        let size = kernelSize.withLock { $0 }
        if let present = try host.bootFiles.open(staged), present.sizeBytes != size {
            try host.bootFiles.create(staged, sizeBytes: size).flush()
        }
        try host.bootFiles.rename(staged, to: KernelName.final(plan.slot))
    }

    private func systemTarget() throws(InstallationError) -> InstallTarget {
        do {
            return InstallTarget(device: try host.partition(plan.slot), source: try host.partition(plan.slot.other))
        } catch {
            let message = (error as? any UserFacingError)?.userMessage ?? UserMessage("\(error)", exit: .inputOutput)
            throw .refused(message, updateEngineCode: 7)
        }
    }

    private func kernelTarget(sizeBytes: UInt64) throws(InstallationError) -> InstallTarget {
        do {
            try host.bootFiles.remove(KernelName.final(plan.slot))
            let staged = KernelName.staged(plan.slot)
            let present = try host.bootFiles.open(staged)?.sizeBytes ?? 0
            guard try host.bootFiles.freeBytes() + present >= sizeBytes else { throw DeviceError.full(path: staged) }
            return InstallTarget(
                device: try host.bootFiles.create(staged, sizeBytes: sizeBytes),
                source: try host.bootFiles.open(KernelName.final(plan.slot.other)))
        } catch let error as DeviceError {
            throw .device(partition: PayloadPartition.kernelName, error)
        } catch {
            throw .refused(UserMessage("\(error)", exit: .inputOutput), updateEngineCode: 7)
        }
    }

    private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}

/// What the kernels are called where the boot loader looks for them.
///
/// Source: flatcar/scripts `build_library/grub.cfg`.
enum KernelName {
    static func final(_ slot: Slot) -> String { "vmlinuz-\(slot)" }
    static func staged(_ slot: Slot) -> String { "vmlinuz-\(slot).new" }
}

/// The place in a payload from which an installation can go on, kept through a kill or a power cut.
///
/// Two files: the payload's metadata, written once, and the checkpoint, replaced as it advances. Both name the payload
/// and the slot, so that what does not belong together is not used.
struct InstallationJournal: Sendable {
    struct Entry: Sendable {
        var checkpoint: PayloadCheckpoint
        var metadata: [UInt8]
    }

    private struct Stored: Codable {
        var payloadDigest: SHA256Digest
        var slot: Slot
        var checkpoint: PayloadCheckpoint
    }

    let folder: String
    let payloadDigest: SHA256Digest
    let slot: Slot
    private static let metadataBytesMax = 80 << 20
    private static let checkpointBytesMax = 64 << 10

    private var checkpointPath: String { "\(folder)/installation.json" }
    private var metadataPath: String { "\(folder)/installation.metadata" }

    /// `nil` when there is nothing to go on from, or it belongs to something else.
    func load() -> Entry? {
        guard let bytes = try? AtomicFile.read(checkpointPath, limit: Self.checkpointBytesMax),
            let stored = try? JSONDecoder().decode(Stored.self, from: Data(bytes)),
            stored.payloadDigest == payloadDigest, stored.slot == slot,
            let metadata = try? AtomicFile.read(metadataPath, limit: Self.metadataBytesMax)
        else { return nil }  // Unreadable is as good as absent: the download starts anew.
        return Entry(checkpoint: stored.checkpoint, metadata: metadata)
    }

    func save(_ checkpoint: PayloadCheckpoint, metadata: [UInt8]) throws {
        if load()?.metadata != metadata { try AtomicFile.write(metadata, to: metadataPath, mode: 0o600) }
        let stored = Stored(payloadDigest: payloadDigest, slot: slot, checkpoint: checkpoint)
        try AtomicFile.write(Array(JSONEncoder().encode(stored)), to: checkpointPath, mode: 0o600)
    }

    func clear() {
        // What stays behind names its payload and is ignored by another.
        try? FileManager.default.removeItem(atPath: checkpointPath)
        try? FileManager.default.removeItem(atPath: metadataPath)
    }
}
