internal import ContentTrust
internal import FoundationEssentials
package import UpdateModel

/// Builds one release: slot images that are the same byte for byte whenever they are made from the same things.
package struct ReleaseBuilder: Sendable {
    package struct Options: Hashable, Sendable {
        package var version: Version
        package var output: String
        /// Where our own programs are.
        package var programs: String
        /// The first program of the initial RAM disk.
        package var initPath: String
        /// For what is kept between builds.
        package var cache: String
        package var refreshesPackages = false
        /// `nil`: nothing is signed for the firmware.
        package var secureBoot: SecureBootSigner?

        package init(version: Version, output: String, programs: String, initPath: String, cache: String) {
            self.version = version
            self.output = Files.absolute(output)
            self.programs = Files.absolute(programs)
            self.initPath = Files.absolute(initPath)
            self.cache = Files.absolute(cache)
        }

        /// `martlet` in the user's folder for caches.
        package static var usualCache: String {
            let environment = ProcessInfo.processInfo.environment
            let folder = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache"
            return folder + "/martlet"
        }
    }

    private let definition: ImageDefinition
    private let options: Options
    private let progress: BuildProgress
    private let runner = ToolRunner()

    private var version: String { options.version.description }

    package init(_ definition: ImageDefinition, options: Options, progress: BuildProgress) {
        self.definition = definition
        self.options = options
        self.progress = progress
    }

    /// Tools of the host that a build runs.
    package static let tools: [HostTool] =
        BaseSystem.tools + [.chroot, .strip, .objcopy, .zstd, .makeErofs, .verity, .copy] + DiskWriter.tools

    /// Why a build could not begin here, or would have to fetch packages first; `nil` when nothing stands in its way.
    package static func obstacle(to definition: ImageDefinition, cache: String) -> String? {
        if let missing = tools.first(where: { $0.path == nil }) { return "\(missing.rawValue) is missing" }
        if !Host.isRoot { return "only root can build an image" }
        let archive = BaseSystem(for: definition, cache: cache).archive
        return Files.exists(archive) ? nil : "no packages are kept in \(cache); “make image” fetches them"
    }

    /// Makes `root.erofs`, `root.verity`, `uki.efi`, `sbom.spdx.json`, `image.json` and a copy of the loader.
    package func build() async throws -> BuiltImage {
        try HostTool.require(
            Self.tools,
            files: [
                (definition.platform.stubPath, FirmwareProgram.debianPackage),
                (definition.platform.loaderPath, FirmwareProgram.debianPackage),
            ])
        try BuildInputs(definition, options: options).check()
        guard Host.isRoot else { throw ImageError.notRoot }
        try Files.makeDirectory(options.output)
        let scratch = "\(options.output)/.build-\(ProcessInfo.processInfo.processIdentifier)"
        try Files.makeDirectory(scratch)
        do {
            let image = try await build(in: scratch)
            try Files.remove(scratch)
            return image
        } catch {
            try? Files.remove(scratch)  // The first error is the one to tell.
            throw error
        }
    }

    private func build(in scratch: String) async throws -> BuiltImage {
        let base = try await BaseSystem.provide(
            for: definition, cache: options.cache, refresh: options.refreshesPackages, runner: runner,
            progress: progress)
        progress.step("Putting the root together")
        let tree = RootTree(
            definition: definition, version: version, path: "\(scratch)/root", programs: options.programs,
            runner: runner)
        try await tree.build(from: base)
        progress.step("Making the initial RAM disk")
        let initramfs = InitramfsBuilder(
            root: tree.path, kernel: base, kernelVersion: try base.kernelVersion(), modules: definition.modules,
            initPath: options.initPath, runner: runner)
        try await initramfs.build(scratch: "\(scratch)/initramfs", output: "\(scratch)/initrd")
        let packages = try installedPackages(tree, base)
        progress.step("Making the slot's image")
        try BuiltImage.removeProducts(from: options.output)
        let rootHash = try await makeSlotImage(of: tree.path)
        let commandLine = try self.commandLine(rootHash: rootHash)
        try await makeKernelImage(base, commandLine: commandLine, scratch: scratch)
        try await writeBill(rootHash: rootHash, packages: packages)
        return try describe(base, rootHash: rootHash, commandLine: commandLine, packages: packages)
    }

    private func installedPackages(_ tree: RootTree, _ base: BaseSystem) throws -> [InstalledPackage] {
        let status = try Files.readText("\(tree.path)/\(RootTree.packageList)/status")
        return InstalledPackage.parse(status) + InstalledPackage.parse(try Files.readText(base.kernelControl))
    }

    /// - Returns: the root hash, in hexadecimal.
    private func makeSlotImage(of tree: String) async throws -> String {
        let (root, verity) = (path(BuiltImage.names.root), path(BuiltImage.names.verity))
        try await runner.run(
            .makeErofs,
            ["-zlz4hc,9", "-T\(ToolRunner.sourceDate)", "-U", identity("erofs"), root, tree],
            doing: "making the root's file system")
        let printed = try await runner.run(
            .verity,
            ["format", "--hash=sha256", "--salt=\(salt)", "--uuid=\(identity("verity"))", root, verity],
            doing: "making the hash tree")
        try Files.setMode(of: verity, to: 0o644)  // As the other parts: veritysetup's own is 0600.
        try checkRoom()
        guard let hash = VerityOutput.rootHash(in: printed) else {
            throw ImageError.toolFailed(tool: "veritysetup", doing: "making the hash tree", output: printed)
        }
        return hash
    }

    private func checkRoom() throws {
        let sizes = definition.sizes
        for (name, room) in [
            (BuiltImage.names.root, sizes.rootMebibytes), (BuiltImage.names.verity, sizes.verityMebibytes),
        ] {
            let size = try Files.size(of: path(name))
            guard size <= UInt64(room) << 20 else {
                throw ImageError.tooLarge(what: name, sizeBytes: size, roomBytes: UInt64(room) << 20)
            }
        }
    }

    private func commandLine(rootHash: String) throws -> String {
        let blocks = try Files.size(of: path(BuiltImage.names.root)) / 4096
        return KernelCommandLine(
            rootHash: rootHash, blocks: blocks, salt: salt, tries: definition.tries,
            console: definition.platform.console, operatorWords: definition.commandLine
        ).text
    }

    private func makeKernelImage(_ base: BaseSystem, commandLine: String, scratch: String) async throws {
        let kernel = try base.kernelVersion()
        // Nothing here that the loader would sort by: it then goes by the file's name, which activation chooses.
        try Files.write("PRETTY_NAME=\"\(definition.title) \(version)\"\n", to: "\(scratch)/osrel")
        try Files.write(commandLine, to: "\(scratch)/cmdline")
        try Files.write(kernel, to: "\(scratch)/uname")
        let stub = definition.platform.stubPath
        let files = [
            (".osrel", "\(scratch)/osrel"), (".cmdline", "\(scratch)/cmdline"), (".uname", "\(scratch)/uname"),
            (".initrd", "\(scratch)/initrd"), (".linux", "\(base.kernelTree)/boot/vmlinuz-\(kernel)"),
        ]
        let sections = try files.map { (name: $0.0, file: $0.1, sizeBytes: try Files.size(of: $0.1)) }
        let layout = try StubLayout(stub: try Files.read(stub), path: stub)
        try await runner.run(
            .objcopy, layout.arguments(for: sections) + [stub, path(BuiltImage.names.kernel)],
            doing: "making the unified kernel image")
        var bytes = try Files.read(path(BuiltImage.names.kernel))
        ImageDate.settle(&bytes)
        try Files.write(bytes, to: path(BuiltImage.names.kernel))
        try Files.copy(definition.platform.loaderPath, to: path(BuiltImage.names.loader), mode: 0o644)
        for name in [BuiltImage.names.kernel, BuiltImage.names.loader] {
            try await options.secureBoot?.sign(path(name), runner)
        }
        try BootPartitionRoom(definition.sizes).check(
            kernelImageBytes: try Files.size(of: path(BuiltImage.names.kernel)),
            loaderBytes: try Files.size(of: path(BuiltImage.names.loader)))
    }

    private func describe(
        _ base: BaseSystem, rootHash: String, commandLine: String, packages: [InstalledPackage]
    ) throws -> BuiltImage {
        func part(_ name: String) throws(ImageError) -> BuiltImage.Part {
            try BuiltImage.describe(name, in: options.output)
        }
        let image = BuiltImage(
            name: definition.name, version: version, architecture: definition.platform.architecture,
            kernel: try base.kernelVersion(), rootHash: rootHash, commandLine: commandLine,
            root: try part(BuiltImage.names.root), verity: try part(BuiltImage.names.verity),
            kernelImage: try part(BuiltImage.names.kernel), loader: try part(BuiltImage.names.loader),
            sizes: definition.sizes, packages: packages)
        try image.save(to: options.output)
        return image
    }

    private func writeBill(rootHash: String, packages: [InstalledPackage]) async throws {
        let bill = SoftwareBill(
            name: definition.name, version: version, rootHash: rootHash, packages: packages,
            programs: definition.programs.map(Files.name(of:)),
            firmwarePrograms: try await FirmwareProgram.all(for: definition.platform, runner))
        try Files.write(try bill.json(), to: path(BuiltImage.names.bill))
    }

    private func path(_ name: String) -> String { "\(options.output)/\(name)" }

    /// Chosen by the release's name, so that it is the same whenever the release is built.
    private var salt: String { seed("salt").hexadecimal }

    private func identity(_ purpose: String) -> String {
        var bytes = Array(seed(purpose).bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80  // Version 8, “made up by ourselves”: RFC 9562.
        bytes[8] = bytes[8] & 0x3F | 0x80
        let text = Array(Hexadecimal.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }

    private func seed(_ purpose: String) -> SHA256Digest {
        StreamDigest.digest(of: Array("\(definition.name)\n\(version)\n\(purpose)".utf8))
    }
}

/// What `veritysetup format` prints.
package enum VerityOutput {
    /// The 64 digits behind “Root hash:”.
    package static func rootHash(in text: String) -> String? {
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("Root hash:") }
        guard let hash = line?.split(whereSeparator: \.isWhitespace).last, SHA256Digest(hexadecimal: hash) != nil else {
            return nil
        }
        return String(hash)
    }
}
