package import PayloadFormat
internal import SlotDevice
internal import UpdateModel

/// How a payload is to be installed.
package struct InstallationOptions: Sendable {
    /// Who must have signed it.
    package var policy: SignaturePolicy
    /// What was promised of the file.
    package var expectation: PayloadExpectation
    package var limits: PayloadLimits
    /// How many bytes of the payload lie between two checkpoints.
    package var checkpointIntervalBytes: UInt64
    /// How many bytes of a target are written before those that came before them are flushed and read back.
    package var readBackIntervalBytes: UInt64 = 32 << 20
    /// The targets are opened by ``PayloadInstallation/openTargets()``, and not as soon as the metadata is complete.
    package var waitsForTargets = false

    package init(
        policy: SignaturePolicy, expectation: PayloadExpectation = PayloadExpectation(),
        limits: PayloadLimits = .standard, checkpointIntervalBytes: UInt64 = 16 << 20
    ) {
        self.policy = policy
        self.expectation = expectation
        self.limits = limits
        self.checkpointIntervalBytes = checkpointIntervalBytes
    }
}

/// Installs a payload while it arrives: straight onto its targets, nothing staged.
///
/// ```text
/// consume … consume   header, metadata (format 2: its signature verified)
/// openTargets         targets asked for and checked: by itself, unless the options say otherwise
/// consume … consume   each operation, after its digest has been compared → signature over everything
/// finish              flush, then every target re-read and compared with the digest that was signed
/// ```
///
/// Operations are carried out, and targets written and read back, on threads of their own: an error may be thrown by a
/// later call than the one that brought its cause. Once a call has thrown, or the last copy of the value is gone, nothing
/// is read or written any more. Calls block; run them on a thread of their own. After an error the value is of no use,
/// and what stands on the targets must not be booted. Only what ``finish()`` returns says that it may.
package struct PayloadInstallation {
    /// Gives the targets for the partitions it wants; partitions without one are checked and dropped. It may throw
    /// ``InstallationError/refused(_:updateEngineCode:)`` to refuse the payload before anything is written.
    package typealias Resolver = (PayloadManifest) throws(InstallationError) -> [String: InstallTarget]
    /// Stores a checkpoint durably. Everything before it is durable on the targets when this is called.
    package typealias CheckpointStore = (PayloadCheckpoint) throws(InstallationError) -> Void

    private var parser: PayloadStreamParser
    private let options: InstallationOptions
    private let resolve: Resolver
    private let storeCheckpoint: CheckpointStore?
    private var crew = InstallationCrew()
    private var hasOpenTargets = false
    private var hasCheckedSources = false
    private var mayCheckpoint = false
    private var bytesAtCheckpoint: UInt64 = 0
    /// How far the payload's operations are done.
    package private(set) var progress = InstallationProgress()

    package init(
        options: InstallationOptions, storeCheckpoint: CheckpointStore? = nil, resolve: @escaping Resolver
    ) {
        self.parser = PayloadStreamParser(
            policy: options.policy, expectation: options.expectation, limits: options.limits)
        self.options = options
        self.storeCheckpoint = storeCheckpoint
        self.resolve = resolve
    }

    /// Goes on from a checkpoint: the next bytes consumed are those from `checkpoint.nextByteOffset` of the file.
    ///
    /// - Parameter metadata: What ``metadata`` was in the installation that stored the checkpoint.
    /// - Throws: ``InstallationError/payload(_:)`` with `checkpointMismatch` when both do not belong together, and
    ///   whatever ``consume(_:)`` throws for metadata.
    package init(
        resuming checkpoint: PayloadCheckpoint, metadata: [UInt8], options: InstallationOptions,
        storeCheckpoint: CheckpointStore? = nil, resolve: @escaping Resolver
    ) throws(InstallationError) {
        self.init(options: options, storeCheckpoint: storeCheckpoint, resolve: resolve)
        parser = try Self.attempt { () throws(PayloadError) in
            try PayloadStreamParser(
                resuming: checkpoint, metadata: metadata, policy: options.policy, expectation: options.expectation,
                limits: options.limits)
        }
        guard let manifest = parser.manifest else { throw .payload(.checkpointMismatch) }
        try prepare(manifest, isResuming: true)
        var operationsDone = checkpoint.nextOperation
        for partition in manifest.partitions {
            crew.works[partition.name]?.goOn(after: operationsDone)
            operationsDone = max(0, operationsDone - partition.operations.count)
        }
        progress.operationsDone = checkpoint.nextOperation
        progress.bytesDone = checkpoint.nextByteOffset
        bytesAtCheckpoint = checkpoint.nextByteOffset
    }

    /// Everything before the first blob, once it has arrived; `nil` before. Keep it durably with a checkpoint.
    package var metadata: [UInt8]? { parser.manifest == nil ? nil : parser.metadata }

    /// Where the first blob begins in the payload's file; `nil` until its header has arrived.
    package var blobsOffset: UInt64? { parser.header?.blobsOffset }

    /// What the payload says it does; `nil` until its metadata has arrived and passed every check.
    package var manifest: PayloadManifest? { parser.manifest }

    /// Whether nothing but ``openTargets()`` is missing for the first operation.
    package var awaitsTargets: Bool { parser.manifest != nil && !hasOpenTargets }

    /// Looks whether the payload can go onto such targets, before anything is given up for it. Writes nothing; what a delta
    /// starts from is read here and not again by ``openTargets()``.
    package mutating func check(_ targets: [String: InstallTarget]) throws(InstallationError) {
        guard let manifest = parser.manifest else { return }
        try InstallationPreflight(manifest: manifest, targets: targets).check()
        hasCheckedSources = true
    }

    /// Asks for the targets and checks them. Nothing was written before.
    package mutating func openTargets() throws(InstallationError) {
        guard let manifest = parser.manifest, !hasOpenTargets else { return }
        try prepare(manifest, isResuming: false)
    }

    /// Takes the next bytes of the payload, any number, and does whatever they complete.
    package mutating func consume(_ bytes: ArraySlice<UInt8>) throws(InstallationError) {
        do throws(InstallationError) {
            parser.append(bytes)
            while let event = try nextEvent() {
                switch event {
                case .header: break
                case .manifest: if !options.waitsForTargets { try openTargets() }
                case .operation(let operation, let place, let blob):
                    guard hasOpenTargets else { throw .targetsNotOpened }
                    try crew.carryOut(operation, at: place, blob: blob)
                    try operationDone(blobByteCount: blob.count)
                case .end: progress.bytesDone = progress.bytesTotal
                }
            }
        } catch {
            crew.rest()
            throw error
        }
    }

    /// Says that the payload is complete, re-reads every target, and tells what now stands there.
    /// - Throws: ``InstallationError/payload(_:)`` with `truncated` when it was not complete;
    ///   ``InstallationError/wrongResult(partition:expected:actual:)``.
    package func finish() throws(InstallationError) -> InstallationResult {
        do throws(InstallationError) {
            let summary = try Self.attempt { () throws(PayloadError) in try parser.finish() }
            guard let manifest = parser.manifest else { throw .payload(.truncated(part: .manifest)) }
            guard hasOpenTargets else { throw .targetsNotOpened }
            try crew.flush()
            var partitions: [InstallationResult.Partition] = []
            var skipped: [String] = []
            for partition in manifest.partitions {
                guard let work = crew.works[partition.name] else {
                    skipped.append(partition.name)
                    continue
                }
                partitions.append(.init(name: partition.name, info: try work.verify()))
            }
            return InstallationResult(
                summary: summary, contentDigest: manifest.contentDigest, partitions: partitions,
                skippedPartitions: skipped)
        } catch {
            crew.rest()
            throw error
        }
    }

    private mutating func nextEvent() throws(InstallationError) -> PayloadStreamParser.Event? {
        do throws(PayloadError) {
            return try parser.next()
        } catch {
            throw .payload(error)
        }
    }

    private mutating func prepare(_ manifest: PayloadManifest, isResuming: Bool) throws(InstallationError) {
        let preflight = InstallationPreflight(manifest: manifest, targets: try resolve(manifest))
        try preflight.check(readsSources: !hasCheckedSources)
        if isResuming {
            guard !preflight.hasInPlaceTarget else { throw .payload(.checkpointMismatch) }
        } else {
            try preflight.seed()
        }
        crew = InstallationCrew(preflight.works(options))
        hasOpenTargets = true
        mayCheckpoint = !preflight.hasInPlaceTarget
        progress.operationsTotal = manifest.operationCount
        progress.bytesTotal = (parser.header?.blobsOffset ?? 0) + manifest.bodyLength
        progress.bytesDone = parser.header?.blobsOffset ?? 0
        bytesAtCheckpoint = progress.bytesDone
    }

    private mutating func operationDone(blobByteCount: Int) throws(InstallationError) {
        progress.operationsDone += 1
        progress.bytesDone += UInt64(blobByteCount)
        guard mayCheckpoint, let storeCheckpoint,
            progress.bytesDone - bytesAtCheckpoint >= options.checkpointIntervalBytes,
            let checkpoint = parser.checkpoint
        else { return }
        try crew.flush()
        try storeCheckpoint(checkpoint)
        bytesAtCheckpoint = progress.bytesDone
    }

    private static func attempt<Value>(
        _ body: () throws(PayloadError) -> Value
    ) throws(InstallationError) -> Value {
        do throws(PayloadError) {
            return try body()
        } catch {
            throw .payload(error)
        }
    }
}

/// How far an installation is. Totals are 0 until the payload's metadata has arrived.
package struct InstallationProgress: Hashable, Sendable {
    package fileprivate(set) var operationsDone = 0
    package fileprivate(set) var operationsTotal = 0
    /// Of the payload's file.
    package fileprivate(set) var bytesDone: UInt64 = 0
    package fileprivate(set) var bytesTotal: UInt64 = 0

    package init() {}
}
