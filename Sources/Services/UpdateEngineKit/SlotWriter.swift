package import ContentTrust
import PayloadFormat
import PayloadInstaller
import SlotDevice
package import UpdateLogic
package import UpdateModel

/// What is to be written, where, and who must have signed it.
package struct InstallationPlan: Sendable {
    package var offer: UpdateOffer
    package var slot: Slot
    package var keys: TrustedKeys
    /// What has failed here before, by what it makes of a slot.
    package var held: [HeldRelease]
    /// Bytes of the payload between two places from which it can go on.
    package var checkpointIntervalBytes: UInt64

    package init(
        offer: UpdateOffer, slot: Slot, keys: TrustedKeys, held: [HeldRelease],
        checkpointIntervalBytes: UInt64 = 4 << 20
    ) {
        self.offer = offer
        self.slot = slot
        self.keys = keys
        self.held = held
        self.checkpointIntervalBytes = checkpointIntervalBytes
    }
}

/// Writes one payload to the passive slot and its boot file, and remembers how far it came.
///
/// Calls block. ``SlotInstallation`` runs them on a thread of their own; the power-cut tests call them directly.
package final class SlotWriter {
    private let plan: InstallationPlan
    private let targets: SlotTargets
    private var journal: InstallationJournal
    private var installation: PayloadInstallation?
    private var newCheckpoint: PayloadCheckpoint?
    /// Whether an earlier attempt's work is being gone on with.
    package private(set) var isResumed = false
    /// Of the bytes before those that ``begin()`` asks for; `nil` when it is not known.
    package private(set) var arrivedDigest: StreamDigest?
    /// A header of either format is no longer.
    private static let headerBytes: UInt64 = 24

    package init(_ plan: InstallationPlan, host: EngineHost) {
        self.plan = plan
        self.targets = SlotTargets(layout: host.layout, slot: plan.slot, held: plan.held)
        self.journal = InstallationJournal(
            host.stateFiles, payloadDigest: plan.offer.payloadDigest, slot: plan.slot)
    }

    /// The content that was refused because it has failed here before.
    package var heldContent: SHA256Digest? { targets.heldContent }

    /// Up to which byte the payload may be fetched now: its header tells where the metadata ends, and the metadata
    /// whether there is room for what the rest makes.
    package var boundBytes: UInt64 {
        guard let installation, installation.manifest == nil || installation.awaitsTargets else {
            return plan.offer.payloadSizeBytes
        }
        return min(installation.blobsOffset ?? Self.headerBytes, plan.offer.payloadSizeBytes)
    }

    /// - Returns: from which byte of the payload on to feed ``consume(_:)``; 0 unless an earlier attempt got further.
    package func begin() throws -> UInt64 {
        if let saved = journal.load(), let resumed = try? resume(saved) {  // What does not fit starts anew.
            installation = resumed
            isResumed = true
            arrivedDigest = saved.checkpoint.fileDigest
            return saved.checkpoint.nextByteOffset
        }
        return try beginAnew()
    }

    /// Forgets how far it came, and starts from the first byte.
    package func beginAnew() throws -> UInt64 {
        try journal.clear()
        isResumed = false
        arrivedDigest = StreamDigest()
        installation = PayloadInstallation(
            options: options, storeCheckpoint: keeper,
            resolve: { [targets] manifest throws(InstallationError) in try targets.open(for: manifest) })
        return 0
    }

    /// Whether the metadata is here and trusted, and the slot is to be given up: then ``openTargets()``.
    package var awaitsSlot: Bool { installation?.awaitsTargets ?? false }

    /// Looks whether the payload could go onto this machine at all. Changes nothing.
    package func checkTargets() throws {
        guard let manifest = installation?.manifest else { return }
        try targets.check(manifest)
        try installation?.check(targets.promised(for: manifest))
    }

    /// Opens the targets. The slot must not be bootable any more.
    package func openTargets() throws { try installation?.openTargets() }

    /// Takes the next bytes of the payload, none beyond ``boundBytes``, and writes what they complete.
    package func consume(_ bytes: [UInt8]) throws {
        newCheckpoint = nil
        try installation?.consume(bytes[...])
        guard let checkpoint = newCheckpoint, let metadata = installation?.metadata else { return }
        try journal.save(.init(checkpoint: checkpoint, metadata: metadata))
    }

    /// Re-reads everything that was written, and gives the boot file its name.
    /// - Returns: the digest of what the slot now holds.
    package func finish() throws -> SHA256Digest {
        guard let result = try installation?.finish() else {
            throw InstallationError.payload(.truncated(part: .header))
        }
        // Before the boot file loses the name under which going on would look for it.
        try journal.clear()
        try targets.nameBootFile()
        return result.contentDigest
    }

    /// Forgets how far it came, and gives back the room that the unfinished boot file takes.
    package func abandon() {
        // What stays behind names its payload, is ignored by another, and is verified before it counts.
        try? journal.clear()
        targets.discardBootFile()
    }

    private var options: InstallationOptions {
        var options = InstallationOptions(
            policy: .trusted(plan.keys),
            expectation: PayloadExpectation(sizeBytes: plan.offer.payloadSizeBytes, digest: plan.offer.payloadDigest),
            checkpointIntervalBytes: plan.checkpointIntervalBytes)
        options.waitsForTargets = true
        return options
    }

    private func resume(_ saved: InstallationJournal.Entry) throws -> PayloadInstallation {
        try PayloadInstallation(
            resuming: saved.checkpoint, metadata: saved.metadata, options: options, storeCheckpoint: keeper,
            resolve: { [targets] manifest throws(InstallationError) in try targets.reopen(for: manifest) })
    }

    /// Keeps a checkpoint until ``consume(_:)`` saves it. The installation must not hold on to its owner: neither would
    /// ever let go of the slot.
    private var keeper: PayloadInstallation.CheckpointStore {
        { [weak self] (checkpoint) throws(InstallationError) in self?.newCheckpoint = checkpoint }
    }
}
