internal import ContentTrust
internal import FoundationEssentials
internal import UpdateModel

/// Debian's packages, installed once and kept: what a build begins with.
package struct BaseSystem: Hashable, Sendable {
    /// `root.tar`, and the unpacked kernel in `kernel/`.
    package let directory: String

    /// Where the system of a definition is kept.
    package init(for definition: ImageDefinition, cache: String) {
        self.init(directory: "\(cache)/root-\(Self.key(definition))")
    }

    package init(directory: String) { self.directory = directory }

    package var archive: String { "\(directory)/root.tar" }
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
    private static func key(_ definition: ImageDefinition) -> String {
        let parts =
            [definition.suite, definition.platform.architecture.name, definition.kernelPackage]
            + definition.mirrors + ["/"] + definition.packages + ["/"] + definition.without + excluded
        return String(StreamDigest.digest(of: Array(parts.joined(separator: "\n").utf8)).hexadecimal.prefix(16))
    }

    /// The kept system, or a fresh one: about a minute.
    /// - Parameter refresh: fetch the packages again, for their newest versions. Those that are kept stay until there
    ///   are new ones.
    package static func provide(
        for definition: ImageDefinition, cache: String, refresh: Bool, runner: ToolRunner, progress: BuildProgress
    ) async throws -> BaseSystem {
        let system = BaseSystem(for: definition, cache: cache)
        if !refresh, Files.exists(system.archive) { return system }
        progress.step("Installing \(definition.packages.count) packages of Debian \(definition.suite)")
        let partial = BaseSystem(directory: system.directory + ".\(ProcessInfo.processInfo.processIdentifier)")
        try Files.remove(partial.directory)
        do {
            try Files.makeDirectory(partial.kernelTree)
            try await runner.run(.mmdebstrap, partial.arguments(definition), doing: "installing Debian's packages")
            try await partial.unpackKernel(runner)
            try partial.takePlace(of: system)
        } catch {
            try? Files.remove(partial.directory)  // The first error is the one to tell.
            throw error
        }
        return system
    }

    /// Moves to where another is kept, and removes that one. Should it fail, the other is there as before.
    package func takePlace(of kept: BaseSystem) throws(ImageError) {
        guard Files.exists(kept.directory) else { return try Files.rename(over: directory, to: kept.directory) }
        let old = directory + ".old"
        try Files.remove(old)
        try Files.rename(over: kept.directory, to: old)
        do {
            try Files.rename(over: directory, to: kept.directory)
        } catch {
            try Files.rename(over: old, to: kept.directory)
            throw error
        }
        try Files.remove(old)
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
