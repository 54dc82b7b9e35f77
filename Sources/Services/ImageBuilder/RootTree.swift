internal import FoundationEssentials
internal import Glibc

/// The root of one release while it is put together: Debian's files, then what the definition says.
package struct RootTree {
    private let definition: ImageDefinition
    private let version: String
    /// The folder that becomes `/`.
    let path: String
    /// Where our own programs are.
    private let programs: String
    private let runner: ToolRunner

    package init(
        definition: ImageDefinition, version: String, path: String, programs: String, runner: ToolRunner
    ) {
        self.definition = definition
        self.version = version
        self.path = path
        self.programs = programs
        self.runner = runner
    }

    /// What Debian's packages and their installation leave behind and no running machine needs. The first ones would
    /// also differ from build to build.
    private static let leftovers = [
        "/etc/machine-id", "/etc/hostname", "/etc/resolv.conf", "/etc/fstab", "/etc/.pwd.lock", "/etc/*-", "/etc/apt",
        "/var/cache/*", "/var/log/*", "/var/backups", "/var/lib/apt", "/var/lib/dbus", "/var/lib/systemd/catalog",
        "/var/lib/dpkg/*-old", "/var/lib/dpkg/lock*", "/boot/*", "/dev/*", "/run/*", "/tmp/*",
        // Presets of Debian's; the definition says what runs.
        "/etc/systemd/system/*",
    ]

    /// Where the list of packages is: what is installed belongs to the release, not to the machine's `/var`.
    static let packageList = "usr/share/martlet/dpkg"

    func build(from base: BaseSystem) async throws {
        try Files.makeDirectory(path, mode: 0o755)
        try await runner.run(
            .tar, ["-C", path, "--numeric-owner", "-xpf", base.archive], doing: "unpacking Debian's packages")
        try await remove(Self.leftovers)
        try movePackageList()
        try await installPrograms()
        try await addUsers()
        try writeOwnFiles()
        let modules = definition.modules
        try await ModuleTree(kernel: base, version: try base.kernelVersion(), runner: runner)
            .install(modules.always + modules.initramfs + modules.system, into: path)
        try await setUpUnits()
        try await remove(definition.remove)
    }

    /// What the build itself writes, then the operator's files over it: theirs win. Where that would contradict the
    /// definition, ``ReservedPaths`` has refused them.
    package func writeOwnFiles() throws {
        try writeIdentity()
        try writeSettings()
        for file in definition.files { try add(file) }
    }

    /// - Parameter patterns: absolute in the image, with the wildcards of a shell.
    private func remove(_ patterns: [String]) async throws {
        // Inside the root: Debian has absolute links, such as /var/run, that lead into this host's files elsewhere.
        let script = "for pattern; do rm -rf -- $pattern; done"
        try await runner.run(
            .chroot, [path, "/bin/sh", "-c", script, "sh"] + patterns, doing: "removing files")
    }

    private func movePackageList() throws {
        try Files.makeDirectory("\(path)/usr/share/martlet", mode: 0o755)
        try Files.rename("\(path)/var/lib/dpkg", to: "\(path)/\(Self.packageList)")
        try Files.link("\(path)/var/lib/dpkg", to: "/\(Self.packageList)")
    }

    private func installPrograms() async throws {
        for program in definition.programs {
            let source = BuildInputs.path(of: program, in: programs)
            let target = "\(path)/usr/bin/\(Files.name(of: program))"
            try await runner.run(.strip, ["-o", target, source], doing: "stripping \(program)")
            try Files.setMode(of: target, to: 0o755)
        }
    }

    private func addUsers() async throws {
        var homes: [String] = []
        for user in definition.users {
            if user.name == "root" {
                if let hash = user.passwordHash {
                    try await runner.run(
                        .chroot, [path, "usermod", "-p", hash, "root"], doing: "setting root's password")
                }
            } else {
                var arguments = [path, "useradd", "--no-create-home", "--user-group", "--shell", user.shell]
                if !user.groups.isEmpty { arguments += ["--groups", user.groups.joined(separator: ",")] }
                if let hash = user.passwordHash { arguments += ["--password", hash] }
                try await runner.run(.chroot, arguments + [user.name], doing: "adding the user \(user.name)")
            }
            homes += Self.home(of: user)
        }
        // What the machine's first boot would add to /etc, where it would hide the next release's users for ever.
        try await runner.run(.chroot, [path, "systemd-sysusers"], doing: "adding the system's users")
        try await remove(["/etc/*-", "/etc/.pwd.lock"])
        if !homes.isEmpty {
            try Files.write(
                homes.joined(separator: "\n") + "\n", to: "\(path)/usr/lib/tmpfiles.d/martlet-users.conf")
        }
    }

    /// Homes lie on the machine's state: made there at boot.
    private static func home(of user: ImageDefinition.User) -> [String] {
        let home = user.name == "root" ? "/root" : "/home/\(user.name)"
        let lines = user.name == "root" ? [] : ["d \(home) 0700 \(user.name) \(user.name)"]
        guard !user.sshKeys.isEmpty else { return lines }
        let keys = user.sshKeys.map { $0.replacing("%", with: "%%") }.joined(separator: "\\n")
        return lines + [
            "d \(home)/.ssh 0700 \(user.name) \(user.name)",
            "f+ \(home)/.ssh/authorized_keys 0600 \(user.name) \(user.name) - \(keys)\\n",
        ]
    }

    private func add(_ file: ImageDefinition.File) throws {
        let target = file.path == "/" ? path : path + file.path
        let folders = FolderCopy(root: path)
        if case .source(let source) = file.content, Files.kindFollowingLinks(source) == S_IFDIR {
            return try folders.copy(source, to: target)
        }
        try folders.requirePlace(for: target)
        let usualMode: UInt16
        switch file.content {
        case .text(let text):
            usualMode = 0o644
            try Files.write(text, to: target, mode: 0o600)
        case .source(let source):
            usualMode = Files.imageMode(ofSource: source)
            try Files.copy(source, to: target, mode: 0o600)
        }
        let owner = (file.owner ?? "0:0").split(separator: ":").compactMap { UInt32($0) }
        if owner.count == 2 { try Files.own(target, user: owner[0], group: owner[1]) }
        // Last: with its owner a file loses the bits that let it run as that owner.
        try Files.setMode(of: target, to: file.mode ?? usualMode)
    }

    /// Who this system is. No machine's own id: that is made at its first boot.
    private func writeIdentity() throws {
        try Files.write(
            """
            NAME="\(definition.title)"
            ID=\(definition.name)
            ID_LIKE=debian
            PRETTY_NAME="\(definition.title) \(version)"
            VERSION="\(version)"
            VERSION_ID=\(version)
            IMAGE_ID=\(definition.name)
            IMAGE_VERSION=\(version)

            """, to: "\(path)/usr/lib/os-release")
        try Files.link("\(path)/etc/os-release", to: "../usr/lib/os-release")
        try Files.write("\(definition.title) \(version) \\n \\l\n\n", to: "\(path)/etc/issue")
        try Files.write(definition.hostname + "\n", to: "\(path)/etc/hostname")
        try Files.write("", to: "\(path)/etc/machine-id", mode: 0o444)
        try Files.link("\(path)/etc/resolv.conf", to: "../run/systemd/resolve/stub-resolv.conf")
        for folder in ["efi", "state"] { try Files.makeDirectory("\(path)/\(folder)", mode: 0o755) }
    }

    private func writeSettings() throws {
        for folder in ["keys", "health.d", "health-units"] {
            try Files.makeDirectory("\(path)/etc/martlet/\(folder)", mode: 0o755)
        }
        for (key, name) in zip(definition.keys, try BuildInputs.keyNames(definition.keys)) {
            try Files.copy(key, to: "\(path)/etc/martlet/keys/\(name)", mode: 0o644)
        }
        var lines: [String] = []
        if let server = definition.server { lines.append("SERVER=\(server)") }
        if let track = definition.track { lines.append("GROUP=\(track)") }
        if !lines.isEmpty {
            // Read where neither the machine's update.conf nor martletd.toml says anything.
            try Files.write(lines.joined(separator: "\n") + "\n", to: "\(path)/usr/share/flatcar/update.conf")
        }
        if !definition.limits.lines.isEmpty {
            try Files.write(
                definition.limits.lines.joined(separator: "\n") + "\n", to: "\(path)/etc/martlet/limits.env")
        }
    }

    private func setUpUnits() async throws {
        for dropIn in definition.dropIns {
            try Files.write(dropIn.content, to: path + dropIn.path)
        }
        try await UnitSettings(root: path, runner: runner).enable(definition.enabledUnits)
        for unit in definition.maskedUnits { try Files.link("\(path)/etc/systemd/system/\(unit)", to: "/dev/null") }
    }
}
