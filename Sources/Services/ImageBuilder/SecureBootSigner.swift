/// Signs programs of the firmware, so that machines which have enrolled the certificate start no others.
///
/// A signature holds the moment at which it was made, so a signed file is another one each time; what is signed is not.
package struct SecureBootSigner: Hashable, Sendable {
    /// A private RSA key, PEM.
    private let key: String
    /// Its certificate, PEM, as enrolled in the firmware's `db`.
    private let certificate: String

    package init(key: String, certificate: String) {
        self.key = Files.absolute(key)
        self.certificate = Files.absolute(certificate)
    }

    /// - Throws: ``ImageError`` when the tool or one of the files is missing.
    func check() throws(ImageError) {
        try HostTool.require([.sign])
        for path in [key, certificate] where !Files.exists(path) { throw .file(path: path, reason: "there is no such file") }
    }

    /// Puts the signed program in the place of the one at `path`.
    func sign(_ path: String, _ runner: ToolRunner) async throws {
        try await runner.run(
            .sign, ["--key", key, "--cert", certificate, "--output", path, path],
            doing: "signing \(path.split(separator: "/").last ?? "") for the firmware")
    }
}
