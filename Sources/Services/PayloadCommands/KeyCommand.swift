package import ArgumentParser
internal import ContentTrust
internal import HostLinux
internal import SlotDevice
internal import UpdateModel

/// `martlet key`: keys that sign payloads.
package struct KeyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make keys for signing payloads, and tell them apart.",
        subcommands: [KeyGenerateCommand.self, KeyFingerprintCommand.self])

    package init() {}
}

/// `martlet key generate`.
struct KeyGenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make a new RSA key pair.",
        discussion: """
            The private key signs; keep it off the network, or at least off the machines. Machines get the public one. \
            Nothing that exists is overwritten.

            EXAMPLE
              martlet key generate --output key.pem --public pub.pem
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("Where the private key goes (mode 0600).", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("Where the public key goes.", valueName: "file"))
    var `public`: String

    @Option(help: ArgumentHelp("The length: 2048, 3072 or 4096. Flatcar's clients take 2048.", valueName: "bits"))
    var bits: Int32 = 2048

    func validate() throws {
        guard SigningKey.Length(rawValue: bits) != nil else {
            throw ValidationError("A key has 2048, 3072 or 4096 bits.")
        }
        guard output != self.public else { throw ValidationError("The two keys need two files.") }
    }

    func run() throws {
        for path in [output, self.public] where FileKind(path: path) != .missing {
            throw CommandProblem.exists(path: path)
        }
        guard let length = SigningKey.Length(rawValue: bits) else { return }
        let key = try SigningKey.generate(length)
        try AtomicFile.write(Array(key.privatePEM.utf8), to: output, mode: 0o600)
        try AtomicFile.write(Array(key.verificationKey.pem.utf8), to: self.public, mode: 0o644)
        Terminal.printLine("\(self.public): RSA-\(bits), fingerprint \(key.verificationKey.fingerprint)")
    }
}

/// `martlet key fingerprint`.
struct KeyFingerprintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fingerprint",
        abstract: "Print the SHA-256 of public keys, as messages and status pages show it.",
        discussion: """
            EXAMPLE
              martlet key fingerprint /etc/martlet/keys/*.pem
            """)

    @Argument(help: ArgumentHelp("Public keys.", valueName: "file"))
    var keys: [String]

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        let fingerprints = try keys.map { path in
            let key = try VerificationKey(contentsOfFile: path)
            return KeyFingerprint(file: path, bits: key.bitCount, fingerprint: key.fingerprint)
        }
        if json {
            try Terminal.printJSON(fingerprints)
        } else {
            for key in fingerprints { Terminal.printLine("\(key.fingerprint)  RSA-\(key.bits)  \(key.file)") }
        }
    }
}

/// What `fingerprint --json` prints, for each key.
private struct KeyFingerprint: Encodable {
    let file: String
    let bits: Int
    let fingerprint: SHA256Digest
}
