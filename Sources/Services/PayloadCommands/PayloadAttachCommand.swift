internal import ArgumentParser
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import SlotDevice
internal import UpdateModel

/// `martlet payload attach`.
struct PayloadAttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Join a payload and signatures made elsewhere.",
        discussion: """
            Signatures that the payload had before are replaced. Several are given in the order of the sizes that “hash” \
            was told; give the same sizes here.

            EXAMPLE
              martlet payload attach update.crau --signature h.sig --output signed.crau
            """)

    @Argument(help: ArgumentHelp("The payload that “hash” was given.", valueName: "file"))
    var payload: String

    @Option(
        name: .customLong("signature"),
        help: ArgumentHelp("A signature over the payload's digest; repeatable.", valueName: "file"))
    var signatures: [String] = []

    @Option(
        name: .customLong("metadata-signature"),
        help: ArgumentHelp("A signature over the metadata's digest (format 2); repeatable.", valueName: "file"))
    var metadataSignatures: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("The payload to write.", valueName: "file"))
    var output: String

    @OptionGroup var signatureSizes: SignatureSizeOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard !signatures.isEmpty else { throw ValidationError("Give a signature with --signature.") }
    }

    func run() throws {
        let device = try InputFile.open(payload)
        let scan = try InputFile.scan(device, policy: .unverified)
        let isFormat2 = scan.header.format == .two
        guard isFormat2 || metadataSignatures.isEmpty else { throw CommandProblem.metadataSignatureUnwanted }
        guard !isFormat2 || metadataSignatures.count == signatures.count else {
            throw CommandProblem.metadataSignatureNeeded(
                payload: payload, signature: signatures[0], output: output)
        }
        let sizes = signatureSizes.reserved(for: scan)
        let payloadSignatures = try read(signatures, sizes: sizes)
        let signer = PayloadSigner.detached(
            payload: payloadSignatures, metadata: isFormat2 ? try read(metadataSignatures, sizes: sizes) : [])
        let composer = try PayloadComposer(
            resigning: scan, on: device, signatureSizes: sizes)
        let digest = try composer.write(toFile: output, signer: signer)
        if outputOptions.json {
            try Terminal.printJSON(
                CreatedPayload(
                    file: output, format: Int(scan.header.format.rawValue), size: composer.sizeBytes, sha256: digest,
                    contentDigest: scan.manifest.contentDigest, signatures: signatures.count))
        } else {
            Terminal.printLine("\(output): \(ByteCount.text(composer.sizeBytes)), SHA-256 \(digest)")
        }
    }

    /// Signatures of another size than was reserved were made over other bytes, and would never verify.
    private func read(_ paths: [String], sizes: [Int]) throws -> [[UInt8]] {
        let signatures = try paths.map(signature)
        guard signatures.count == sizes.count else {
            throw CommandProblem.signatureCount(given: signatures.count, reserved: sizes.count)
        }
        for (index, signature) in signatures.enumerated() where signature.count != sizes[index] {
            throw CommandProblem.signatureSize(
                path: paths[index], byteCount: signature.count, reserved: sizes[index])
        }
        return signatures
    }

    private func signature(_ path: String) throws -> [UInt8] {
        let file = try InputFile.open(path)
        guard (256...1024).contains(file.sizeBytes) else {
            throw CommandProblem.signatureFile(path: path, byteCount: file.sizeBytes)
        }
        return try file.read(at: 0, count: Int(file.sizeBytes))
    }
}

extension PayloadComposer {
    /// Puts the blobs of a payload that has been read into a new envelope.
    init(resigning scan: PayloadScan, on payload: any BlockDevice, signatureSizes: [Int]) throws {
        let envelope = try PayloadEnvelope(
            resigning: scan.manifestBytes, format: scan.header.format, signatureSizes: signatureSizes)
        try self.init(
            envelope, blobs: payload, blobsOffset: scan.header.blobsOffset, blobsLength: scan.manifest.blobsLength)
    }
}
