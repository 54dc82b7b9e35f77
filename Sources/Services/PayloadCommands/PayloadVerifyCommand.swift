internal import ArgumentParser
internal import ContentTrust
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import UpdateModel

/// `martlet payload verify`.
struct PayloadVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that a payload is whole and signed by a trusted key.",
        discussion: """
            Any valid signature by any of the keys is enough. Leaves with 65 when the payload is refused.

            EXAMPLE
              martlet payload verify update.crau --key /etc/martlet/keys
            """)

    @Argument(help: ArgumentHelp("The payload.", valueName: "file"))
    var payload: String

    @OptionGroup var trust: TrustOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let keys = try trust.trustedKeys()
        let device = try InputFile.open(payload)
        var progress = ProgressLine("Verifying", total: device.sizeBytes, isQuiet: outputOptions.quiet)
        defer { progress.end() }
        let scan = try InputFile.scan(device, policy: .trusted(keys)) { progress.update($0) }
        let signer = scan.summary.signer?.fingerprint
        if outputOptions.json {
            try Terminal.printJSON(
                VerifiedPayload(
                    file: payload, size: scan.summary.sizeBytes, sha256: scan.summary.digest,
                    contentDigest: scan.manifest.contentDigest, signer: signer))
        } else {
            Terminal.printLine("\(payload): good, signed by key \(signer?.hexadecimal ?? "")")
        }
    }
}

/// What `verify --json` prints.
private struct VerifiedPayload: Encodable {
    let file: String
    let size: UInt64
    let sha256: SHA256Digest
    let contentDigest: SHA256Digest
    /// The key's fingerprint.
    let signer: SHA256Digest?
}
