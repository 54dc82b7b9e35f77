internal import ContentTrust

/// Signs programs of the firmware, so that machines which have enrolled the certificate start no others.
///
/// A signature holds the moment at which it was made, so a signed file is another one each time; what is signed is not.
package struct SecureBootSigner: Hashable, Sendable {
    /// A private RSA key, PEM, without a passphrase: there is nobody to ask for it.
    private let key: String
    /// Its certificate, PEM, as enrolled in the firmware's `db`.
    private let certificate: String

    package init(key: String, certificate: String) {
        self.key = Files.absolute(key)
        self.certificate = Files.absolute(certificate)
    }

    /// - Throws: ``ImageError`` when the tool is missing or key and certificate do not belong together, `KeyFileError`
    ///   for a file that is not what it should be.
    func check() throws {
        let signingKey = try SigningKey(contentsOfFile: key)
        let certified = try VerificationKey(contentsOfFile: certificate)
        guard try Files.readText(certificate).contains("-----BEGIN CERTIFICATE-----") else {
            throw ImageError.file(path: certificate, reason: "it is a key, and no certificate")
        }
        guard certified == signingKey.verificationKey else {
            throw ImageError.unfitCertificate(path: certificate, key: key)
        }
        try HostTool.require([.sign])
    }

    /// Puts the signed program in the place of the one at `path`.
    func sign(_ path: String, _ runner: ToolRunner) async throws {
        try await runner.run(
            .sign, ["--key", key, "--cert", certificate, "--output", path, path],
            doing: "signing \(path.split(separator: "/").last ?? "") for the firmware")
    }
}
