package import UpdateModel

/// A program for the firmware that the image has from the building host and not from a package of its own.
package struct FirmwareProgram: Hashable, Sendable {
    /// What people call it, such as `systemd-boot`.
    package let name: String
    /// Of the file as the host has it: before it is signed, or before sections are added to it.
    package let sha256: SHA256Digest
    /// The host's package; `nil` where dpkg does not know it.
    package let package: InstalledPackage?

    package init(name: String, sha256: SHA256Digest, package: InstalledPackage?) {
        self.name = name
        self.sha256 = sha256
        self.package = package
    }

    /// The Debian package that brings both.
    static let debianPackage = "systemd-boot-efi"

    /// Loader and stub of this host.
    static func all(for platform: ImagePlatform, _ runner: ToolRunner) async throws -> [FirmwareProgram] {
        let package = await installedPackage(runner)
        return try [("systemd-boot", platform.loaderPath), ("systemd-stub", platform.stubPath)].map { name, path in
            FirmwareProgram(name: name, sha256: try Files.digest(of: path), package: package)
        }
    }

    private static func installedPackage(_ runner: ToolRunner) async -> InstalledPackage? {
        // A host without dpkg, or with the files from elsewhere, can build all the same; the bill says what is not known.
        let control = try? await runner.run(
            .dpkgQuery, ["--status", debianPackage], doing: "asking for the version of loader and stub")
        return control.flatMap { InstalledPackage.parse($0).first }
    }
}
