internal import ArgumentParser
internal import ContentTrust
internal import Glibc
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import SlotDevice
internal import UpdateModel

extension PayloadCreateCommand {
    var makesDelta: Bool { !sources.isEmpty || kernelSource != nil || !partitionSources.isEmpty }

    func validateSources() throws {
        guard makesDelta else { return }
        guard blockSize == 4096 else { throw ValidationError("A delta has blocks of 4096 bytes.") }
        guard format == .two || kernelSource == nil else {
            throw ValidationError("In format 1 the kernel comes whole: leave out --kernel-source.")
        }
        guard sources.isEmpty || target != nil else { throw ValidationError("--source goes with --target.") }
        guard kernelSource == nil || kernel != nil else { throw ValidationError("--kernel-source goes with --kernel.") }
        let names = imagePaths.map(\.name)
        if let stranger = partitionSources.first(where: { !names.contains($0.name) }) {
            throw ValidationError("There is no --partition \(stranger.name) to go with its --partition-source.")
        }
        guard sources.count < 2 || Set(sources.map(Self.payloadName)).count == sources.count else {
            throw ValidationError("Two sources would give payloads of the same name.")
        }
    }

    /// One payload for each source of the system partition.
    func createDeltas(_ signingKeys: [SigningKey]) async throws {
        guard sources.count > 1 else {
            return try await createDelta(from: sources.first, to: output, signingKeys)
        }
        // Whether it was there before makes no difference.
        guard unsafe mkdir(output, 0o777) == 0 || FileKind(path: output + "/.") == .other else {
            throw CommandProblem.notADirectory(path: output)
        }
        for source in sources {
            try await createDelta(from: source, to: output + "/" + Self.payloadName(source), signingKeys)
        }
    }

    private func createDelta(from source: String?, to output: String, _ signingKeys: [SigningKey]) async throws {
        let builder = try DeltaPayloadBuilder(
            format: format.format, effort: fast ? .fast : .best, images: try deltaImages(source: source, output: output)
        )
        let scratch = try OutputFile(path: output + ".blobs", sizeBytes: builder.scratchBytes)
        defer { scratch.discard() }
        var progress = ProgressLine("Comparing", total: builder.imageBytes, isQuiet: outputOptions.quiet)
        defer { progress.end() }
        let manifest = try await builder.build(onto: scratch.device) { progress.update($0) }
        try write(manifest, blobs: scratch.device, to: output, signingKeys)
    }

    private func deltaImages(source: String?, output: String) throws -> [DeltaPayloadBuilder.Image] {
        var sourcePaths = [PayloadPartition.systemName: source, PayloadPartition.kernelName: kernelSource]
        for source in partitionSources { sourcePaths[source.name] = source.path }
        return try imagePaths.map { name, path in
            let old = sourcePaths[name] ?? nil
            for input in [path, old].compactMap(\.self) where FileKind.areSame(input, output) {
                throw CommandProblem.outputIsInput(path: input)
            }
            return DeltaPayloadBuilder.Image(
                partition: name, content: try InputFile.open(path), source: try old.map { try InputFile.open($0) })
        }
    }

    /// `old.img` gives `old.crau`.
    private static func payloadName(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name + ".crau" }
        return name[..<dot] + ".crau"
    }
}
