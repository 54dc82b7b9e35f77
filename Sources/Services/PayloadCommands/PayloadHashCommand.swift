internal import ArgumentParser
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import UpdateModel

/// `martlet payload hash`.
struct PayloadHashCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Write the digests that a signer off-line signs.",
        discussion: """
            The file holds the 32 bytes of a SHA-256. Sign it elsewhere, and join the signature with “attach”. A payload \
            of format 2 has a second digest, over its metadata.

            The sizes of the signatures are part of what is signed: give one --signature-size for each, in their order.

            EXAMPLE
              martlet payload hash update.crau --output h.bin --metadata-output m.bin
              openssl pkeyutl -sign -inkey key.pem -pkeyopt digest:sha256 \\
                  -in h.bin -out h.sig
              openssl pkeyutl -sign -inkey key.pem -pkeyopt digest:sha256 \\
                  -in m.bin -out m.sig
              martlet payload attach update.crau --signature h.sig \\
                  --metadata-signature m.sig --output signed.crau
            """)

    @Argument(help: ArgumentHelp("The payload, signed or not.", valueName: "file"))
    var payload: String

    @Option(name: .shortAndLong, help: ArgumentHelp("Where the payload's digest goes.", valueName: "file"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "Where the metadata's digest goes (format 2; default: the output's name and .metadata).", valueName: "file")
    )
    var metadataOutput: String?

    @OptionGroup var signatureSizes: SignatureSizeOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let device = try InputFile.open(payload)
        let scan = try InputFile.scan(device, policy: .unverified)
        let composer = try PayloadComposer(resigning: scan, on: device, signatureSizes: signatureSizes.reserved(for: scan))
        let digest = try composer.payloadDigest()
        try OutputFile.write(digest.bytes, to: output)
        var files = [output]
        var metadataDigest: SHA256Digest?
        if scan.header.format == .two {
            metadataDigest = composer.metadataDigest
            let path = metadataOutput ?? output + ".metadata"
            try OutputFile.write(composer.metadataDigest.bytes, to: path)
            files.append(path)
        }
        if outputOptions.json {
            try Terminal.printJSON(SigningDigests(payload: digest, metadata: metadataDigest))
        } else {
            Terminal.printLine("\(output): \(digest)")
            if let metadataDigest { Terminal.printLine("\(files[1]): \(metadataDigest)") }
        }
        if !outputOptions.quiet { files.forEach(tellToSign) }
    }

    private func tellToSign(_ path: String) {
        Terminal.note(
            "Sign it: openssl pkeyutl -sign -inkey KEY.pem -pkeyopt digest:sha256 -in \(path) -out \(path).sig")
    }
}

/// What `hash --json` prints.
private struct SigningDigests: Encodable {
    let payload: SHA256Digest
    let metadata: SHA256Digest?
}
