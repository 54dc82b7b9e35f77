internal import ArgumentParser
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import SlotDevice
internal import UpdateModel

/// `martlet payload apply`.
struct PayloadApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Write what a payload makes to files or block devices.",
        discussion: """
            Nothing is written that is not verified: of format 2 each operation, against metadata whose signature was \
            checked before; of format 1, which cannot be checked in parts, the whole payload before the first write. What \
            was written is read back and compared. A source is never modified. A regular file is written aside and takes \
            its name only on success; a block device is written in place.

            EXAMPLES
              martlet payload apply update.crau --target new.img --key pub.pem
              martlet payload apply delta.crau --source old.img --target new.img \\
                  --kernel-source old.kernel --kernel-target new.kernel --key pub.pem
            """)

    @Argument(help: ArgumentHelp("The payload.", valueName: "file"))
    var payload: String

    @Option(help: ArgumentHelp("Where the system partition (or the only one) goes.", valueName: "out"))
    var target: String?

    @Option(help: ArgumentHelp("What a delta makes it from.", valueName: "old"))
    var source: String?

    @Option(help: ArgumentHelp("Where the kernel goes.", valueName: "out"))
    var kernelTarget: String?

    @Option(help: ArgumentHelp("What a delta makes it from.", valueName: "old"))
    var kernelSource: String?

    @Option(
        name: .customLong("partition-target"),
        help: ArgumentHelp("Where another partition goes; repeatable.", valueName: "name=out"))
    var partitionTargets: [NamedPath] = []

    @Option(
        name: .customLong("partition-source"),
        help: ArgumentHelp("What a delta makes it from; repeatable.", valueName: "name=old"))
    var partitionSources: [NamedPath] = []

    @OptionGroup var trust: TrustOptions

    @Flag(help: "Apply a payload whose origin nobody vouches for.")
    var allowUnsigned = false

    @Option(
        help: ArgumentHelp(
            "The memory that unpacking one operation may take, for payloads made elsewhere.", valueName: "MiB"))
    var memoryLimit: UInt64?

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard memoryLimit.map({ (1...65_536).contains($0) }) ?? true else {
            throw ValidationError("--memory-limit is 1 to 65536.")
        }
        guard trust.keyPaths.isEmpty || !allowUnsigned else {
            throw ValidationError("Give --key or --allow-unsigned, not both.")
        }
        guard target != nil || kernelTarget != nil || !partitionTargets.isEmpty else {
            throw ValidationError("Give a target with --target.")
        }
        guard source == nil || target != nil else { throw ValidationError("--source goes with --target.") }
        guard kernelSource == nil || kernelTarget != nil else {
            throw ValidationError("--kernel-source goes with --kernel-target.")
        }
    }

    func run() throws {
        MemoryHabits.keepSmall()
        try checkFiles()
        let policy: SignaturePolicy = allowUnsigned ? .unverified : .trusted(try trust.trustedKeys())
        let device = try InputFile.open(payload)
        let expectation = try verifiedBefore(device, policy)
        let opening = TargetOpening { manifest in
            try ApplyTargets(
                of: manifest, main: target, mainSource: source, targets: named(partitionTargets, kernelTarget),
                sources: named(partitionSources, kernelSource)
            ).open(for: manifest)
        }
        do {
            let result = try install(device, opening: opening, policy: policy, expectation: expectation)
            for target in opening.opened.values { try target.file?.commit(sizeBytes: target.newSizeBytes) }
            try report(result)
        } catch {
            opening.opened.values.forEach { $0.file?.discard() }
            throw error
        }
    }

    /// Reads the whole payload where its parts cannot be verified one by one.
    /// - Returns: What is applied must be what was verified, though the file may change in between.
    private func verifiedBefore(
        _ device: FileBlockDevice, _ policy: SignaturePolicy
    ) throws -> PayloadExpectation {
        guard try !InputFile.isVerifiedInParts(device) else {
            return PayloadExpectation(sizeBytes: device.sizeBytes)
        }
        var checking = ProgressLine("Verifying", total: device.sizeBytes, isQuiet: outputOptions.quiet)
        defer { checking.end() }
        let scan = try InputFile.scan(device, policy: policy) { checking.update($0) }
        return PayloadExpectation(sizeBytes: scan.summary.sizeBytes, digest: scan.summary.digest)
    }

    /// Refuses before any work what would write one file twice, or one that is read.
    private func checkFiles() throws {
        let targets = named(partitionTargets, kernelTarget)
        let sources = named(partitionSources, kernelSource)
        for names in [targets.map(\.name), sources.map(\.name)] {
            var seen: Set<String> = []
            if let twice = names.first(where: { !seen.insert($0).inserted }) {
                throw CommandProblem.partitionTwice(twice)
            }
        }
        let written = [target].compactMap(\.self) + targets.map(\.path)
        let read = [payload] + [source].compactMap(\.self) + sources.map(\.path)
        for (index, path) in written.enumerated() {
            if let other = (written[..<index] + read).first(where: { FileKind.willBeSame($0, path) }) {
                throw CommandProblem.sameFile(other, path)
            }
        }
    }

    private func named(_ paths: [NamedPath], _ kernel: String?) -> [NamedPath] {
        guard let kernel, let path = NamedPath(argument: "\(PayloadPartition.kernelName)=\(kernel)") else {
            return paths
        }
        return paths + [path]
    }

    private func install(
        _ device: FileBlockDevice, opening: TargetOpening, policy: SignaturePolicy, expectation: PayloadExpectation
    ) throws -> InstallationResult {
        var limits = PayloadLimits.standard
        if let memoryLimit { limits.unpackingBytesMax = memoryLimit << 20 }
        let options = InstallationOptions(policy: policy, expectation: expectation, limits: limits)
        var installation = PayloadInstallation(options: options) { (manifest) throws(InstallationError) in
            try opening.open(for: manifest)
        }
        var applying = ProgressLine("Applying", total: device.sizeBytes, isQuiet: outputOptions.quiet)
        defer { applying.end() }
        do throws(InstallationError) {
            try PayloadScan.forEachPiece(of: device) { (piece, _) throws(InstallationError) in
                let isBeginning = installation.progress.operationsDone == 0
                try installation.consume(piece[...])
                // The first operation is the first to need much of what the next will need.
                if isBeginning, installation.progress.operationsDone > 0 { MemoryHabits.giveProgramBack() }
                applying.update(installation.progress.bytesDone)
            }
            MemoryHabits.giveProgramBack()
            return try installation.finish()
        } catch {
            if let problem = opening.problem { throw problem }
            throw InputFile.problem(error, with: device)
        }
    }

    private func report(_ result: InstallationResult) throws {
        for partition in result.skippedPartitions {
            let option =
                partition == PayloadPartition.kernelName
                ? "--kernel-target" : "--partition-target \(partition)=FILE"
            Terminal.note("Note: “\(partition)” was checked but not written, for there is no \(option).")
        }
        if outputOptions.json {
            try Terminal.printJSON(AppliedPayload(file: payload, result))
        } else {
            for partition in result.partitions {
                let info = partition.info
                Terminal.printLine("\(partition.name): \(info.sizeBytes) bytes, SHA-256 \(info.digest)")
            }
        }
    }
}

/// Opens the targets as soon as the payload has told its partitions.
private final class TargetOpening {
    private let openTargets: (PayloadManifest) throws -> [String: ApplyTargets.Opened]
    private(set) var opened: [String: ApplyTargets.Opened] = [:]
    /// Why they could not be opened.
    private(set) var problem: (any Error)?

    init(_ openTargets: @escaping (PayloadManifest) throws -> [String: ApplyTargets.Opened]) {
        self.openTargets = openTargets
    }

    func open(for manifest: PayloadManifest) throws(InstallationError) -> [String: InstallTarget] {
        MemoryHabits.giveBack()  // Reading a manifest takes several times what it is.
        MemoryHabits.giveProgramBack()
        do {
            opened = try openTargets(manifest)
        } catch {
            problem = error
            throw .nothingToInstall  // Whoever called knows the problem, and tells that.
        }
        return opened.mapValues(\.target)
    }
}

/// What `apply --json` prints.
private struct AppliedPayload: Encodable {
    struct Partition: Encodable {
        let name: String
        let size: UInt64
        let sha256: SHA256Digest
    }

    let file: String
    let contentDigest: SHA256Digest
    let partitions: [Partition]
    let skipped: [String]

    init(file: String, _ result: InstallationResult) {
        self.file = file
        contentDigest = result.contentDigest
        partitions = result.partitions.map {
            Partition(name: $0.name, size: $0.info.sizeBytes, sha256: $0.info.digest)
        }
        skipped = result.skippedPartitions
    }
}
