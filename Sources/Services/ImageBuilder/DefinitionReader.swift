internal import UpdateModel

/// Turns what a definition says into what can be built, or says which key cannot.
struct DefinitionReader: DefinitionValues {
    let file: DefinitionFile
    let path: String
    let folder: String

    func read() throws(ImageError) -> ImageDefinition {
        let name = try word(file.name ?? "martlet-os", key: "name")
        let kernel = file.kernel
        return ImageDefinition(
            name: name, title: try line(file.title ?? name, key: "title"), platform: try platform(),
            hostname: try word(file.hostname ?? "martlet", key: "hostname"),
            suite: try word(file.base?.suite ?? "bookworm", key: "base.suite"),
            mirrors: try lines(file.base?.mirrors, key: "base.mirrors"),
            packages: try words(file.base?.packages, key: "base.packages").sorted(),
            without: try words(file.base?.without, key: "base.without").sorted(),
            kernelPackage: try word(kernel?.package ?? "linux-image-amd64", key: "kernel.package"),
            commandLine: try line(kernel?.commandLine ?? "", key: "kernel.command-line"),
            modules: ImageDefinition.Modules(
                always: try words(kernel?.modules?.always, key: "kernel.modules.always"),
                initramfs: try words(kernel?.modules?.initramfs, key: "kernel.modules.initramfs"),
                system: try words(kernel?.modules?.system, key: "kernel.modules.system")),
            sizes: try sizes(), server: try file.update?.server.map { text throws(ImageError) in
                try server(text, key: "update.server")
            },
            track: try file.update?.track.map { text throws(ImageError) in try word(text, key: "update.track") },
            tries: try number(file.update?.tries ?? 3, within: 1...9, key: "update.tries"), limits: try limits(),
            programs: try lines(file.programs, key: "programs"), files: try files(),
            remove: try paths(file.remove ?? [], key: "remove"),
            enabledUnits: try words(file.units?.enable, key: "units.enable"),
            maskedUnits: try words(file.units?.mask, key: "units.mask"), dropIns: try dropIns(), users: try users())
    }

    private func platform() throws(ImageError) -> ImagePlatform {
        let name = file.architecture ?? "amd64"
        guard let platform = Architecture(name).flatMap({ ImagePlatform($0) }) else {
            throw refuse("architecture", "“\(name)” is not one of: x86_64, arm64")
        }
        return platform
    }

    private func sizes() throws(ImageError) -> PartitionSizes {
        let usual = PartitionSizes.usual
        let range = 1...(1 << 24)
        return PartitionSizes(
            espMebibytes: try number(file.sizes?.esp ?? usual.espMebibytes, within: 64...65536, key: "sizes.esp"),
            rootMebibytes: try number(file.sizes?.root ?? usual.rootMebibytes, within: range, key: "sizes.root"),
            verityMebibytes: try number(
                file.sizes?.verity ?? usual.verityMebibytes, within: range, key: "sizes.verity"),
            stateMebibytes: try number(
                file.sizes?.state ?? usual.stateMebibytes, within: 64...(1 << 24), key: "sizes.state"))
    }

    private func limits() throws(ImageError) -> ImageDefinition.Limits {
        let limits = file.limits
        let values: [(String, String?)] = [
            ("CPU_WEIGHT", limits?.cpuWeight.map(String.init)), ("CPU_QUOTA", limits?.cpuQuota),
            ("MEMORY_MAX", limits?.memoryMax),
            ("WRITE_BYTES_PER_SECOND", limits?.writeBytesPerSecond.map(String.init)),
            ("READ_BYTES_PER_SECOND", limits?.readBytesPerSecond.map(String.init)),
        ]
        var lines: [String] = []
        for (name, value) in values {
            guard let value else { continue }
            guard value.utf8.allSatisfy(Self.isLimitByte), !value.isEmpty else {
                throw refuse("limits", "“\(value)” is no limit that systemd knows")
            }
            lines.append("\(name)=\(value)")
        }
        return ImageDefinition.Limits(lines: lines)
    }

    private func files() throws(ImageError) -> [ImageDefinition.File] {
        try (file.files ?? []).map { entry throws(ImageError) in
            let path = try imagePath(entry.path, key: "files.path")
            let content: ImageDefinition.File.Content
            switch (entry.content, entry.source) {
            case (let text?, nil): content = .text(text)
            case (nil, let source?): content = .source(source.hasPrefix("/") ? source : "\(folder)/\(source)")
            default: throw refuse("files", "\(path) needs either a source or a content")
            }
            let mode = try entry.mode.map { text throws(ImageError) in
                guard let mode = UInt16(text, radix: 8), mode <= 0o7777 else {
                    throw refuse("files.mode", "“\(text)” is no mode such as \"0644\"")
                }
                return mode
            }
            let owner = try entry.owner.map { text throws(ImageError) in
                let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
                guard numbers.count == 2, !numbers.contains(nil) else {
                    throw refuse("files.owner", "“\(text)” is no owner such as \"0:0\"")
                }
                return text
            }
            return ImageDefinition.File(path: path, content: content, mode: mode, owner: owner)
        }
    }

    private func dropIns() throws(ImageError) -> [ImageDefinition.DropIn] {
        try (file.units?.dropIns ?? []).map { entry throws(ImageError) in
            ImageDefinition.DropIn(
                unit: try word(entry.unit, key: "units.drop-ins.unit"),
                name: try word(entry.name, key: "units.drop-ins.name"), content: entry.content)
        }
    }

    private func users() throws(ImageError) -> [ImageDefinition.User] {
        try (file.users ?? []).map { entry throws(ImageError) in
            ImageDefinition.User(
                name: try word(entry.name, key: "users.name"),
                groups: try words(entry.groups, key: "users.groups"),
                shell: try imagePath(entry.shell ?? "/bin/bash", key: "users.shell"),
                passwordHash: try entry.passwordHash.map { text throws(ImageError) in
                    try line(text, key: "users.password-hash")
                },
                sshKeys: try lines(entry.sshKeys, key: "users.ssh-keys"))
        }
    }

    private static func isLimitByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: ".%".utf8.contains(byte)
        }
    }
}
