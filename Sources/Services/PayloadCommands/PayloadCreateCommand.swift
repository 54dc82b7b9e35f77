internal import ArgumentParser
internal import ContentTrust
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import SlotDevice
internal import UpdateModel

/// `martlet payload create`.
struct PayloadCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a payload from images: full, or a delta.",
        discussion: """
            Without --key the payload is unsigned: sign it later with “hash” and “attach”. With several keys it carries \
            a signature by each; old clients of format 1 look only at the last.

            With the old image as --source the payload is a delta: it fits only machines that hold exactly that image. \
            With several, the output is a directory that gets a payload for each, named as its source.

            EXAMPLES
              martlet payload create --target new.img --output new.crau --key key.pem
              martlet payload create --format 1 --target usr.img \\
                  --kernel vmlinuz --output flatcar.crau --key key.pem
              martlet payload create --compression xz --target new.img --output aosp.crau
              martlet payload create --source old.img --target new.img \\
                  --output delta.crau --key key.pem
              martlet payload create --source 1.img --source 2.img --target 3.img \\
                  --output deltas --key key.pem
              martlet payload create --partition system=new.img \\
                  --partition modules=mod.img --output new.crau
            """)

    @Option(help: ArgumentHelp("The image of the system partition.", valueName: "file"))
    var target: String?

    @Option(help: ArgumentHelp("The kernel that goes with it.", valueName: "file"))
    var kernel: String?

    @Option(
        name: .customLong("partition"),
        help: ArgumentHelp("A further partition (format 2); repeatable.", valueName: "name=file"))
    var partitions: [NamedPath] = []

    @Option(
        name: .customLong("source"),
        help: ArgumentHelp("What the system partition held before: makes a delta; repeatable.", valueName: "file"))
    var sources: [String] = []

    @Option(help: ArgumentHelp("The kernel that goes with it.", valueName: "file"))
    var kernelSource: String?

    @Option(
        name: .customLong("partition-source"),
        help: ArgumentHelp("What another partition held before; repeatable.", valueName: "name=file"))
    var partitionSources: [NamedPath] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("The payload to write.", valueName: "file"))
    var output: String

    @Option(
        name: .customLong("key"),
        help: ArgumentHelp("A private key to sign with; repeatable.", valueName: "file"))
    var keys: [String] = []

    @Option(help: "The payload's format.")
    var format = FormatNumber.two

    @Option(help: ArgumentHelp("The block size.", valueName: "bytes"))
    var blockSize: UInt64 = 4096

    @Flag(help: "Compress in a fifth of the time; the payload gets about a tenth larger (format 2).")
    var fast = false

    @Option(
        help: ArgumentHelp(
            "How to compress format 2: zstd is small and quick to apply, xz is what other appliers of this format know."
        ))
    var compression = CompressionName.zstd

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard target != nil || kernel != nil || !partitions.isEmpty else {
            throw ValidationError("Give an image with --target, --kernel or --partition NAME=FILE.")
        }
        try validateSources()
    }

    func run() async throws {
        let signingKeys = try keys.map { path in try SigningKey(contentsOfFile: path) }
        guard !makesDelta else { return try await createDeltas(signingKeys) }
        let builder = try PayloadBuilder(
            format: format.format, blockSize: blockSize, effort: fast ? .fast : .best,
            compression: compression == .xz ? .xz : .zstd, images: try images())
        let scratch = try OutputFile(path: output + ".blobs", sizeBytes: builder.imageBytes)
        defer { scratch.discard() }
        var progress = ProgressLine("Compressing", total: builder.imageBytes, isQuiet: outputOptions.quiet)
        defer { progress.end() }
        let manifest = try await builder.build(onto: scratch.device) { progress.update($0) }
        try write(manifest, blobs: scratch.device, to: output, signingKeys)
    }

    /// Puts the payload together, and tells what it is.
    func write(
        _ manifest: PayloadManifest, blobs: any BlockDevice, to output: String, _ signingKeys: [SigningKey]
    ) throws {
        let envelope = try PayloadEnvelope(
            manifest, signatureSizes: signingKeys.map(\.verificationKey.modulusByteCount))
        let composer = try PayloadComposer(envelope, blobs: blobs, blobsLength: manifest.blobsLength)
        let digest = try composer.write(
            toFile: output, signer: signingKeys.isEmpty ? .nobody : .keys(signingKeys))
        try report(output, digest: digest, sizeBytes: composer.sizeBytes, manifest: manifest)
    }

    /// The partitions in the order in which they will be applied.
    var imagePaths: [(name: String, path: String)] {
        var paths: [(name: String, path: String)] = []
        if let target { paths.append((PayloadPartition.systemName, target)) }
        paths += partitions.map { ($0.name, $0.path) }
        if let kernel { paths.append((PayloadPartition.kernelName, kernel)) }
        return paths
    }

    private func images() throws -> [PayloadBuilder.Image] {
        let paths = imagePaths
        for (_, path) in paths where FileKind.areSame(path, output) { throw CommandProblem.outputIsInput(path: path) }
        return try paths.map { name, path in
            PayloadBuilder.Image(partition: name, content: try InputFile.open(path))
        }
    }

    private func report(
        _ output: String, digest: SHA256Digest, sizeBytes: UInt64, manifest: PayloadManifest
    ) throws {
        if outputOptions.json {
            try Terminal.printJSON(
                CreatedPayload(
                    file: output, format: Int(format.rawValue), size: sizeBytes, sha256: digest,
                    contentDigest: manifest.contentDigest, signatures: keys.count))
        } else {
            let signed = keys.isEmpty ? "unsigned" : keys.count == 1 ? "signed" : "signed by \(keys.count) keys"
            Terminal.printLine("\(output): \(ByteCount.text(sizeBytes)), \(signed), SHA-256 \(digest)")
        }
    }
}

/// `--compression`.
enum CompressionName: String, ExpressibleByArgument, CaseIterable {
    case zstd
    case xz
}

/// What `create --json` and `attach --json` print.
struct CreatedPayload: Encodable {
    let file: String
    let format: Int
    let size: UInt64
    let sha256: SHA256Digest
    let contentDigest: SHA256Digest
    let signatures: Int
}

extension PayloadComposer {
    /// Writes the payload aside and puts it into place.
    func write(toFile path: String, signer: PayloadSigner) throws -> SHA256Digest {
        let output = try OutputFile(path: path, sizeBytes: sizeBytes)
        do {
            let digest = try write(to: output.device, signer: signer)
            try output.commit()
            return digest
        } catch {
            output.discard()
            throw error
        }
    }
}
