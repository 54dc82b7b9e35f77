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
            was told.

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

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard !signatures.isEmpty else { throw ValidationError("Give a signature with --signature.") }
    }

    func run() throws {
        let device = try FileBlockDevice(path: payload, access: .readOnly)
        let scan = try PayloadScan(of: device, policy: .unverified)
        let isFormat2 = scan.header.format == .two
        guard isFormat2 || metadataSignatures.isEmpty else { throw CommandProblem.metadataSignatureUnwanted }
        guard !isFormat2 || metadataSignatures.count == signatures.count else {
            throw CommandProblem.metadataSignatureNeeded
        }
        let payloadSignatures = try signatures.map(signature)
        let signer = PayloadSigner.detached(payload: payloadSignatures, metadata: try metadataSignatures.map(signature))
        let composer = try PayloadComposer(
            resigning: scan, on: device, signatureSizes: payloadSignatures.map(\.count))
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

    private func signature(_ path: String) throws -> [UInt8] {
        let file = try FileBlockDevice(path: path, access: .readOnly)
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
