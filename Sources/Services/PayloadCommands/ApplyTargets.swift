internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import SlotDevice

/// Which files a payload's partitions go to, and come from, in one run of `apply`.
struct ApplyTargets {
    /// One partition's files.
    struct Assignment {
        let partition: PayloadPartition
        let targetPath: String
        let sourcePath: String?
    }

    /// A target that is open.
    struct Opened {
        let target: InstallTarget
        /// `nil` for a block device, which is written in place.
        let file: OutputFile?
        let newSizeBytes: UInt64?
    }

    let assignments: [Assignment]
    let skippedPartitions: [String]

    /// - Parameters:
    ///   - main, mainSource: For the partition `system`, or the only one beside the kernel.
    ///   - targets, sources: For partitions by name.
    init(
        of manifest: PayloadManifest, main: String?, mainSource: String?, targets: [NamedPath], sources: [NamedPath]
    ) throws {
        let names = manifest.partitions.map(\.name)
        var targetPaths: [String: String] = [:]
        var sourcePaths: [String: String] = [:]
        for target in targets { targetPaths[target.name] = target.path }
        for source in sources { sourcePaths[source.name] = source.path }
        if let main {
            let name = try Self.mainPartition(of: names, excluding: Set(targetPaths.keys))
            guard targetPaths[name] == nil else { throw CommandProblem.partitionTwice(name) }
            targetPaths[name] = main
            if let mainSource { sourcePaths[name] = mainSource }
        }
        if let stranger = targetPaths.keys.sorted().first(where: { !names.contains($0) }) {
            throw CommandProblem.noSuchPartition(stranger, available: names)
        }
        assignments = try manifest.partitions.compactMap { partition in
            guard let path = targetPaths[partition.name] else { return nil }
            let source = sourcePaths[partition.name]
            if let source, FileKind.areSame(source, path) { throw CommandProblem.sourceIsTarget(path: path) }
            return Assignment(partition: partition, targetPath: path, sourcePath: source)
        }
        skippedPartitions = names.filter { targetPaths[$0] == nil }
    }

    /// Opens sources for reading, and targets for writing: a block device in place, a regular file aside.
    func open(for manifest: PayloadManifest) throws -> [String: Opened] {
        var opened: [String: Opened] = [:]
        do {
            for assignment in assignments { opened[assignment.partition.name] = try open(assignment, manifest) }
        } catch {
            opened.values.forEach { $0.file?.discard() }
            throw error
        }
        return opened
    }

    private func open(_ assignment: Assignment, _ manifest: PayloadManifest) throws -> Opened {
        let source = try assignment.sourcePath.map { try InputFile.open($0) }
        if assignment.partition.isDelta, source == nil {
            throw CommandProblem.sourceNeeded(
                partition: assignment.partition.name, option: Self.sourceOption(for: assignment.partition.name))
        }
        let path = assignment.targetPath
        switch FileKind(path: path) {
        case .blockDevice:
            let device = try FileBlockDevice(path: path, access: .readWrite, caching: .direct)
            return Opened(target: InstallTarget(device: device, source: source), file: nil, newSizeBytes: nil)
        case .missing, .regular:
            try checkFilled(assignment.partition, of: manifest)
            let file = try OutputFile(
                path: path, sizeBytes: manifest.workingSizeBytes(of: assignment.partition), caching: .direct)
            return Opened(
                target: InstallTarget(device: file.device, source: source), file: file,
                newSizeBytes: assignment.partition.newInfo?.sizeBytes)
        case .other:
            throw CommandProblem.notAFile(path: path)
        }
    }

    /// A few bytes of manifest may declare a partition of any size, and all of it would be read back: where nothing but
    /// a stranger's word bounds the file, what is written has to explain its size.
    private func checkFilled(_ partition: PayloadPartition, of manifest: PayloadManifest) throws {
        guard !partition.isDelta, let size = partition.newInfo?.sizeBytes else { return }
        let written = partition.operations.reduce(0 as UInt64) { sum, operation in
            // Checked with the manifest: no sum or product here overflows.
            sum + operation.targetExtents.reduce(0) { $0 + ($1.isHole ? 0 : $1.blockCount * manifest.blockSize) }
        }
        guard size <= written || size - written <= Self.unwrittenBytesMax else {
            throw CommandProblem.hollow(partition: partition.name, sizeBytes: size, writtenBytes: written)
        }
    }

    private static let unwrittenBytesMax: UInt64 = 64 << 20

    private static func sourceOption(for partition: String) -> String {
        switch partition {
        case PayloadPartition.systemName: "--source"
        case PayloadPartition.kernelName: "--kernel-source"
        default: "--partition-source \(partition)=FILE"
        }
    }

    private static func mainPartition(of names: [String], excluding taken: Set<String>) throws -> String {
        if names.contains(PayloadPartition.systemName) { return PayloadPartition.systemName }
        let beside: Set = [PayloadPartition.kernelName, PayloadPartition.pcrPolicyName]
        let candidates = names.filter { !taken.contains($0) && !beside.contains($0) }
        switch candidates.count {
        case 0: throw CommandProblem.noSuchPartition(PayloadPartition.systemName, available: names)
        case 1: return candidates[0]
        default: throw CommandProblem.ambiguousTarget(available: candidates)
        }
    }
}
