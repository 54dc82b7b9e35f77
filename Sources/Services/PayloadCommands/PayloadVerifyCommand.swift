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
        abstract: "Check that a payload is whole and signed by a trusted key, and what a slot holds.",
        discussion: """
            Any valid signature by any of the keys is enough. With a target, what stands there is read past the system's \
            cache and must be what the payload makes. Leaves with 65 when anything is refused.

            EXAMPLES
              martlet payload verify update.crau --key /etc/martlet/keys
              martlet payload verify update.crau --key pub.pem --target /dev/vda4
            """)

    @Argument(help: ArgumentHelp("The payload.", valueName: "file"))
    var payload: String

    @Option(help: ArgumentHelp("Where the system partition (or the only one) should stand.", valueName: "out"))
    var target: String?

    @Option(
        name: .customLong("partition-target"),
        help: ArgumentHelp("Where another partition should stand; repeatable.", valueName: "name=out"))
    var partitionTargets: [NamedPath] = []

    @OptionGroup var trust: TrustOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let keys = try trust.trustedKeys()
        let device = try InputFile.open(payload)
        var progress = ProgressLine("Verifying", total: device.sizeBytes, isQuiet: outputOptions.quiet)
        defer { progress.end() }
        let scan = try InputFile.scan(device, policy: .trusted(keys)) { progress.update($0) }
        let checked = try checkTargets(of: scan.manifest)
        let signer = scan.summary.signer?.fingerprint
        if outputOptions.json {
            try Terminal.printJSON(
                VerifiedPayload(
                    file: payload, size: scan.summary.sizeBytes, sha256: scan.summary.digest,
                    contentDigest: scan.manifest.contentDigest, targets: checked.map(\.targetPath), signer: signer))
        } else {
            Terminal.printLine("\(payload): good, signed by key \(signer?.hexadecimal ?? "")")
            for target in checked {
                Terminal.printLine("\(target.targetPath): holds its partition “\(target.partition.name)”")
            }
        }
    }

    private func checkTargets(of manifest: PayloadManifest) throws -> [ApplyTargets.Assignment] {
        guard target != nil || !partitionTargets.isEmpty else { return [] }
        let targets = try ApplyTargets(
            of: manifest, main: target, mainSource: nil, targets: partitionTargets, sources: [])
        for assignment in targets.assignments {
            let device = try InputFile.open(assignment.targetPath, caching: .direct)
            let total = assignment.partition.newInfo?.sizeBytes ?? 0
            var progress = ProgressLine("Reading back", total: total, isQuiet: outputOptions.quiet)
            defer { progress.end() }
            do throws(InstallationError) {
                try TargetContent.check(assignment.partition, on: device) { progress.update($0) }
            } catch {
                throw FileProblem(path: assignment.targetPath, error)
            }
        }
        return targets.assignments
    }
}

/// What `verify --json` prints.
private struct VerifiedPayload: Encodable {
    let file: String
    let size: UInt64
    let sha256: SHA256Digest
    let contentDigest: SHA256Digest
    /// The files and devices that hold what the payload makes.
    let targets: [String]
    /// The key's fingerprint.
    let signer: SHA256Digest?
}
