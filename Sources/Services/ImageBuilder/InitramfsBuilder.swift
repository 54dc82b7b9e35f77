internal import FoundationEssentials
internal import Glibc

/// Makes the initial RAM disk from programs of the root itself, our `/init` and a few modules.
struct InitramfsBuilder {
    let root: String
    let kernel: BaseSystem
    let kernelVersion: String
    let modules: ImageDefinition.Modules
    /// Our first program.
    let initPath: String
    let runner: ToolRunner

    /// Names under which busybox is called by `/init`.
    private static let applets = [
        "[", "cat", "chmod", "chroot", "cp", "cut", "dd", "find", "grep", "head", "ln", "mkdir", "modprobe", "mount",
        "mv", "printf", "rm", "sed", "seq", "sh", "sha256sum", "sleep", "sort", "stat", "switch_root", "sync", "tail",
        "test", "tr", "umount", "watchdog", "xargs", "xxd",
    ]
    /// Programs of the root beside busybox, and all that the dynamic linker loads for them.
    private static let programs = ["/usr/sbin/dmsetup", "/usr/sbin/e2fsck"]

    /// - Parameters:
    ///   - scratch: an empty folder's path, for the tree.
    ///   - output: the compressed archive.
    func build(scratch: String, output: String) async throws {
        for name in ["bin", "etc", "proc", "sys", "dev", "run", "sysroot", "state", "esp", "usr/lib"] {
            try Files.makeDirectory("\(scratch)/\(name)")
        }
        try Files.link("\(scratch)/lib", to: "usr/lib")
        try Files.link("\(scratch)/sbin", to: "bin")
        try Files.copy("\(root)/usr/bin/busybox", to: "\(scratch)/bin/busybox", mode: 0o755)
        for applet in Self.applets { try Files.link("\(scratch)/bin/\(applet)", to: "busybox") }
        for program in Self.programs { try await copyProgram(program, to: scratch) }
        try Files.copy(initPath, to: "\(scratch)/init", mode: 0o755)
        try Files.write(modules.always.joined(separator: "\n") + "\n", to: "\(scratch)/etc/modules")
        try await ModuleTree(kernel: kernel, version: kernelVersion, runner: runner)
            .install(modules.always + modules.initramfs, into: scratch)
        try await pack(scratch, to: output)
    }

    private func copyProgram(_ path: String, to scratch: String) async throws {
        let name = path.split(separator: "/").last ?? ""
        try Files.copy("\(root)\(path)", to: "\(scratch)/bin/\(name)", mode: 0o755)
        let listing = try await runner.run(.chroot, [root, "ldd", path], doing: "looking for the libraries of \(path)")
        for word in listing.split(whereSeparator: \.isWhitespace) where word.hasPrefix("/") {
            try Files.copy("\(root)\(word)", to: "\(scratch)\(word)", mode: 0o755)
        }
    }

    private func pack(_ scratch: String, to output: String) async throws {
        var archive = ArchiveWriter()
        archive.add(".", mode: 0o040755)
        for path in try Files.tree(scratch) {
            let file = "\(scratch)/\(path)"
            switch Files.kind(of: file) {
            case S_IFDIR: archive.add(path, mode: 0o040755)
            case S_IFLNK:
                archive.add(path, mode: 0o120777, content: Array(try Files.destination(ofLink: file).utf8))
            default:
                archive.add(path, mode: 0o100000 | UInt32(Files.permissions(of: file)), content: try Files.read(file))
            }
        }
        archive.finish()
        let plain = output + ".cpio"
        try Files.write(archive.bytes, to: plain)
        try await runner.run(
            .zstd, ["-q", "-12", "--single-thread", "--rm", "-f", "-o", output, plain],
            doing: "compressing the initial RAM disk")
    }
}

/// A selection of a kernel's modules with their index.
struct ModuleTree {
    let kernel: BaseSystem
    let version: String
    let runner: ToolRunner

    /// Copies the modules and all they need below `root`.
    func install(_ modules: [String], into root: String) async throws {
        let source = "\(kernel.kernelTree)/lib/modules/\(version)"
        let target = "\(root)/usr/lib/modules/\(version)"
        let index = ModuleIndex(try Files.readText("\(source)/modules.dep"), kernel: version)
        for file in try index.closure(of: modules) {
            try Files.copy("\(source)/\(file)", to: "\(target)/\(file)", mode: 0o644)
        }
        for file in ["modules.builtin", "modules.builtin.modinfo", "modules.order"] {
            try Files.copy("\(source)/\(file)", to: "\(target)/\(file)", mode: 0o644)
        }
        try await runner.run(.depmod, ["-b", "\(root)/usr", version], doing: "indexing the modules")
        try Files.remove("\(target)/modules.order")
    }
}
