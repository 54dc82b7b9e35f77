internal import ContentTrust
internal import FoundationEssentials
internal import UpdateModel

/// Debian's packages, installed once and kept: what a build begins with.
struct BaseSystem: Hashable, Sendable {
    /// `root.tar`, and the unpacked kernel in `kernel/`.
    let directory: String

    var archive: String { "\(directory)/root.tar" }
    var kernelTree: String { "\(directory)/kernel" }
    /// The description of the kernel's package, as Debian writes it.
    var kernelControl: String { "\(directory)/kernel/control" }

    static let tools: [HostTool] = [.mmdebstrap, .aptGet, .dpkgDeb, .depmod, .tar, .shell, .remove]

    /// Left out of every package: nobody reads them on a machine without a keyboard. Licences stay.
    private static let excluded = [
        "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright", "path-exclude=/usr/share/man/*",
        "path-exclude=/usr/share/locale/*", "path-exclude=/usr/share/info/*",
        "path-exclude=/usr/share/bash-completion/*", "path-exclude=/usr/share/lintian/*",
        "path-exclude=/usr/lib/udev/hwdb.d/*",
    ]

    /// Two definitions that install the same share one directory.
    static func key(_ definition: ImageDefinition) -> String {
        let parts =
            [definition.suite, definition.platform.architecture.name, definition.kernelPackage]
            + definition.mirrors + ["/"] + definition.packages + ["/"] + definition.without + excluded
        return String(StreamDigest.digest(of: Array(parts.joined(separator: "\n").utf8)).hexadecimal.prefix(16))
    }

    /// The kept system, or a fresh one: about a minute.
    /// - Parameter refresh: fetch the packages again, for their newest versions.
    static func provide(
        for definition: ImageDefinition, cache: String, refresh: Bool, runner: ToolRunner, progress: BuildProgress
    ) async throws -> BaseSystem {
        let system = BaseSystem(directory: "\(cache)/root-\(key(definition))")
        if refresh { try Files.remove(system.directory) }
        if FileManager.default.fileExists(atPath: system.archive) { return system }
        progress.step("Installing \(definition.packages.count) packages of Debian \(definition.suite)")
        let partial = BaseSystem(directory: system.directory + ".\(ProcessInfo.processInfo.processIdentifier)")
        try Files.remove(partial.directory)
        do {
            try Files.makeDirectory(partial.kernelTree)
            try await runner.run(.mmdebstrap, partial.arguments(definition), doing: "installing Debian's packages")
            try await partial.unpackKernel(runner)
            try Files.rename(partial.directory, to: system.directory)
        } catch {
            try Files.remove(partial.directory)
            throw error
        }
        return system
    }

    /// The kernel's modules come with it, and the folder that bears its version.
    func kernelVersion() throws(ImageError) -> String {
        let versions = try Files.names(in: "\(kernelTree)/lib/modules")
        guard let version = versions.first, versions.count == 1 else {
            throw .file(path: kernelTree, reason: "it does not hold one kernel")
        }
        return version
    }

    private func arguments(_ definition: ImageDefinition) -> [String] {
        var arguments = [
            "--quiet", "--mode=root", "--variant=essential", "--format=tar",
            "--architectures=\(definition.platform.architecture.name)",
            "--include=\(definition.packages.joined(separator: ","))",
            "--aptopt=APT::Install-Recommends \"false\"",
        ]
        arguments += Self.excluded.map { "--dpkgopt=\($0)" }
        if !definition.without.isEmpty {
            let names = definition.without.joined(separator: " ")
            arguments.append("--customize-hook=chroot \"$1\" dpkg --purge --force-depends \(names)")
        }
        arguments.append("--customize-hook=\(kernelHook(definition.kernelPackage))")
        return arguments + [definition.suite, archive] + definition.mirrors
    }

    /// Fetches the kernel with the apt that installs the rest, so both come from the same mirror. A package without
    /// content of its own stands for the one it depends on.
    private func kernelHook(_ package: String) -> String {
        """
        cd '\(kernelTree)' && export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" && \
        real=$(apt-cache depends \(package) | sed -n 's/^ *Depends: \\(linux-image-[0-9].*\\)/\\1/p' | head -n 1) && \
        apt-get download "${real:-\(package)}"
        """
    }

    /// Unpacked without its scripts: nothing of it is installed.
    private func unpackKernel(_ runner: ToolRunner) async throws {
        try await runner.shell(
            """
            set -e; cd "$0"; for package in *.deb; do dpkg-deb -x "$package" .; dpkg-deb -f "$package" >control; \
            rm "$package"; done; for folder in lib/modules/*; do depmod -b . "${folder##*/}"; done
            """, [kernelTree], doing: "unpacking the kernel")
    }
}
